"""Rents are log-normal: the net predicts log(rent)."""
import numpy as np
import torch
from torch import nn
from recipe import Experiment

rng = np.random.default_rng(303)
N = 3200
size = rng.gamma(6, 12, N)
floor = rng.integers(0, 12, N)
lift = rng.random(N) < 0.5
dist = rng.exponential(4, N)
year = rng.integers(1900, 2024, N)
log_rent = 5.2 + 0.75 * np.log(size / 70) - 0.06 * dist + 0.01 * floor * np.where(lift, 1, -2) + 0.25 * (year > 1995) + rng.normal(0, 0.15, N)
rent = np.exp(log_rent)

target = np.log(rent)
cut = 2600
shift, spread = target[:cut].mean(), target[:cut].std()
target = ((target - shift) / spread).astype(np.float32)
table = np.column_stack([np.log(size), floor / 5.0, lift, np.sqrt(dist), (year - 1960) / 40.0])
table = ((table - table[:cut].mean(0)) / table[:cut].std(0)).astype(np.float32)


class RentNet(nn.Module):
    def __init__(self, widths=(48, 24)):
        super().__init__()
        layers, last = [], table.shape[1]
        for w in widths:
            layers += [nn.Linear(last, w), nn.GELU()]
            last = w
        self.body = nn.Sequential(*layers)
        self.out = nn.Linear(last, 1)

    def forward(self, x):
        return self.out(self.body(x)).squeeze(-1)


experiment = Experiment(
    model=RentNet,
    train=(table[:cut], target[:cut]),
    val=(table[cut:], target[cut:]),
    task="regression",
    metric="mae",
    optimizer="adamw",
    lr=2e-3,
    weight_decay=1e-3,
    batch_size=100,
    epochs=15,
)
