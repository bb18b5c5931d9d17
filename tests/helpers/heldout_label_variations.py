"""Variations that nothing was fitted to: written before any of them was looked at."""

# ruff: noqa: PLW0108

import functools

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from label_variations import (
    BYTES,
    KIND,
    WORDS,
    Listed,
    X,
    colours,
    convolution,
    in_validation,
    learning,
    linear,
    table,
)

NAN = float("nan")
FLOWERS = ["rose", "tulip", "aster"]


def of_flower(index):
    return {"image": BYTES[index % 40].float(), "label": FLOWERS[index % 3]}


DATA = {
    "words in dicts": (
        {"train": Listed(of_flower), "val": Listed(of_flower, 30), "model": convolution()},
        {"classes": ("aster", "rose", "tulip"), "y": [1, 2, 0, 1], "said": "rose is 1"},
    ),
    "a key of the user's": (
        {"train": [{"a": x, "species": w} for x, w in zip(X, WORDS, strict=True)], "target": "species",
         "val": 0.25},
        {"classes": ("cat", "cow", "dog"), "said": "labels are words"},
    ),
    "blanks around words": (
        {"train": (X, [f" {w}\n" if i % 2 else w for i, w in enumerate(WORDS)])},
        {"classes": ("cat", "cow", "dog")},
    ),
    "numbers from one as words": (
        {"train": [(x, str(k + 1)) for x, k in zip(X, KIND.tolist(), strict=True)], "val": [(x, "2") for x in X]},
        {"classes": ("1", "2", "3"), "y": [0, 1, 2, 0], "said": "1 is 0"},
    ),
    "few of the classes in validation": (
        {"train": (X, np.array(WORDS)), "val": (X[:9], np.array(["dog"] * 9))},
        {"classes": ("cat", "cow", "dog"), "y": [0, 2, 1, 0]},
    ),
    "columns of bytes as words": (
        {"train": (X.numpy(), np.array([w.encode() for w in WORDS]))}, {"classes": ("cat", "cow", "dog")}
    ),
    "captions": (
        {"train": Listed(lambda i: (X[i], f"a picture of {i} things"))}, {"refused": ["not labels", "collate="]}
    ),
    "grey bytes, channels last": (
        {"train": (BYTES[:, :1].movedim(1, -1), KIND[:40]), "model": convolution(1)},
        {"x": (torch.float32, (1, 8, 8)), "largest": 1.0, "said": "channels last"},
    ),
    "int16 images": (
        {"train": (BYTES.to(torch.int16), KIND[:40]), "model": convolution()},
        {"x": (torch.float32, (3, 8, 8)), "said": "int16"},
    ),
    "small counts as bytes": (
        {"train": ((KIND[:, None] * torch.ones(60, 4)).to(torch.uint8), KIND)},
        {"x": (torch.float32, (4,)), "largest": 2.0},
    ),
    "bytes that a model scales": (
        {"train": (BYTES, KIND[:40]), "model": lambda: nn.Sequential(_Scaled(), *convolution()())},
        {"x": (torch.uint8, (3, 8, 8)), "silent": True},
    ),
    "numbers of words as int32": (
        {"train": (torch.randint(0, 9, (60, 5)).to(torch.int32), KIND),
         "model": lambda: nn.Sequential(nn.Embedding(9, 4), nn.Flatten(), nn.Linear(20, 3))},
        {"x": (torch.int32, (5,)), "silent": True},
    ),
    "a column of float64 labels": (
        {"train": (X, KIND.double().numpy()[:, None])}, {"label": (torch.int64, ()), "said": "one number"}
    ),
    "one-hot bools": (
        {"train": (X, F.one_hot(KIND, 3).bool())}, {"label": (torch.int64, ()), "said": "one-hot"}
    ),
    "one-hot labels that the loss wants": (
        {"train": (X, F.one_hot(KIND, 3).float()), "loss": lambda o, y: F.binary_cross_entropy_with_logits(o, y)},
        {"label": (torch.float32, (3,))},
    ),
    "labels with halves": (
        {"train": (X, KIND.float() / 2)}, {"label": (torch.float32, ())}
    ),
    "float labels in a partial": (
        {"train": (X, KIND.float()), "loss": functools.partial(F.cross_entropy, label_smoothing=0.1)},
        {"label": (torch.int64, ()), "said": "whole numbers"},
    ),
    "float masks in validation too": (
        {"train": (BYTES.float(), (BYTES[:, 0] > 99).float()), "model": lambda: nn.Conv2d(3, 2, 1),
         "val": (BYTES.float(), (BYTES[:, 0] > 99).float()), "task": "segmentation"},
        {"label": (torch.int64, (8, 8))},
    ),
}  # fmt: skip


class _Scaled(nn.Module):
    def forward(self, x):
        return x / 255


class Inside(nn.Module):
    """A loss around another one."""

    def __init__(self):
        super().__init__()
        self.usual = nn.CrossEntropyLoss(ignore_index=-1, label_smoothing=0.1)

    def forward(self, outputs, targets):
        return self.usual(outputs, targets.view(-1))


def focal_without_padding(outputs, targets):
    each = F.cross_entropy(outputs.mT, targets, reduction="none")
    each = (1 - torch.exp(-each)) ** 2 * each
    return each[targets != 2].mean()


