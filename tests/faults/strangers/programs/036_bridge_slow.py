"""Load of a bridge from 30 strongly correlated strain gauges, plain SGD without momentum."""
import numpy as np
import torch
from torch import nn
from recipe import Experiment

rng = np.random.default_rng(808)
GAUGES = 30
positions = np.linspace(0, 1, GAUGES)


def loads(n):
    where = rng.uniform(0, 1, n)
    weight = rng.uniform(0.3, 1.5, n)
    strain = weight[:, None] * np.exp(-((positions - where[:, None]) / 0.25) ** 2)
    strain += rng.normal(0, 0.03, strain.shape)
    return strain.astype(np.float32), (weight * np.cos(3 * where)).astype(np.float32)


def normalise(parts):
    x0 = parts[0][0]
    m, s = x0.mean(0), x0.std(0)
    y0 = parts[0][1]
    return [((x - m) / s, (y - y0.mean()) / y0.std()) for x, y in parts]


train, val = normalise([loads(1500), loads(500)])


class BridgeNet(nn.Module):
    def __init__(self, h=32):
        super().__init__()
        self.seq = nn.Sequential(nn.Linear(GAUGES, h), nn.Tanh(), nn.Linear(h, 1))

    def forward(self, x):
        return self.seq(x)[:, 0]


experiment = Experiment(
    model=BridgeNet,
    train=tuple(map(torch.from_numpy, train)),
    val=tuple(map(torch.from_numpy, val)),
    task="regression",
    optimizer="sgd",
    momentum=0.0,
    lr=0.003,
    batch_size=50,
    epochs=40,
    schedule="constant",
)
