import numpy as np
import torch
from torch import nn
from torch.utils.data import Dataset
from recipe import Experiment

rng = np.random.default_rng(93)
HOURS, WINDOW, AHEAD = 3000, 36, 3

cut = 2200
t = np.arange(HOURS)
rain = rng.gamma(0.25, 3.0, HOURS)                       # millimetres per hour
kernel = np.exp(-np.arange(60) / 14) * (1 - np.exp(-np.arange(60) / 8))
level = np.convolve(rain, kernel)[:HOURS] * 6            # centimetres
level = level + 12 * np.sin(t / 24 * 2 * np.pi) + 150 + rng.normal(0, 1.0, HOURS)
series = np.stack([level, rain]).reshape(HOURS, 2).astype("float32")
MEAN, STD = series[:cut].mean(0), series[:cut].std(0)


class Gauge(Dataset):
    """A window of level and rain, and the level three hours later."""

    def __init__(self, part, augment=False):
        self.data = (part - MEAN) / STD
        self.augment = augment

    def __len__(self):
        return len(self.data) - WINDOW - AHEAD + 1

    def __getitem__(self, i):
        window = self.data[i : i + WINDOW]
        target = self.data[i + WINDOW + AHEAD - 1, 0]
        if self.augment:
            window += np.random.normal(0, 0.12, window.shape).astype("float32")
        return torch.from_numpy(window.copy()), torch.tensor([target])


class Forecaster(nn.Module):
    def __init__(self, hidden=32):
        super().__init__()
        self.rnn = nn.GRU(2, hidden, batch_first=True)
        self.head = nn.Linear(hidden, 1)

    def forward(self, x):
        out, _ = self.rnn(x)
        return self.head(out[:, -1])


def r2(pred, true):
    return float(1 - (pred - true).pow(2).sum() / (true - true.mean()).pow(2).sum())


experiment = Experiment(
    model=Forecaster,
    train=Gauge(series[:cut], augment=True),
    val=Gauge(series[cut:]),
    task="regression",
    metric=r2,
    optimizer="adam",
    lr=3e-3,
    batch_size=64,
    epochs=8,
)
