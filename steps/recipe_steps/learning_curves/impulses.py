"""Whether single values of validation inputs were overwritten: salt and pepper, dropped pixels."""

import math

import torch
from torch import Tensor

LEAST = 0.01
"""Of the values of an item that have to be overwritten."""
CLEAR = 6.0
"""Standard errors over the items by which their share has to be larger than in training."""


def impulses(train: Tensor, val: Tensor) -> dict[float, float]:
    """Values that come more often in `val` [n, ...] than in `train` [m, ...]: 0, and the smallest
    and largest of either. Each with the share of the other values that it took the place of.
    """
    ends = (float(end) for part in (train, val) for end in (part.min(), part.max()))
    found = {}
    for value in sorted({0.0, *ends}):
        here, there = ((part == value).flatten(1).cpu().double().mean(1) for part in (val, train))
        more = float(here.mean() - there.mean())
        error = math.sqrt(float(here.var()) / len(here) + float(there.var()) / len(there))
        share = more / max(1e-9, 1 - float(there.mean()))
        if share > LEAST and more > CLEAR * error:
            found[value] = share
    return found


def with_impulses(x: Tensor, found: dict[float, float], source: torch.Generator) -> Tensor:
    """Inputs of which as many values are overwritten."""
    overwritten = x.clone()
    for value, share in found.items():
        drawn = torch.rand(x.shape, generator=source).to(x.device)
        overwritten[drawn < share] = value
    return overwritten
