"""Handwritten digits: the smallest complete experiment, offline and done in seconds.

Try it with:  recipe run examples/digits.py
"""

import torch
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from torch import nn

from recipe import Experiment


def mlp(dropout: float = 0.1) -> nn.Module:
    """64 pixels in, 10 logits out. The recipe calls this for a fresh model in every trial."""
    return nn.Sequential(
        nn.Linear(64, 128), nn.ReLU(), nn.Dropout(dropout),
        nn.Linear(128, 64), nn.ReLU(), nn.Dropout(dropout),
        nn.Linear(64, 10),  # logits: the loss applies the softmax itself
    )  # fmt: skip


# 1,797 images of 8 x 8 pixels with values 0 to 16: 60 % to train, 20 % to validate, 20 % to test.
pixels, labels = load_digits(return_X_y=True)
rest_x, test_x, rest_y, test_y = train_test_split(
    pixels, labels, test_size=0.2, stratify=labels, random_state=0
)
train_x, val_x, train_y, val_y = train_test_split(
    rest_x, rest_y, test_size=0.25, stratify=rest_y, random_state=0
)

# Scale with what the training data says, never with the data you judge by.
mean, std = train_x.mean(), train_x.std()


def tensors(x, y):
    return torch.tensor((x - mean) / std, dtype=torch.float32), torch.tensor(y)


experiment = Experiment(
    model=mlp,
    train=tensors(train_x, train_y),
    val=tensors(val_x, val_y),
    test=tensors(test_x, test_y),
    # What you train with today: with lr= given, it becomes the baseline that is to be beaten.
    lr=0.05,
    weight_decay=1e-4,
    batch_size=32,
    epochs=30,
    schedule="cosine",
    # Searched beside the learning rate and the weight decay; handed to mlp(dropout=...).
    space={"dropout": [0.0, 0.2]},
    name="digits",
)
