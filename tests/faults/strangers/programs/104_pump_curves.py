"""Pressure curves of pumps, several windows per pump: run-up, run-down, surge or steady."""
import numpy as np
import torch
from torch import nn
from torch.utils.data import Dataset
from recipe import Experiment

STEPS = 64


class PumpWindows(Dataset):
    def __init__(self, pumps, windows_per_pump, seed, augment=False):
        rng = np.random.default_rng(seed)
        n = pumps * windows_per_pump
        t = np.linspace(0, 1, STEPS)
        self.pumps = pumps
        self.kind = rng.integers(0, 4, n)
        slope = np.array([1.2, -1.2, 0.0, 0.0])[self.kind][:, None] * rng.uniform(0.4, 1.2, (n, 1))
        surge = np.exp(-((t - rng.uniform(0.2, 0.8, (n, 1))) / 0.08) ** 2) * (self.kind == 2)[:, None]
        hum = 0.5 * np.sin(2 * np.pi * (rng.uniform(2, 9, (n, 1)) * t + rng.random((n, 1))))
        bar = slope * (t - 0.5) + 1.1 * surge + hum + rng.normal(0, 0.45, (n, STEPS)) + rng.normal(0, 0.5, (n, 1))
        self.bar = torch.tensor(bar, dtype=torch.float32)
        self.augment = augment

    def __len__(self):
        return self.pumps

    def __getitem__(self, i):
        curve = self.bar[i]
        if self.augment and torch.rand(1) < 0.5:
            curve = curve.flip(0)
        return curve[None], int(self.kind[i])


class CurveNet(nn.Module):
    def __init__(self, width=24):
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv1d(1, width, 7, padding=3), nn.ReLU(), nn.MaxPool1d(2),
            nn.Conv1d(width, width, 5, padding=2), nn.ReLU(), nn.MaxPool1d(2),
        )
        self.head = nn.Sequential(nn.Flatten(), nn.Linear(width * STEPS // 4, 48), nn.ReLU(), nn.Linear(48, 4))

    def forward(self, x):
        return self.head(self.features(x))


experiment = Experiment(
    model=CurveNet,
    train=PumpWindows(60, 30, seed=1, augment=True),
    val=PumpWindows(400, 1, seed=2),
    optimizer="adam",
    lr=2e-3,
    batch_size=32,
    epochs=15,
)
