"""Clicks are mostly luck: no model can do much better than 75 % here."""
import numpy as np
import torch
from torch import nn
from recipe import Experiment

gen = np.random.default_rng(606)


def impressions(n):
    hour = gen.uniform(0, 24, n)
    age = gen.normal(0, 1, n)
    banner = gen.integers(0, 5, n)
    propensity = np.sin(hour / 24 * 2 * np.pi) + 0.8 * age * (banner < 2) - 0.3 * banner + 0.5
    wants = propensity > 0
    lucky = gen.random(n) < 0.25          # a quarter of the outcomes are turned round
    clicked = np.where(lucky, ~wants, wants)
    onehot = np.eye(5)[banner]
    x = np.column_stack([np.sin(hour / 24 * 2 * np.pi), np.cos(hour / 24 * 2 * np.pi), age, onehot])
    return torch.tensor(x, dtype=torch.float32), torch.tensor(clicked, dtype=torch.float32)


class ClickModel(nn.Module):
    def __init__(self, hidden=32):
        super().__init__()
        self.l1 = nn.Linear(8, hidden)
        self.l2 = nn.Linear(hidden, 16)
        self.l3 = nn.Linear(16, 1)

    def forward(self, x):
        x = torch.relu(self.l1(x))
        x = torch.relu(self.l2(x))
        return self.l3(x).squeeze(-1)


experiment = Experiment(
    model=ClickModel,
    train=impressions(5000),
    val=impressions(2000),
    task="binary",
    optimizer="adam",
    lr=3e-3,
    weight_decay=1e-4,
    batch_size=128,
    epochs=15,
)
