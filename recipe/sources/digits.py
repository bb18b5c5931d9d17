"""The built-in target: scikit-learn's handwritten digits, real and offline."""

import numpy as np
import torch
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from torch import nn

from recipe.experiment import Experiment

SPLIT_SEED = 0


def mlp(dropout: float = 0.0) -> nn.Module:
    """64 pixels -> 128 -> 64 -> 10 logits."""
    return nn.Sequential(
        nn.Linear(64, 128), nn.ReLU(), nn.Dropout(dropout),
        nn.Linear(128, 64), nn.ReLU(), nn.Dropout(dropout),
        nn.Linear(64, 10),
    )  # fmt: skip


def digits() -> Experiment:
    """1,797 images of 8 x 8 pixels, scaled by the training set's mean and deviation."""
    x, y = load_digits(return_X_y=True)
    parts = _split(x.astype(np.float32), y.astype(np.int64))
    mean, std = parts[0][0].mean(), parts[0][0].std()
    train, val, test = ((torch.from_numpy((px - mean) / std), torch.from_numpy(py))
                        for px, py in parts)  # fmt: skip
    return Experiment(
        model=mlp, train=train, val=val, test=test, batch_size=32, epochs=30, name="digits"
    )


def _split(x: np.ndarray, y: np.ndarray) -> list[tuple[np.ndarray, np.ndarray]]:
    """60 % to train on, 20 % each to validate and to test, with equal class shares."""
    rest_x, test_x, rest_y, test_y = train_test_split(
        x, y, test_size=0.2, stratify=y, random_state=SPLIT_SEED
    )
    train_x, val_x, train_y, val_y = train_test_split(
        rest_x, rest_y, test_size=0.25, stratify=rest_y, random_state=SPLIT_SEED
    )
    return [(train_x, train_y), (val_x, val_y), (test_x, test_y)]
