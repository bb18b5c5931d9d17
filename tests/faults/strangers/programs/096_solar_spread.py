"""Solar power with its own uncertainty: the net returns a mean and a log variance."""
import numpy as np
import torch
from torch import nn
from recipe import Experiment

rng = np.random.default_rng(96)


def hours(n):
    hour = rng.uniform(5, 21, n)
    cloud = rng.beta(0.8, 0.8, n)
    temp_c = rng.normal(16, 7, n)
    clear = np.clip(np.sin((hour - 5) / 16 * np.pi), 0, None)
    mean = 0.9 * clear * (1 - 0.75 * cloud) * (1 - 0.004 * (temp_c - 25))
    spread = 0.004 + 0.12 * clear * cloud * (1 - cloud)
    power = mean + spread * rng.normal(0, 1, n)              # share of the nominal power
    x = np.column_stack([(hour - 13) / 4, cloud * 2 - 1, (temp_c - 16) / 7])
    return torch.tensor(x, dtype=torch.float32), torch.tensor(power, dtype=torch.float32)


class MeanAndSpread(nn.Module):
    def __init__(self, hidden=64):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(3, hidden), nn.SiLU(), nn.Linear(hidden, hidden), nn.SiLU())
        self.mean = nn.Linear(hidden, 1)
        self.log_var = nn.Linear(hidden, 1)

    def forward(self, x):
        h = self.body(x)
        return torch.cat([self.mean(h), self.log_var(h).clamp(-12, 4)], dim=1)


def gaussian_nll(out, power):
    mean, log_var = out.unbind(1)
    return 0.5 * (log_var + (power - mean) ** 2 / log_var.exp()).mean()


def r2(out, power):
    return float(1 - ((out[:, 0] - power) ** 2).sum() / ((power - power.mean()) ** 2).sum())


experiment = Experiment(
    model=MeanAndSpread,
    train=hours(2500),
    val=hours(800),
    task="regression",
    loss=gaussian_nll,
    metric=r2,
    optimizer="adam",
    lr=2e-3,
    batch_size=64,
    epochs=20,
    schedule="cosine",
)
