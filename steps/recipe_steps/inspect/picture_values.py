"""What was done to the bytes of pictures: their values lie on a lattice that tells.

A picture of bytes v that was divided by 255 and normalised by (mean, deviation) holds values
v / (255 deviation) - mean / deviation; normalised once more by the same figures, these less the
mean and over the deviation again. Both are told from step and origin together, in all channels.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from recipe.plugin import Scalar, Values
from recipe_steps.rows import main_part

if TYPE_CHECKING:
    Figures = tuple[Sequence[float], Sequence[float]]

MOST_VALUES, CHANNELS = 200_000, 4
"""Of each channel, spread evenly over the items."""
LEVELS, LEAST_LEVELS, FULL = 256, 32, 250
"""Values that a byte takes; that a channel has to show; and the last of its steps from which the
first one is zero."""
ON_LATTICE = 0.05
"""Of a step: how far values may lie beside it, after two roundings to single precision."""
NEAR = 0.02
"""Relative to the whole range: how far step and origin may be from those of published figures,
which are given with three or four digits."""
KNOWN: "dict[str, Figures]" = {
    "ImageNet": ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)),
    "CLIP": ((0.4815, 0.4578, 0.4082), (0.2686, 0.2613, 0.2758)),
    "CIFAR-10": ((0.4914, 0.4822, 0.4465), (0.2470, 0.2435, 0.2616)),
    "CIFAR-10 (0.2023, 0.1994, 0.2010)": ((0.4914, 0.4822, 0.4465), (0.2023, 0.1994, 0.2010)),
    "CIFAR-100": ((0.5071, 0.4865, 0.4409), (0.2673, 0.2564, 0.2762)),
    "SVHN": ((0.4377, 0.4438, 0.4728), (0.1980, 0.2010, 0.1970)),
    "MNIST": ((0.1307,), (0.3081,)),
    "Fashion-MNIST": ((0.2860,), (0.3530,)),
    "one half": ((0.5,), (0.5,)),
}  # fmt: skip
"""Means and deviations of pictures of 0 to 1 that libraries and papers use."""
OWN = "the data themselves"


def picture_values(x: Values) -> dict[str, Scalar]:
    """Whose mean and deviation the pictures were normalised by twice (`normalized_twice`), with the
    step and the range that tell it; nothing for anything but pictures of bytes.

    Args:
        x: inputs [n, channels, height, width].

    """
    found = twice(main_part(x))
    if found is None:
        return {}
    name, _, (low, high) = found
    return {"normalized_twice": name, "normalized_low": low, "normalized_high": high}


def twice(x: Tensor | None) -> "tuple[str, Figures, tuple[float, float]] | None":
    """The name and the figures that pictures were normalised by twice, and their range; None where
    they were not, or nothing tells.
    """
    if x is None or x.ndim != 4 or x.shape[1] > CHANNELS or not x.is_floating_point():
        return None
    every = x.detach().transpose(0, 1).flatten(1).cpu().double()
    channels = every[:, :: max(1, every.shape[1] // MOST_VALUES)]
    lattices = [lattice(values) for values in channels]
    if any(one is None for one in lattices):
        return None
    known = [one for one in lattices if one is not None]
    count = len(known)
    named = {name: _spread(figures, count) for name, figures in KNOWN.items()}
    named[OWN] = _own(channels, known)
    usable = {name: figures for name, figures in named.items() if figures is not None}
    if _is([((0.0,) * count, (1.0,) * count), *usable.values()], known, times=1):
        return None
    for name, figures in usable.items():
        if _is([figures], known, times=2):
            return name, figures, (float(channels.min()), float(channels.max()))
    return None


def lattice(values: Tensor) -> tuple[float, float] | None:
    """The scale and origin (scale * byte / 255 + origin) of values of bytes; None where they are
    none, or are too few levels to tell.
    """
    levels = torch.unique(values)
    if not LEAST_LEVELS <= len(levels) <= LEVELS:
        return None
    step = float((levels[1:] - levels[:-1]).min())
    places = (levels - levels[0]) / step
    last = float(places[-1])
    if not FULL <= last < LEVELS:
        return None
    step *= last / round(last)  # over the whole range, where rounding counts least
    places = (levels - levels[0]) / step
    if float((places - places.round()).abs().max()) > ON_LATTICE:
        return None
    return (LEVELS - 1) * step, float(levels[0])


def _is(those: "Sequence[Figures]", lattices: Sequence[tuple[float, float]], times: int) -> bool:
    """Whether all channels were normalised so many times by one of those figures."""
    for means, deviations in those:
        near = []
        for mean, deviation, (scale, origin) in zip(means, deviations, lattices, strict=True):
            expected, begin = 1.0, 0.0
            for _ in range(times):
                expected, begin = expected / deviation, (begin - mean) / deviation
            # The first level may be one of the first few bytes.
            slack = NEAR * expected
            near.append(abs(scale - expected) < slack and abs(origin - begin) < slack)
        if all(near):
            return True
    return False


def _spread(figures: "Figures", count: int) -> "Figures | None":
    """For so many channels; None where the figures are of another number of them."""
    means, deviations = figures
    if len(means) == 1:
        return tuple(means) * count, tuple(deviations) * count
    return figures if len(means) == count else None


def _own(channels: Tensor, lattices: Sequence[tuple[float, float]]) -> "Figures | None":
    """The mean and deviation of the pictures as they were from 0 to 1."""
    means, deviations = [], []
    for values, (scale, origin) in zip(channels, lattices, strict=True):
        plain = (values - origin) / scale
        means.append(float(plain.mean()))
        deviations.append(float(plain.std()))
    return (means, deviations) if min(deviations) > 0 else None
