import numpy as np
import torch
import torch.nn as nn
from recipe import Experiment

WINDOW, HORIZON = 24, 1
rng = np.random.default_rng(365)


def river(length):
    rain = rng.gamma(0.4, 2.0, length) * (rng.random(length) < 0.4)
    flow = np.zeros(length)
    soil = 0.0
    for t in range(1, length):
        soil = 0.95 * soil + rain[t]
        flow[t] = 0.85 * flow[t - 1] + 0.12 * soil + 0.3 * rain[t] + rng.normal(0, 0.25)
    season = np.sin(2 * np.pi * np.arange(length) / 365)
    return np.stack([flow + season, rain], axis=1)


series = river(3200).astype(np.float32)
cut = 2500
mean, std = series[:cut].mean(0), series[:cut].std(0)
series = (series - mean) / std


def windows(part):
    x = np.stack([part[i:i + WINDOW] for i in range(len(part) - WINDOW - HORIZON + 1)])
    y = part[WINDOW + HORIZON - 1:, :1]
    return torch.from_numpy(x), torch.from_numpy(y.copy())


class RiverGRU(nn.Module):
    def __init__(self, units=32):
        super().__init__()
        self.gru = nn.GRU(2, units, batch_first=True)
        self.out = nn.Linear(units, 1)

    def forward(self, x):
        h, _ = self.gru(x)
        return x[:, -1, :1] + self.out(h[:, -1])


experiment = Experiment(
    model=RiverGRU,
    train=windows(series[:cut]),
    val=windows(series[cut:]),
    task="forecasting",
    loss=nn.MSELoss(),
    metric="r2",
    optimizer="adam",
    lr=2e-3,
    batch_size=64,
    epochs=8,
)
