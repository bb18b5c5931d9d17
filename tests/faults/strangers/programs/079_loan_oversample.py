import numpy as np
import torch
from torch import nn
from recipe import Experiment

rng = np.random.default_rng(9)
N = 1400
income = rng.lognormal(0, 0.5, N)
debt = rng.gamma(2, 0.5, N)
noise_cols = rng.normal(size=(N, 14))
p_default = 1 / (1 + np.exp(-(1.2 * debt - 1.6 * income - 1.3)))
default = (rng.random(N) < p_default).astype(int)
table = np.column_stack([income - 1, debt - 1, noise_cols]).astype(np.float32)


def oversample(x, y):
    minority = np.flatnonzero(y == 1)
    need = (y == 0).sum() - len(minority)
    extra = rng.choice(minority, need, replace=True)
    rows = np.concatenate([np.arange(len(y)), extra])
    return x[rows], y[rows]


def split(x, y, fraction=0.25):
    order = rng.permutation(len(y))
    k = int(len(y) * fraction)
    return x[order[k:]], y[order[k:]], x[order[:k]], y[order[:k]]


table, default = oversample(table, default)
x_tr, y_tr, x_va, y_va = split(table, default)


class CreditNet(nn.Module):
    def __init__(self, width=128):
        super().__init__()
        self.seq = nn.Sequential(nn.Linear(16, width), nn.ReLU(),
                                 nn.Linear(width, width), nn.ReLU(),
                                 nn.Linear(width, 2))

    def forward(self, x):
        return self.seq(x)


experiment = Experiment(
    model=CreditNet,
    train=(torch.from_numpy(x_tr), torch.from_numpy(y_tr)),
    val=(torch.from_numpy(x_va), torch.from_numpy(y_va)),
    metric="balanced_accuracy",
    optimizer="adam",
    lr=2e-3,
    batch_size=64,
    epochs=30,
)
