"""Small experiments on which the steps measure in a second."""

import torch
from sklearn.datasets import load_digits
from torch import nn

from recipe import Experiment


def blobs(n=240, classes=3, spread=0.6, seed=7, width=4):
    """`classes` clouds of points, in turn."""
    source = torch.Generator().manual_seed(seed)
    centres = 2 * torch.randn(classes, width, generator=source)
    y = torch.arange(n) % classes
    return centres[y] + spread * torch.randn(n, width, generator=source), y


def digits(n=400):
    """Some of scikit-learn's digits, scaled."""
    x, y = load_digits(return_X_y=True)
    x = torch.from_numpy(x[:n]).float()
    return (x - x.mean()) / x.std(), torch.from_numpy(y[:n])


def mlp(inputs=4, outputs=3, width=32, *last):
    """A factory of a network with one hidden layer; `last` comes behind it."""

    def make():
        return nn.Sequential(nn.Linear(inputs, width), nn.ReLU(), nn.Linear(width, outputs), *last)

    return make


def blob_experiment(**given):
    return Experiment(
        **{"model": mlp(), "train": blobs(), "batch_size": 32, "epochs": 6, "lr": 0.05, **given}
    )


def digits_experiment(**given):
    return Experiment(
        **{"model": mlp(64, 10), "train": digits(), "batch_size": 32, "epochs": 6, **given}
    )


class Blind(nn.Module):
    """Its outputs do not depend on the input."""

    def __init__(self, outputs=3):
        super().__init__()
        self.answer = nn.Parameter(torch.zeros(outputs))

    def forward(self, x):
        return self.answer.expand(len(x), -1)


class Cut(nn.Module):
    """No gradient reaches its first layers; the last one has nothing but a bias to learn with."""

    def __init__(self):
        super().__init__()
        self.first = nn.Linear(4, 32)
        self.last = nn.Linear(32, 3)

    def forward(self, x):
        with torch.no_grad():
            hidden = torch.relu(self.first(x))
            outputs = nn.functional.linear(hidden, self.last.weight)
        return outputs + self.last.bias
