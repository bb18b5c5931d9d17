"""Do two pictures show the same digit? Contrastive embedding."""
import gzip
import os

import numpy as np
import torch
from torch import nn
import torch.nn.functional as F
from recipe import Experiment

path = os.path.join(os.environ["RECIPE_TEST_DATA"], "mnist10k", "t10k-{}-ubyte.gz")
with gzip.open(path.format("images-idx3")) as f:
    pictures = torch.from_numpy(np.frombuffer(f.read(), np.uint8, -1, 16).astype(np.float32) / 255).view(-1, 28, 28)
with gzip.open(path.format("labels-idx1")) as f:
    digit = np.frombuffer(f.read(), np.uint8, -1, 8).astype(int)


def pairs(lo, hi, n, seed):
    rng = np.random.default_rng(seed)
    by_digit = {d: np.flatnonzero(digit[lo:hi] == d) for d in range(10)}
    first = rng.integers(lo, hi, n)
    same = rng.random(n) < 0.5
    second = np.empty(n, int)
    for i, a in enumerate(first):
        other = digit[a] if same[i] else (digit[a] + rng.integers(1, 10)) % 10
        second[i] = rng.choice(by_digit[other])
    x = torch.stack([pictures[first], pictures[second]], 1)
    return x, torch.from_numpy(same.astype(np.float32))


class Contrastive(nn.Module):
    def __init__(self, margin=1.0):
        super().__init__()
        self.margin = margin

    def forward(self, distance, same):
        pull = same * distance.pow(2)
        push = (1 - same) * torch.clamp(distance - self.margin, min=0).pow(2)
        return (pull + push).mean()


class Siamese(nn.Module):
    def __init__(self, dim=32, c=16):
        super().__init__()
        self.tower = nn.Sequential(
            nn.Conv2d(1, c, 5, stride=2, padding=2), nn.ReLU(),
            nn.Conv2d(c, 2 * c, 3, stride=2, padding=1), nn.ReLU(),
            nn.Flatten(), nn.Linear(2 * c * 49, dim),
        )

    def embed(self, p):
        return F.normalize(self.tower(p.unsqueeze(1)), dim=1)

    def forward(self, x):
        return F.pairwise_distance(self.embed(x[:, 0]), self.embed(x[:, 1]))


def agreement(distance, same):
    return float(((distance < 0.5) == (same > 0.5)).float().mean())


experiment = Experiment(
    model=Siamese,
    train=pairs(5000, 9000, 3000, 1),
    val=pairs(0, 4000, 800, 2),
    task="regression",
    loss=Contrastive(),
    metric=agreement,
    optimizer="adam",
    lr=1e-3,
    batch_size=64,
    epochs=10,
)
