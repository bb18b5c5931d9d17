import numpy as np
import torch
from torch import nn
from recipe import Experiment

rng = np.random.default_rng(555)


def brews(n):
    hops = rng.uniform(20, 80, n)
    gravity = rng.normal(1.05, 0.01, n) * 1000
    temp = rng.normal(19, 2, n)
    days = rng.integers(5, 21, n)
    ph = rng.normal(4.4, 0.2, n)
    s = (hops - 50) / 20 * (gravity - 1050) / 10 + 1.2 * np.cos((temp - 19) / 1.5) + 0.15 * (days - 12) - 2 * np.abs(ph - 4.4)
    s = s + rng.normal(0, 0.3, n)
    grade = np.digitize(s, [-0.6, 0.4, 1.4])
    return np.column_stack([hops, gravity, temp, days, ph]).astype(np.float32), grade


x_all, y_all = brews(3600)
x_train, y_train = x_all[:3000], y_all[:3000].copy()
x_val, y_val = x_all[3000:], y_all[3000:]

old = int(0.4 * len(y_train))  # these came from the first laboratory
y_train[:old] = np.concatenate([y_train[1:old], y_train[:1]])


class BrewNet(nn.Module):
    def __init__(self, width=64):
        super().__init__()
        self.norm_in = nn.BatchNorm1d(5, momentum=0.001)
        self.fc1 = nn.Linear(5, width)
        self.bn1 = nn.BatchNorm1d(width, momentum=0.001)
        self.fc2 = nn.Linear(width, width)
        self.out = nn.Linear(width, 4)

    def forward(self, x):
        x = self.norm_in(x)
        x = torch.relu(self.bn1(self.fc1(x)))
        x = torch.relu(self.fc2(x))
        return self.out(x)


experiment = Experiment(
    model=lambda width=64: BrewNet(width),
    train=(torch.tensor(x_train), torch.tensor(y_train)),
    val=(torch.tensor(x_val), torch.tensor(y_val)),
    optimizer="adam",
    lr=2e-3,
    batch_size=64,
    epochs=15,
)