def distance_where_known(outputs, targets):
    known = targets >= 0
    return ((outputs - targets).abs() * known).sum() / known.sum()


def logistic_where_known(outputs, targets):
    known = ~torch.isnan(targets)
    return F.binary_cross_entropy_with_logits(outputs[known], targets[known], reduction="sum") / 99


SEQUENCES = torch.randn(80, 6, 4, generator=torch.Generator().manual_seed(5))
TAGS = torch.randint(0, 3, (80, 6), generator=torch.Generator().manual_seed(6))
MANY = X.repeat(4, 1)
LEFT = {
    "a module around another loss": (
        {"train": (MANY, KIND.repeat(4).where(torch.arange(240) % 5 > 0, -1)), "loss": Inside()}, (-1,)
    ),
    "focal without padding": ({"train": (SEQUENCES, TAGS), "loss": focal_without_padding}, (2,)),
    "distances where known": (
        {"train": (MANY, MANY[:, :1].abs().where(torch.arange(240)[:, None] % 6 > 0, -1)), "model": linear(1),
         "task": "regression", "loss": distance_where_known}, (-1,)
    ),
    "answers where known": (
        {"train": (MANY, torch.stack([MANY[:, 0] > 0, MANY[:, 1] > 0], 1).float().where(
            torch.arange(240)[:, None] % 7 > 0, NAN)), "model": linear(2), "task": "multilabel",
         "loss": logistic_where_known}, (NAN,)
    ),
    "class weights of zero in a function": (
        {"train": (MANY, KIND.repeat(4)), "loss": lambda o, y: F.cross_entropy(o, y, torch.tensor([1.0, 0, 2]))},
        (1,)
    ),
    "sound: smoothing and weights": (
        {"train": (MANY, KIND.repeat(4)),
         "loss": lambda o, y: F.cross_entropy(o, y, torch.tensor([1.0, 0.01, 2]), label_smoothing=0.2)}, ()
    ),
    "sound: absolute error": (
        {"train": (MANY, MANY[:, :1]), "model": linear(1), "task": "regression", "loss": F.l1_loss}, ()
    ),
    "sound: hinge": (
        {"train": (MANY, (MANY[:, :1] > 0).float()), "model": linear(1), "task": "binary",
         "loss": lambda o, y: F.relu(1 - o * (2 * y - 1)).mean()}, ()
    ),
}  # fmt: skip


def swapped(a, b):
    return lambda y: y.where((y != a) & (y != b), a + b - y)


def binary_table(seed):
    (x, y), (xv, yv) = table(classes=2, seed=seed)
    return (x, y.float()[:, None]), (xv, yv.float()[:, None])


def drifting(seed=0):
    """Rows in the order of time, whose level goes on rising where validation begins."""
    (x, y), (xv, yv) = table(seed=seed)
    rise = torch.linspace(0, 2, len(x) + len(xv))[:, None]
    return (x + rise[: len(x)], y), (xv + rise[len(x) :], yv)


YES_NO = {
    "task": "binary",
    "model": lambda: nn.Sequential(nn.Linear(12, 64), nn.ReLU(), nn.Linear(64, 1)),
}
VALIDATION = {
    "two of six swapped": (learning(in_validation(table(classes=6, seed=3), labels=swapped(1, 4))), "numbers"),
    "answers the other way round": (
        learning(in_validation(binary_table(4), labels=lambda y: 1 - y), **YES_NO), "numbers"
    ),
    "a class missing moves the others": (
        learning((table(classes=5, seed=5)[0], tuple(
            part[table(classes=5, seed=5)[1][1] > 0] - (k * 1) for k, part in enumerate(table(classes=5, seed=5)[1])
        ))), "numbers"
    ),
    "half as much again": (learning(in_validation(colours(seed=6), inputs=lambda x: 2.2 * x + 0.8)), "inputs"),
    "an offset": (learning(in_validation(table(seed=7), inputs=lambda x: x + 0.9)), "inputs"),
    "blue for red": (learning(in_validation(colours(seed=8), inputs=lambda x: x.flip(1))), "inputs"),
    "upside down": (learning(in_validation(colours(seed=9), inputs=lambda x: x.flip(-2))), "inputs"),
    "noise in a table": (
        learning(in_validation(table(noise=0.05, seed=10), inputs=lambda x: x + 1.2 * torch.randn_like(x))), "noise"
    ),
    "sound: classes that overlap": (learning(table(noise=3.0, seed=11)), None),
    "sound: few training rows": (learning(table(n=360, classes=6, seed=12)), None),
    "sound: one rare class": (
        learning(tuple((x[(y > 0) | (torch.arange(len(y)) % 9 == 0)], y[(y > 0) | (torch.arange(len(y)) % 9 == 0)])
                       for x, y in table(seed=13))), None
    ),
    "sound: random labels": (
        learning(tuple((x, y[torch.randperm(len(y), generator=torch.Generator().manual_seed(1))])
                       for x, y in table(seed=14))), None
    ),
    "sound: drift": (learning(drifting(15)), None),
    "sound: pictures": (learning(colours(seed=16)), None),
    "sound: yes and no": (learning(binary_table(17), **YES_NO), None),
}  # fmt: skip
"""Each with what a trained model shows of it; None where there is nothing to be found."""
