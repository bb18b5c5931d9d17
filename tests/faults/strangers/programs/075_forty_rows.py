import numpy as np
import torch
from sklearn.datasets import load_iris
from torch import nn
from recipe import Experiment

# only 40 labelled flowers for training; the rest is for validation
iris = load_iris()
rng = np.random.RandomState(40)
order = rng.permutation(150)
known, held_out = order[:40], order[40:]

mean = iris.data[known].mean(axis=0)
std = iris.data[known].std(axis=0)


def pick(rows):
    values = (iris.data[rows] - mean) / std
    return torch.tensor(values, dtype=torch.float32), torch.tensor(iris.target[rows], dtype=torch.int64)


class IrisNet(nn.Module):
    """4 -> 8 -> 3, with a little weight decay."""

    def __init__(self, units: int = 8) -> None:
        super().__init__()
        self.units = units
        self.dense = nn.Linear(4, units)
        self.logits = nn.Linear(units, 3)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.dense(x)
        x = torch.tanh(x)
        return self.logits(x)


train_set = pick(known)
val_set = pick(held_out)
assert len(set(train_set[1].tolist())) == 3

experiment = Experiment(
    model=IrisNet,
    train=train_set,
    val=val_set,
    optimizer="adam",
    lr=0.02,
    weight_decay=1e-2,
    batch_size=8,
    epochs=30,
)
