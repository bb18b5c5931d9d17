"""Ordinal ratings 0..4 with cumulative logits: P(rating > k) for k = 0..3."""
import numpy as np
import torch
from torch import nn
import torch.nn.functional as F
from recipe import Experiment

rng = np.random.default_rng(58)


def ratings(n):
    taste = rng.normal(0, 1, (n, 5))
    film = rng.normal(0, 1, (n, 5))
    match = (taste * film).sum(1) / 1.6 + 0.5 * film[:, 0]
    stars = np.digitize(match + rng.normal(0, 0.5, n), [-1.6, -0.5, 0.5, 1.6])
    x = np.concatenate([taste, film, taste * film], 1)
    above = stars[:, None] > np.arange(4)
    return torch.tensor(x, dtype=torch.float32), torch.tensor(above, dtype=torch.float32)


class Cumulative(nn.Module):
    def __init__(self, hidden=32, levels=5):
        super().__init__()
        self.f = nn.Sequential(nn.Linear(15, hidden), nn.ReLU(), nn.Linear(hidden, 1))
        self.cuts = nn.Parameter(torch.linspace(-1.5, 1.5, levels - 1))

    def forward(self, x):
        return self.f(x) - self.cuts


def minus_mean_error(logits, above):
    guess = (torch.as_tensor(logits) > 0).sum(1)
    stars = torch.as_tensor(above).sum(1)
    return -float((guess - stars).abs().float().mean())


experiment = Experiment(
    model=Cumulative,
    train=ratings(3000),
    val=ratings(800),
    task="multilabel",
    loss=F.binary_cross_entropy_with_logits,
    metric=minus_mean_error,
    optimizer="adam",
    lr=8e-3,
    batch_size=64,
    epochs=15,
)
