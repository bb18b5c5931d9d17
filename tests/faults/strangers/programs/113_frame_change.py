import numpy as np
import torch
from torch import nn
from recipe import Experiment

SIZE = 28
KINDS = ["square", "cross", "ring", "bar"]


def stamp(kind):
    s = np.zeros((9, 9), bool)
    if kind == "square":
        s[1:8, 1:8] = True
    elif kind == "cross":
        s[4, :] = s[:, 4] = s[3, :] = s[:, 3] = True
    elif kind == "ring":
        yy, xx = np.mgrid[:9, :9] - 4
        r = np.hypot(yy, xx)
        s = (r > 2.2) & (r < 4.6)
    else:
        s[3:6, :] = True
    return s


def shoot(n, seed):
    """Two exposures of the same scene by an 8-bit camera; something has got brighter in between."""
    rng = np.random.default_rng(seed)
    yy, xx = np.mgrid[:SIZE, :SIZE] / SIZE
    before, after, label = [], [], []
    for _ in range(n):
        a, b, c = rng.uniform(20, 60, 3)
        scene = 60 + a * yy + b * xx + c * np.sin(6 * yy + rng.uniform(0, 6)) * np.cos(5 * xx)
        k = rng.integers(len(KINDS))
        change = np.zeros((SIZE, SIZE))
        r, q = rng.integers(0, SIZE - 9, 2)
        change[r:r + 9, q:q + 9][stamp(KINDS[k])] = rng.uniform(10, 18)
        before.append(scene + rng.normal(0, 3, scene.shape))
        after.append(scene + change + rng.normal(0, 3, scene.shape))
        label.append(k)
    to8 = lambda f: np.clip(np.round(np.stack(f)), 0, 255).astype(np.uint8)
    return to8(before), to8(after), np.array(label)


def dataset(n, seed):
    before, after, label = shoot(n, seed)
    diff = after - before
    x = torch.from_numpy(diff).float().unsqueeze(1) / 16.0
    return x, torch.from_numpy(label)


class ChangeNet(nn.Module):
    def __init__(self, width=12):
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(1, width, 5, padding=2), nn.BatchNorm2d(width), nn.ReLU(), nn.MaxPool2d(2),
            nn.Conv2d(width, 2 * width, 5, padding=2), nn.BatchNorm2d(2 * width), nn.ReLU(),
            nn.AdaptiveMaxPool2d(1), nn.Flatten(),
        )
        self.out = nn.Linear(2 * width, len(KINDS))

    def forward(self, x):
        return self.out(self.body(x))


experiment = Experiment(
    model=ChangeNet,
    train=dataset(1500, 1),
    val=dataset(500, 2),
    optimizer="adam",
    lr=2e-3,
    batch_size=32,
    epochs=8,
    schedule="cosine",
)
