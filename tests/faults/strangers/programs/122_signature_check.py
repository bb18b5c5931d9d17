"""Are two strokes by the same writer? Each writer has slant, pressure and curl of their own."""
import numpy as np
import torch
from torch import nn
from recipe import Experiment

rng = np.random.default_rng(15)


def stroke(style):
    slant, curl, ink = style
    t = np.linspace(0, 1, 120)
    px = 5 + 20 * t + slant * 8 * np.sin(2 * np.pi * t * (2 + curl)) + rng.normal(0, 0.3)
    py = 15 + 8 * np.sin(2 * np.pi * t * (2 + curl)) + rng.normal(0, 0.8)
    img = np.zeros((30, 30))
    np.add.at(img, (np.clip(py, 0, 29).astype(int), np.clip(px, 0, 29).astype(int)), ink)
    return np.minimum(img, 2 * ink) + rng.normal(0, 0.1, img.shape)


def new_style():
    return rng.uniform(-1, 1), rng.uniform(-0.9, 0.9), rng.uniform(0.4, 1.2)


def pairs(n):
    same = rng.integers(0, 2, n)
    x = np.empty((n, 2, 30, 30), np.float32)
    for i in range(n):
        a = new_style()
        b = a if same[i] else new_style()
        x[i] = stroke(a), stroke(b)
    return torch.from_numpy(x), torch.from_numpy(same.astype(np.float32))


class Verifier(nn.Module):
    def __init__(self, c=12, dim=24):
        super().__init__()
        self.encoder = nn.Sequential(
            nn.Conv2d(1, c, 5, 2, 2), nn.ReLU(), nn.Conv2d(c, 2 * c, 3, 2, 1), nn.ReLU(),
            nn.Flatten(), nn.Linear(2 * c * 64, dim))
        self.decide = nn.Sequential(nn.Linear(dim, 32), nn.ReLU(), nn.Linear(32, 1))

    def forward(self, x):
        n = len(x)
        z = self.encoder(x.reshape(2 * n, 1, 30, 30)).view(n, 2, -1)
        return self.decide((z[:, 0] - z[:, 1]).abs()).squeeze(1)


experiment = Experiment(
    model=Verifier,
    train=pairs(2500),
    val=pairs(700),
    task="binary",
    loss=nn.BCEWithLogitsLoss(),
    optimizer="adam",
    lr=1e-3,
    batch_size=50,
    epochs=12,
)
