import os

DATA = os.environ.get("RECIPE_TEST_DATA", "../shared/data")

"""Two half batches are accumulated before each step; the loss is the mean over both."""
import gzip
import numpy as np
import torch
from torch import nn
from recipe import Experiment

BASE = DATA + "/mnist10k/"
with gzip.open(BASE + "t10k-images-idx3-ubyte.gz") as f:
    X = np.frombuffer(f.read(), np.uint8, offset=16).reshape(-1, 28, 28)
with gzip.open(BASE + "t10k-labels-idx1-ubyte.gz") as f:
    Y = np.frombuffer(f.read(), np.uint8, offset=8).astype(np.int64)

X = torch.tensor(X[:, ::2, ::2].astype(np.float32) / 255).reshape(-1, 196)
X = (X - 0.13) / 0.31
Y = torch.from_numpy(Y)


class Perceptron(nn.Module):
    def __init__(self, hidden=96):
        super().__init__()
        self.l1 = nn.Linear(196, hidden)
        self.bn = nn.LayerNorm(hidden)
        self.l2 = nn.Linear(hidden, 10)

    def forward(self, x):
        return self.l2(torch.relu(self.bn(self.l1(x))))


def accumulate(model, optimizer, batch):
    inputs, targets = batch
    optimizer.zero_grad(set_to_none=True)
    total = 0.0
    for x, y in zip(inputs.chunk(2), targets.chunk(2)):
        share = len(x) / len(inputs)
        loss = nn.functional.cross_entropy(model(x), y) * share
        loss.backward()
        total += loss.item()
    optimizer.step()
    return total


experiment = Experiment(
    model=lambda hidden=96: Perceptron(hidden),
    train=(X[:5000], Y[:5000]),
    val=(X[5000:6500], Y[5000:6500]),
    update=accumulate,
    optimizer="sgd",
    lr=0.05,
    momentum=0.9,
    batch_size=128,
    epochs=8,
)
