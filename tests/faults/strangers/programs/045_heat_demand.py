import numpy as np
import torch
from torch import nn
from recipe import Experiment

rng = np.random.default_rng(88)


def houses(n):
    area = rng.uniform(40, 220, n)
    age = rng.uniform(0, 90, n)
    outside = rng.normal(4, 6, n)
    people = rng.integers(1, 6, n)
    loss = 0.8 + 0.9 * (age > 30) + 0.6 * (age > 60)
    demand = 60 * area ** 0.7 * loss * np.maximum(18 - outside, 0) / 14 + 120 * people + rng.normal(0, 180, n)
    x = np.stack([area / 65 - 2, age / 26 - 1.7, (outside - 4) / 6, people / 1.4 - 2.1], 1)
    return torch.tensor(x, dtype=torch.float32), torch.tensor(demand / 100, dtype=torch.float32)


x_train, y_train = houses(3000)
x_val, y_val = houses(800)


class Demand(nn.Module):
    def __init__(self, h=32):
        super().__init__()
        self.f = nn.Sequential(nn.Linear(4, h), nn.Tanh(), nn.Linear(h, h), nn.Tanh(), nn.Linear(h, 1))

    def forward(self, x):
        return self.f(x)[:, 0]


def update(model, optimizer, batch):
    x, y = batch
    loss = nn.functional.smooth_l1_loss(model(x), y)
    loss.backward()
    optimizer.zero_grad()
    optimizer.step()
    return loss.detach()


experiment = Experiment(
    model=Demand, train=(x_train, y_train), val=(x_val, y_val), task="regression",
    loss=nn.functional.smooth_l1_loss, update=update, optimizer="adam", lr=2e-3, batch_size=50, epochs=15,
)
