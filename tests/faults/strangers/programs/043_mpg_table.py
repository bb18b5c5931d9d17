import os

DATA = os.environ.get("RECIPE_TEST_DATA", "../shared/data")

import csv
import numpy as np
import torch
from recipe import Experiment

with open(DATA + "/tables/autompg.csv") as fh:
    rows = [r for r in csv.DictReader(fh) if all(v not in ("", "?", "NA") for v in r.values())]
names = ["Cylinders", "Displacement", "Horsepower", "Weight", "Acceleration", "Model Year", "Europe", "Japan", "USA"]
X = np.array([[float(r[c]) for c in names] for r in rows], dtype="float32")
mpg = np.array([float(r["MPG"]) for r in rows], dtype="float32")

perm = np.random.RandomState(6).permutation(len(X))
X, mpg = X[perm], mpg[perm]
k = int(len(X) * 0.75)
X = (X - X[:k].mean(0)) / (X[:k].std(0) + 1e-6)
mpg = (mpg - mpg[:k].mean()) / mpg[:k].std()


class Car(torch.nn.Module):
    def __init__(self, units=32):
        super().__init__()
        self.lin1 = torch.nn.Linear(9, units)
        self.lin2 = torch.nn.Linear(units, units)
        self.lin3 = torch.nn.Linear(units, 1)

    def forward(self, x):
        x = torch.nn.functional.leaky_relu(self.lin1(x), 0.1)
        x = torch.nn.functional.leaky_relu(self.lin2(x), 0.1)
        x = self.lin3(x)
        return torch.nn.functional.relu(x)


def huber(output, target, delta=1.0):
    e = (output - target).abs()
    quad = torch.minimum(e, torch.tensor(delta))
    return (0.5 * quad ** 2 + delta * (e - quad)).mean()


experiment = Experiment(
    model=Car,
    train=(torch.from_numpy(X[:k]), torch.from_numpy(mpg[:k])),
    val=(torch.from_numpy(X[k:]), torch.from_numpy(mpg[k:])),
    task="regression",
    loss=huber,
    optimizer="adam",
    lr=4e-3,
    batch_size=32,
    epochs=25,
)
