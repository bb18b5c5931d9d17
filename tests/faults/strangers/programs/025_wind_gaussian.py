"""Mean and variance of wind power: the net gives two numbers, the loss is the Gaussian likelihood."""
import numpy as np
import torch
from torch import nn
import torch.nn.functional as F
from recipe import Experiment


def turbine(n, seed):
    rng = np.random.default_rng(seed)
    speed = rng.weibull(2, n) * 8
    direction = rng.uniform(0, 2 * np.pi, n)
    air = rng.normal(0, 1, n)
    curve = 1 / (1 + np.exp(-(speed - 8) / 1.4))
    sigma = 0.03 + 0.18 * curve * (1 - curve) + 0.04 * (np.cos(direction) > 0.5)
    power = curve * (1 + 0.05 * air - 0.15 * (np.cos(direction) > 0.5)) + sigma * rng.normal(size=n)
    x = np.stack([speed / 4 - 1.8, np.cos(direction), np.sin(direction), air], 1).astype(np.float32)
    return x, power.astype(np.float32)


class PowerNet(nn.Module):
    def __init__(self, width=48):
        super().__init__()
        self.trunk = nn.Sequential(nn.Linear(4, width), nn.Tanh(), nn.Linear(width, width), nn.Tanh())
        self.heads = nn.Linear(width, 2)

    def forward(self, x):
        mean, raw = self.heads(self.trunk(x)).unbind(-1)
        return torch.stack([mean, raw], dim=-1)


def gaussian_nll(output, target):
    mean, var = output[:, 0], F.softplus(output[:, 1]) + 1e-4
    return F.gaussian_nll_loss(mean, target.reshape(-1), var)


def log_score(output, target):
    return -float(gaussian_nll(torch.as_tensor(output), torch.as_tensor(target)))


experiment = Experiment(
    model=PowerNet,
    train=turbine(3000, 1),
    val=turbine(800, 2),
    task="regression",
    loss=gaussian_nll,
    metric=log_score,
    optimizer="adam",
    lr=2e-3,
    batch_size=100,
    epochs=15,
)
