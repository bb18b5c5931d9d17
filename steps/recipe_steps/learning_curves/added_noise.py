"""Whether validation inputs hold noise that training inputs do not."""

import math

import torch
from torch import Tensor

HOLDS, PARTS = 0.5, 2
"""Of the principal components as many as this share are taken for what the inputs say; the rest of
an item is small in data that have any structure, and grows with noise first. They are taken from
one part of the training items and the rest measured on the other, which they know nothing of."""
CLEAR, GROWN = 6.0, 1.2
"""Standard errors by which the rest of validation items has to be larger, and how many times."""
LEAST = 1e-30


def added_noise(train: Tensor, val: Tensor) -> Tensor | None:
    """Deviation of the noise in each input value of `val` [n, ...] that `train` [m, ...] does not
    have, in the shape of an item; None where there is none beyond chance.
    """
    train, val = train.cpu(), val.cpu()
    known, other = (part.flatten(1).double() for part in (train[0::PARTS], train[1::PARTS]))
    rows = val.flatten(1).double()
    mean = known.mean(0)
    most = max(1, int(HOLDS * min(known.shape)))
    axes = torch.linalg.svd(known - mean, full_matrices=False).Vh[:most]
    rests = [_log_rest(part - mean, axes) for part in (other, rows)]
    grown = float(rests[1].mean() - rests[0].mean())
    error = math.sqrt(sum(float(rest.var()) / len(rest) for rest in rests))
    if grown < math.log(GROWN) or grown < CLEAR * error:
        return None
    more = rows.var(0) - train.flatten(1).double().var(0)
    noise = more.clamp(min=0).sqrt().to(val.dtype)
    return noise.reshape(val.shape[1:]) if bool(noise.any()) else None


def _log_rest(rows: Tensor, axes: Tensor) -> Tensor:
    """Logarithm of what of each row lies outside of these axes."""
    rest = rows.square().sum(1) - (rows @ axes.T).square().sum(1)
    return rest.clamp(min=LEAST).log()
