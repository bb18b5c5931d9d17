"""Bikes rented per hour at a station: counts, so a Poisson loss."""
import numpy as np
import torch
from torch import nn
from recipe import Experiment

rng = np.random.default_rng(101)


def station_hours(n):
    hour = rng.integers(0, 24, n)
    weekend = rng.random(n) < 2 / 7
    temp_c = rng.normal(13, 8, n)
    rain_mm = rng.exponential(0.6, n) * (rng.random(n) < 0.3)
    rush = np.exp(-((hour - 8) / 1.5) ** 2) + np.exp(-((hour - 17.5) / 2) ** 2)
    day = np.exp(-((hour - 14) / 4) ** 2)
    rate = 1 + 14 * np.where(weekend, day, rush) * np.exp(-((temp_c - 21) / 16) ** 2 - 0.5 * rain_mm)
    count = rng.poisson(rate)
    x = np.column_stack([
        np.sin(hour / 24 * 2 * np.pi), np.cos(hour / 24 * 2 * np.pi),
        np.sin(hour / 12 * 2 * np.pi), np.cos(hour / 12 * 2 * np.pi),
        weekend, (temp_c - 13) / 8, rain_mm,
    ])
    return torch.tensor(x, dtype=torch.float32), torch.tensor(count, dtype=torch.float32)


class RateNet(nn.Module):
    def __init__(self, hidden=64):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(7, hidden), nn.ReLU(), nn.Linear(hidden, hidden), nn.ReLU())
        self.rate = nn.Sequential(nn.Linear(hidden, 1), nn.Softplus())

    def forward(self, x):
        return self.rate(self.body(x)).squeeze(1)


def r2(rate, count):
    return float(1 - (rate - count).pow(2).sum() / (count - count.mean()).pow(2).sum())


experiment = Experiment(
    model=RateNet,
    train=station_hours(2800),
    val=station_hours(700),
    task="regression",
    loss=nn.PoissonNLLLoss(),
    metric=r2,
    optimizer="adam",
    lr=3e-3,
    batch_size=64,
    epochs=15,
)
