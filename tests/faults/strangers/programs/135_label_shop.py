"""Shapes on stained paper. The training labels come from a cheap service: a third of them is wrong."""
import numpy as np
import torch
from torch import nn
from recipe import Experiment

rng = np.random.default_rng(15)
grid_y, grid_x = np.mgrid[0:20, 0:20]


def picture(shape):
    cy, cx = rng.uniform(7, 12, 2)
    size = rng.uniform(4, 6.5)
    dy, dx = np.abs(grid_y - cy), np.abs(grid_x - cx)
    ink = {
        0: np.hypot(dy, dx) < size,
        1: np.maximum(dy, dx) < size * 0.85,
        2: dy + dx < size * 1.2,
        3: (np.minimum(dy, dx) < 1.3) & (np.maximum(dy, dx) < size),
    }[shape]
    stain = rng.normal(0, 0.3, (20, 20)) + rng.uniform(-0.2, 0.2)
    return ink * rng.uniform(0.6, 1.2) + stain


def pictures(n, wrong):
    truth = rng.integers(0, 4, n)
    x = np.stack([picture(s) for s in truth])[:, None]
    given = np.where(rng.random(n) < wrong, (truth + rng.integers(1, 4, n)) % 4, truth)
    return torch.tensor(x, dtype=torch.float32), torch.tensor(given)


class ShapeNet(nn.Module):
    def __init__(self, width=12):
        super().__init__()
        self.trunk = nn.Sequential(
            nn.Conv2d(1, width, 3, padding=1), nn.BatchNorm2d(width), nn.ReLU(), nn.MaxPool2d(2),
            nn.Conv2d(width, 2 * width, 3, padding=1), nn.BatchNorm2d(2 * width), nn.ReLU(), nn.MaxPool2d(2),
            nn.Conv2d(2 * width, 2 * width, 3, padding=1), nn.ReLU(),
        )
        self.drop = nn.Dropout(0.3)
        self.out = nn.Linear(2 * width, 4)

    def forward(self, x):
        h = self.trunk(x)
        return self.out(self.drop(h.amax((2, 3))))


experiment = Experiment(
    model=ShapeNet,
    train=pictures(2000, 0.33),
    val=pictures(600, 0.0),
    loss=nn.CrossEntropyLoss(label_smoothing=0.1),
    optimizer="adamw",
    lr=2e-3,
    weight_decay=0.02,
    batch_size=64,
    epochs=10,
    schedule="cosine",
)
