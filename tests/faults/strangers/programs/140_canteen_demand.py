import numpy as np
import torch
from torch import nn
from torch.utils.data import Dataset
from recipe import Experiment

rng = np.random.default_rng(2023)
DAYS = 2600
day = np.arange(DAYS)
weekday = day % 7
base = np.array([310, 340, 335, 330, 260, 40, 25])[weekday]
season = 1 + 0.15 * np.sin(2 * np.pi * day / 365.25)
mood = np.zeros(DAYS)
for d in range(1, DAYS):
    mood[d] = 0.9 * mood[d - 1] + rng.normal(0, 0.05)
meals = np.maximum(base * season * np.exp(mood) + rng.normal(0, 8, DAYS), 0)

SPLIT, LOOK_BACK, AHEAD = 2000, 28, 7
mean, std = meals[:SPLIT].mean(), meals[:SPLIT].std()
scaled = torch.tensor((meals - mean) / std, dtype=torch.float32)
week = torch.nn.functional.one_hot(torch.tensor(weekday), 7).float()
series = torch.cat([scaled[:, None], week], 1)


class Weeks(Dataset):
    def __init__(self, first, last):
        self.starts = range(first, last - LOOK_BACK - AHEAD + 1)

    def __len__(self):
        return len(self.starts)

    def __getitem__(self, i):
        a = self.starts[i]
        b = a + LOOK_BACK
        return series[a:b], scaled[b:b + AHEAD]


class Demand(nn.Module):
    def __init__(self, hidden=40):
        super().__init__()
        self.gru = nn.GRU(8, hidden, batch_first=True)
        self.out = nn.Linear(hidden, AHEAD)

    def forward(self, x):
        states, _ = self.gru(x)
        return self.out(states[:, -1])


experiment = Experiment(
    model=Demand,
    train=Weeks(0, SPLIT),
    val=Weeks(SPLIT, DAYS),
    task="regression",
    loss=nn.SmoothL1Loss(),
    optimizer="adam",
    lr=4e-3,
    batch_size=64,
    epochs=12,
)
