import os

DATA = os.environ.get("RECIPE_TEST_DATA", "../shared/data")

import csv
import numpy as np
import torch
import torch.nn as nn
from recipe import Experiment

COLUMNS = ["sbp", "tobacco", "ldl", "adiposity", "typea", "obesity", "alcohol", "age"]


def read_heart(path=DATA + "/tables/heart.csv"):
    with open(path, newline="") as fh:
        rows = list(csv.DictReader(fh))
    x = [[float(r[c]) for c in COLUMNS] + [float(r["famhist"] == "Present")] for r in rows]
    y = [int(r["chd"]) for r in rows]
    return np.array(x, dtype=np.float32), np.array(y)


x, y = read_heart()
shuffle = np.random.default_rng(0).permutation(len(y))
x, y = x[shuffle], y[shuffle]
n = 340
x = (x - x[:n].mean(0)) / x[:n].std(0)
counts = np.bincount(y[:n])
weight = torch.tensor(n / (2.0 * counts), dtype=torch.float32)


class HeartNet(nn.Module):
    def __init__(self, hidden=16, p=0.3):
        super().__init__()
        self.fc1 = nn.Linear(x.shape[1], hidden)
        self.fc2 = nn.Linear(hidden, 2)
        self.p = nn.Dropout(p)

    def forward(self, inputs):
        return self.fc2(self.p(torch.tanh(self.fc1(inputs))))


experiment = Experiment(
    model=HeartNet,
    train=(torch.from_numpy(x[:n]), torch.from_numpy(y[:n])),
    val=(torch.from_numpy(x[n:]), torch.from_numpy(y[n:])),
    loss=nn.CrossEntropyLoss(weight=weight),
    metric="balanced_accuracy",
    optimizer="adam",
    lr=3e-3,
    weight_decay=1e-3,
    batch_size=20,
    epochs=20,
)
