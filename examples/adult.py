"""A table with numbers, words and missing values: does a person earn more than 50,000 a year?

Set ADULT_CSV to the adult.data file of the UCI repository, then:  recipe run examples/adult.py
"""

import csv
import os
from pathlib import Path

import numpy as np
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from torch import nn

from recipe import Experiment, UsageError

NUMBERS = [0, 2, 4, 10, 11, 12]  # age, weight of the record, education, gains, losses, hours
WORDS = [1, 3, 5, 6, 7, 8, 9, 13]  # work, degree, marriage, occupation, ..., country


def read() -> tuple[np.ndarray, np.ndarray]:
    """Columns as text [n, 14], and 1 where the income is above 50,000."""
    path = Path(os.environ.get("ADULT_CSV", "adult.csv"))
    if not path.is_file():
        raise UsageError(
            f"There is no file {str(path)!r}: set the environment variable ADULT_CSV to the "
            "table of the Adult data set (adult.data)."
        )
    with path.open(newline="") as file:
        rows = [row for row in csv.reader(file, skipinitialspace=True) if row]
    # A person who stands in the table twice could land on both sides of the split.
    unique = {tuple(columns): label for *columns, label in rows}
    answers = [label.startswith(">") for label in unique.values()]
    return np.array(list(unique)), np.array(answers, dtype=np.float32)


def mlp(inputs: int, dropout: float) -> nn.Module:
    return nn.Sequential(
        nn.Linear(inputs, 64), nn.ReLU(), nn.Dropout(dropout),
        nn.Linear(64, 32), nn.ReLU(), nn.Dropout(dropout),
        nn.Linear(32, 1),  # one logit: above zero means yes
    )  # fmt: skip


def experiment() -> Experiment:
    x, y = read()
    train, val, train_y, val_y = train_test_split(x, y, test_size=0.2, stratify=y, random_state=0)
    # Means, deviations and known words come from the training rows alone. A missing value, "?",
    # is a word of its own; a word that only validation has becomes all zeros.
    numbers = StandardScaler().fit(train[:, NUMBERS].astype(float))
    words = OneHotEncoder(handle_unknown="ignore", sparse_output=False).fit(train[:, WORDS])

    def encode(rows):
        parts = numbers.transform(rows[:, NUMBERS].astype(float)), words.transform(rows[:, WORDS])
        return np.hstack(parts).astype(np.float32)

    train, val = encode(train), encode(val)
    return Experiment(
        model=lambda dropout=0.1: mlp(train.shape[1], dropout),
        train=(train, train_y), val=(val, val_y), task="binary",
        optimizer="adamw", batch_size=256, lr=1e-3, weight_decay=1e-4, epochs=10, name="adult",
    )  # fmt: skip
