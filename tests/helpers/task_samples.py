"""Small healthy experiments of tasks whose items have many targets, or none of the usual ones."""

import math

import torch
from torch import nn
from torch.nn import functional as F

from recipe import Experiment
from recipe.tasks import TokenClassification

TAGS = ["O", "B-PER", "I-PER", "B-LOC", "I-LOC"]


def source(seed=0):
    return torch.Generator().manual_seed(seed)


def masks(n=120, side=12, seed=0):
    """Grey images [n, 1, side, side] with a bright and a dark square on noise, and their masks."""
    drawn = source(seed)
    x = 0.3 * torch.randn(n, 1, side, side, generator=drawn)
    y = torch.zeros(n, side, side, dtype=torch.long)
    for i in range(n):
        for label, shade in ((1, 2.0), (2, -2.0)):
            top, left = torch.randint(0, side - 5, (2,), generator=drawn).tolist()
            x[i, 0, top : top + 5, left : left + 5] += shade
            y[i, top : top + 5, left : left + 5] = label
            y[i] = torch.where(x[i, 0].abs() < 1, 0, y[i])
    return x, y


def convolutions(outputs, *last):
    def make(width=12):
        return nn.Sequential(
            nn.Conv2d(1, width, 3, padding=1), nn.BatchNorm2d(width), nn.ReLU(),
            nn.Conv2d(width, width, 3, padding=1), nn.BatchNorm2d(width), nn.ReLU(),
            nn.Conv2d(width, outputs, 1), *last,
        )  # fmt: skip

    return make


def segmentation(*last, **given):
    x, y = masks()
    return Experiment(**{
        "model": convolutions(3, *last), "train": (x[:88], y[:88]), "val": (x[88:], y[88:]),
        "task": "segmentation", "optimizer": "adam", "lr": 0.01, "batch_size": 16, "epochs": 8,
    } | given)  # fmt: skip


def binary_segmentation(*last, **given):
    x, y = masks()
    y = (y == 1).float()[:, None]
    return segmentation(**{
        "model": convolutions(1, *last), "train": (x[:88], y[:88]), "val": (x[88:], y[88:]),
        "loss": nn.BCEWithLogitsLoss(),
    } | given)  # fmt: skip


class Tagger(nn.Module):
    """Every token beside its neighbours."""

    def __init__(self, words, classes, width=24, last=()):
        super().__init__()
        self.words = nn.Embedding(words, width)
        self.beside = nn.Conv1d(width, width, 3, padding=1)
        self.head = nn.Sequential(nn.Linear(width, classes), *last)

    def forward(self, x):
        return self.head(self.beside(self.words(x).movedim(-1, 1)).relu().movedim(1, -1))


def sentences(n=560, length=10, words=20, seed=0):
    """Words [n, length], and tags that a word and the one before decide; -100 behind the end."""
    drawn = source(seed)
    x = torch.randint(1, words, (n, length), generator=drawn)
    kind = torch.where(x < 4, 1, torch.where(x < 7, 3, 0))
    before = F.pad(kind, (1, 0))[:, :-1]
    y = torch.where((kind > 0) & (kind == before), kind + 1, kind)
    end = torch.arange(length) >= torch.randint(5, length + 1, (n, 1), generator=drawn)
    return x.masked_fill(end, 0), y.masked_fill(end, -100)


def token_classification(*last, **given):
    x, y = sentences()
    return Experiment(**{
        "model": lambda width=24: Tagger(20, len(TAGS), width, last),
        "train": (x[:440], y[:440]), "val": (x[440:], y[440:]), "task": TokenClassification(TAGS),
        "optimizer": "adam", "lr": 0.01, "batch_size": 32, "epochs": 8,
    } | given)  # fmt: skip


class Turned(nn.Module):
    """A sequence of another length, from all of the inputs at once."""

    def __init__(self, words=12, length=6, outputs=4, width=48, last=()):
        super().__init__()
        self.words, self.shape = nn.Embedding(words, 16), (outputs, words)
        self.hidden = nn.Linear(16 * length, width)
        self.head, self.last = nn.Linear(width, outputs * words), nn.Sequential(*last)

    def forward(self, x):
        hidden = self.hidden(self.words(x).flatten(1)).relu()
        return self.last(self.head(hidden).unflatten(1, self.shape))


def sequence_to_sequence(*last, **given):
    """The first three words turned round, and a word for the end."""
    x = torch.randint(1, 12, (700, 6), generator=source())
    y = torch.cat([x[:, :3].flip(1), torch.zeros(700, 1, dtype=torch.long)], 1)
    return Experiment(**{
        "model": lambda width=48: Turned(width=width, last=last),
        "train": (x[:550], y[:550]), "val": (x[550:], y[550:]), "task": "sequence_to_sequence",
        "optimizer": "adam", "lr": 0.01, "batch_size": 32, "epochs": 8,
    } | given)  # fmt: skip


def forecasting(*last, back=16, ahead=4, **given):
    """Windows of two waves with noise; those of validation are later."""
    time = torch.arange(700) * 1.0
    series = torch.sin(2 * math.pi * time / 12) + 0.6 * torch.sin(2 * math.pi * time / 7)
    series += 0.1 * torch.randn(700, generator=source())
    windows = series.unfold(0, back + ahead, 1)
    x, y = windows[:, :back].contiguous(), windows[:, back:].contiguous()
    late = len(x) - 150
    return Experiment(**{
        "model": lambda width=32: nn.Sequential(
            nn.Linear(back, width), nn.ReLU(), nn.Linear(width, ahead), *last),
        "train": (x[: late - back], y[: late - back]), "val": (x[late:], y[late:]),
        "task": "forecasting", "optimizer": "adam", "lr": 0.01, "batch_size": 32, "epochs": 8,
    } | given)  # fmt: skip


def triplets(outputs, targets):
    return F.triplet_margin_loss(*outputs.unbind(1), margin=1.0)


def embedding(*last, **given):
    """Triplets [n, 3, 8]: two of one cloud and one of another."""
    drawn = source()
    centres = 2 * torch.randn(6, 8, generator=drawn)
    own = torch.randint(0, 6, (400,), generator=drawn)
    other = (own + torch.randint(1, 6, (400,), generator=drawn)) % 6
    x = centres[torch.stack([own, own, other], 1)]
    x = x + 0.7 * torch.randn(x.shape, generator=drawn)
    y = torch.zeros(400)
    return Experiment(**{
        "model": lambda width=32: nn.Sequential(
            nn.Linear(8, width), nn.ReLU(), nn.Linear(width, 4), *last),
        "train": (x[:300], y[:300]), "val": (x[300:], y[300:]), "task": "embedding",
        "loss": triplets, "optimizer": "adam", "lr": 0.01, "batch_size": 32, "epochs": 8,
    } | given)  # fmt: skip
