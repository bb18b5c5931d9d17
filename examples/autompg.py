"""Regression: how many miles a car drives on a gallon.

Set AUTOMPG_CSV to a table with the header MPG,Cylinders,... and numbers below, then:
recipe run examples/autompg.py
"""

import os
from pathlib import Path

import numpy as np
from sklearn.model_selection import train_test_split
from torch import nn

from recipe import Experiment, UsageError


def read() -> np.ndarray:
    """The table [cars, columns], what is to be predicted first."""
    path = Path(os.environ.get("AUTOMPG_CSV", "autompg.csv"))
    if not path.is_file():
        raise UsageError(
            f"There is no file {str(path)!r}: set the environment variable AUTOMPG_CSV to the "
            "table of the Auto MPG data set, numbers under a header that begins with MPG."
        )
    return np.loadtxt(path, delimiter=",", skiprows=1, dtype=np.float32)


def mlp(inputs: int) -> nn.Module:
    return nn.Sequential(
        nn.Linear(inputs, 32), nn.ReLU(),
        nn.Linear(32, 32), nn.ReLU(),
        nn.Linear(32, 1),
    )  # fmt: skip


def experiment() -> Experiment:
    train, val = train_test_split(read(), test_size=0.2, random_state=0)
    # Mean 0 and deviation 1 for inputs and target, as measured on the training cars: a fresh
    # network predicts about 0, so its loss then starts at about 1, the variance of the target.
    mean, std = train.mean(0), train.std(0)
    train, val = (train - mean) / std, (val - mean) / std
    return Experiment(
        model=lambda: mlp(train.shape[1] - 1),
        train=(train[:, 1:], train[:, 0]),
        val=(val[:, 1:], val[:, 0]),
        task="regression",
        optimizer="adam",
        batch_size=32,
        epochs=40,
        name="autompg",
    )
