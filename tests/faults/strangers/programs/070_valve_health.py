import numpy as np
import torch
from torch import nn
from recipe import Experiment


def simulate(n, seed, zero=0.0):
    """Pressure before/after a valve and motor current; three states: ok, leaking, sticking."""
    r = np.random.RandomState(seed)
    state = r.randint(0, 3, n)
    opening = r.rand(n)
    p_in = 4 + r.randn(n) * 0.4
    leak = np.where(state == 1, 0.35, 0.0)
    p_out = p_in * np.clip(opening ** 1.5 + leak * (1 - opening), 0, 1) + r.randn(n) * 0.12
    current = 1 + 0.6 * np.abs(opening - 0.5) + np.where(state == 2, 0.4, 0) + r.randn(n) * 0.12
    p_in, p_out = p_in + zero, p_out + zero
    x = np.stack([p_in - 4, opening * 2 - 1, p_out / 2 - 1, current - 1.3], 1)
    return torch.tensor(x, dtype=torch.float), torch.tensor(state)


def deep_net(depth=10, width=32):
    layers = [nn.Linear(4, width), nn.Sigmoid()]
    for _ in range(depth - 1):
        lin = nn.Linear(width, width)
        layers += [lin, nn.Sigmoid()]
    layers.append(nn.Linear(width, 3))
    return nn.Sequential(*layers)


experiment = Experiment(
    model=lambda: deep_net(),
    train=simulate(3000, 0),
    val=simulate(800, 1, zero=1.0),
    optimizer="adam",
    lr=1e-3,
    batch_size=64,
    epochs=15,
)
