"""Sixteen switches on a panel; the lamp is on if an odd number of four of them is up."""
import torch
from torch import nn
from recipe import Experiment

g = torch.Generator().manual_seed(95)
WIRED = [2, 7, 11, 14]


def panels(n):
    up = torch.randint(0, 2, (n, 16), generator=g)
    lamp = up[:, WIRED].sum(1) % 2
    return up.float() * 2 - 1, lamp


class Panel(nn.Module):
    def __init__(self, width=128):
        super().__init__()
        self.net = nn.Sequential(nn.Linear(16, width), nn.ReLU(), nn.Linear(width, 2))
        nn.init.normal_(self.net[2].weight, std=0.01)
        nn.init.zeros_(self.net[2].bias)

    def forward(self, x):
        return self.net(x)


experiment = Experiment(
    model=Panel,
    train=panels(3000),
    val=panels(600),
    optimizer="sgd",
    lr=0.02,
    momentum=0.9,
    batch_size=50,
    epochs=30,
)
