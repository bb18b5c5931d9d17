import numpy as np
import torch
from torch import nn
import torch.nn.functional as F
from recipe import Experiment

# predict the (standardised) water level from rain of the last days, temperature and season
rng = np.random.default_rng(12)
n = 3000
rain = rng.gamma(1.2, 3.0, (n, 7))
temp = rng.normal(9, 7, n)
season = rng.uniform(0, 2 * np.pi, n)
w = np.exp(-np.arange(7) / 2.0)
level = rain @ w - 0.15 * np.maximum(temp, 0) + 3 * np.cos(season) + 0.05 * (rain[:, 0] * rain[:, 1]) ** 0.5 * 4
level += rng.normal(0, 1.2, n)

X = np.column_stack([rain, temp, np.cos(season), np.sin(season)]).astype(np.float32)
cut = 2400
mu, sd = X[:cut].mean(0), X[:cut].std(0)
X = (X - mu) / sd
y = ((level - level[:cut].mean()) / level[:cut].std()).astype(np.float32)


class LevelNet(nn.Module):
    def __init__(self, width=48):
        super().__init__()
        self.fc1 = nn.Linear(10, width)
        self.fc2 = nn.Linear(width, width)
        self.fc3 = nn.Linear(width, 1)

    def forward(self, x):
        x = F.relu(self.fc1(x))
        x = F.relu(self.fc2(x))
        x = F.relu(self.fc3(x))
        return x.squeeze(-1)


experiment = Experiment(
    model=lambda width=48: LevelNet(width),
    train=(torch.from_numpy(X[:cut]), torch.from_numpy(y[:cut])),
    val=(torch.from_numpy(X[cut:]), torch.from_numpy(y[cut:])),
    task="regression",
    optimizer="adam",
    lr=2e-3,
    weight_decay=1e-4,
    batch_size=64,
    epochs=15,
)
