import numpy as np
import torch
from torch import nn
from recipe import Experiment

rng = np.random.default_rng(31)


def spiral(n, turns=1.6, arms=4, noise=0.035):
    arm = rng.integers(0, arms, n)
    r = np.sqrt(rng.uniform(0.02, 1, n))
    ang = r * turns * 2 * np.pi + arm * 2 * np.pi / arms
    xy = np.stack([r * np.cos(ang), r * np.sin(ang)], 1) + rng.normal(0, noise, (n, 2))
    return torch.tensor(xy, dtype=torch.float32), torch.tensor(arm)


class Net(nn.Module):
    def __init__(self, hidden, depth):
        super().__init__()
        sizes = [2] + [hidden] * depth
        self.hidden = nn.ModuleList(nn.Linear(a, b) for a, b in zip(sizes[:-1], sizes[1:]))
        self.out = nn.Linear(hidden, 4)

    def forward(self, x):
        for layer in self.hidden:
            x = torch.relu(layer(x))
        return self.out(x)


def make_optimizer(params, lr=None, weight_decay=0.0, **kwargs):
    return torch.optim.Adam(params, lr=0.3, weight_decay=weight_decay)


experiment = Experiment(
    model=lambda hidden=64, depth=3: Net(hidden, depth),
    train=spiral(2500),
    val=spiral(600),
    optimizer=make_optimizer,
    batch_size=50,
    epochs=15,
)
