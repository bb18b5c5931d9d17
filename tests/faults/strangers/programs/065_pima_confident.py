import os

DATA = os.environ.get("RECIPE_TEST_DATA", "../shared/data")

import csv
import numpy as np
import torch
from torch import nn
from recipe import Experiment

with open(DATA + "/tables/pima.csv") as handle:
    table = np.array([[float(v) for v in row] for row in csv.reader(handle) if row], dtype=np.float32)

# zeros in these columns mean "not measured": replace by the median of what was
for col in (1, 2, 3, 4, 5):
    missing = table[:, col] == 0
    table[missing, col] = np.median(table[~missing, col])

rows = np.random.default_rng(768).permutation(len(table))
table = table[rows]
features, outcome = table[:, :8], table[:, 8]
n = 560
features = (features - features[:n].mean(0)) / features[:n].std(0)


class Diabetes(nn.Module):
    def __init__(self, units=32):
        super().__init__()
        self.layers = nn.ModuleList([nn.Linear(8, units), nn.Linear(units, units)])
        self.final = nn.Linear(units, 1)

    def forward(self, x):
        for layer in self.layers:
            x = torch.relu(layer(x))
        return self.final(x).squeeze(1)


experiment = Experiment(
    model=lambda units=32: Diabetes(units),
    train=(torch.tensor(features[:n]), torch.tensor(outcome[:n])),
    val=(torch.tensor(features[n:]), torch.tensor(outcome[n:])),
    task="binary",
    metric="auroc",
    optimizer="adam",
    lr=1e-3,
    batch_size=32,
    epochs=25,
)
