import numpy as np
import torch
from torch import nn
from recipe import Experiment

rng = np.random.default_rng(70)
N = 3600
pressure_bar = rng.gamma(5, 1.2, N)
age_years = rng.uniform(0, 30, N)
cycles = rng.lognormal(7, 0.8, N)
maker = rng.integers(0, 3, N)
score = 0.9 * (pressure_bar - 6) / 2.6 + 1.1 * (age_years - 15) / 9 + 0.8 * (np.log(cycles) - 7) + 0.7 * (maker == 2)
leak = score + rng.normal(0, 0.25, N) > 3.0
table = np.column_stack([
    (pressure_bar - 6) / 2.6, (age_years - 15) / 9, (np.log(cycles) - 7) / 0.8, np.eye(3)[maker],
])
x = torch.tensor(table, dtype=torch.float32)
y = torch.tensor(leak, dtype=torch.float32).unsqueeze(1)


class LeakRisk(nn.Module):
    """Returns the chance of a leak itself, as the plant wants it."""

    def __init__(self, hidden=32):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(6, hidden), nn.ReLU(), nn.Linear(hidden, hidden), nn.ReLU())
        self.risk = nn.Linear(hidden, 1)
        nn.init.constant_(self.risk.bias, -3.5)

    def forward(self, x):
        return torch.sigmoid(self.risk(self.body(x)))


class Focal(nn.Module):
    def __init__(self, gamma=1.0):
        super().__init__()
        self.gamma = gamma

    def forward(self, chance, target):
        right = torch.where(target > 0.5, chance, 1 - chance).clamp(1e-6, 1)
        return -((1 - right) ** self.gamma * right.log()).mean()


def average_precision(output, target):
    output, target = torch.as_tensor(output).flatten(), torch.as_tensor(target).flatten()
    ranked = target[output.argsort(descending=True)]
    precision = ranked.cumsum(0) / torch.arange(1, len(ranked) + 1)
    return float((precision * ranked).sum() / ranked.sum().clamp(min=1))


experiment = Experiment(
    model=LeakRisk,
    train=(x[:2800], y[:2800]),
    val=(x[2800:], y[2800:]),
    task="binary",
    loss=Focal(),
    metric=average_precision,
    optimizer="adam",
    lr=3e-3,
    batch_size=64,
    epochs=15,
)
