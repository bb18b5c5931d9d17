"""Whether validation inputs are moved or stretched by less than the eye sees, and more than chance
does: a permutation test of the two parts, item by item.
"""

import math

import numpy as np
import torch
from torch import Tensor

from recipe.plugin import Scalar, Tree, Values
from recipe_steps.inspect.splits import goes_on
from recipe_steps.rows import main_part, mean_ranks, shared_axes

LEAST_ITEMS = 50
"""Of either part: of fewer a test of this level sees no shift below one deviation."""
MOST_ITEMS, MOST_FEATURES = 2000, 256
"""Of either part, and columns, spread evenly, that are looked at."""
DRAWS = 200
"""Random splits: their mean and variance tell the tail, in the form of a gamma distribution."""
MOST_CLASSES = 100
"""Up to which a level is taken within the class."""
SPREAD = 1e-6
"""Of the values: a deviation that rounding leaves."""
RARE = 1e-3
"""Chance below which it is asked whether validation goes on where training ends."""


def moved(train: tuple[Values, Values], val: tuple[Values, Values]) -> dict[str, Scalar]:
    """By how many deviations the features of validation lie apart from those of training, the
    median over the features (`moved_shift`, with `moved_chance` of a random split that is as far
    apart), and the median ratio of their deviations (`moved_stretch`, `moved_stretch_chance`).

    Items are compared and not their pixels, which depend on each other; and within the classes,
    or beside what the targets explain, since a part that has more of one class is not another
    preprocessing. Ranks are compared, so that a few wild values say nothing.

    Args:
        train: inputs [n, ...] and targets.
        val: likewise.

    Returns:
        Nothing for few items, and for inputs that are no real numbers.

    """
    pair = main_part(train[0]), main_part(val[0])
    if (
        pair[0] is None
        or pair[1] is None
        or min(len(x) for x in pair if x is not None) < LEAST_ITEMS
    ):
        return {}
    if not all(x.is_floating_point() or x.dtype == torch.uint8 for x in pair if x is not None):
        return {}
    chosen = [_some(x) for x in pair if x is not None]
    inputs = [x[rows] for x, rows in zip(pair, chosen, strict=True) if x is not None]
    first = len(inputs[0])
    levels = np.concatenate([_levels(x) for x in inputs])
    deviation = _deviation(inputs[0])
    known = (
        np.isfinite(levels).all(0)
        & np.isfinite(deviation)
        & (deviation > SPREAD * np.abs(levels).max(0))
    )
    if not known.any():
        return {}
    levels, deviation = levels[:, known], deviation[known]
    targets = _targets(train[1], val[1], chosen)
    rest = levels if targets is None else levels - _explained(levels, targets, first)
    shift = (rest[first:].mean(0) - rest[:first].mean(0)) / deviation
    distances = _distances(inputs, rest, known)
    centres = np.stack([np.median(part, 0) for part in (distances[:first], distances[first:])])
    ratio = np.log(np.maximum(centres[1], 1e-30)) - np.log(np.maximum(centres[0], 1e-30))
    return {
        "moved_shift": float(np.median(np.abs(shift))),
        "moved_chance": (chance := chance_of(rest, first)),
        "moved_goes_on": chance < RARE and goes_on(pair[0], pair[1]),
        "moved_stretch": math.exp(min(50.0, float(np.median(np.abs(ratio))))),
        "moved_stretch_chance": chance_of(distances, first),
    }


def chance_of(values: np.ndarray, first: int, *, ranked: bool = True) -> float:
    """How likely a random split of these rows lies as far apart as that behind the first of them:
    by the mean over the columns of the squared difference of mean ranks, or of the means.

    Columns may depend on each other in any way. The tail is that of a gamma distribution with the
    mean and variance of some random splits, which is exact for one column of many rows.
    """
    from scipy.special import gammaincc  # scipy.stats takes a second to import

    ranks = mean_ranks(values) if ranked else values.copy()
    ranks -= ranks.mean(0)
    size = (ranks**2).mean(0)
    ranks = ranks[:, size > 0] / np.sqrt(size[size > 0])
    n = len(ranks)
    if not ranks.size or not 0 < first < n:
        return 1.0
    source = np.random.default_rng(0)
    part = np.zeros((DRAWS + 1, n))
    part[0, first:] = 1
    for row in part[1:]:
        row[source.permutation(n)[: n - first]] = 1
    z = part @ ranks * math.sqrt((n - 1) / (first * (n - first)))
    apart, *others = (z**2).mean(1).tolist()
    mean, variance = float(np.mean(others)), float(np.var(others))
    if not variance > 0:
        return 1.0
    return float(gammaincc(mean**2 / variance, apart * mean / variance))


def _some(x: Tensor) -> list[int]:
    places = np.unique(np.linspace(0, len(x) - 1, min(len(x), MOST_ITEMS)).round())
    return [int(place) for place in places]


def _items(x: Tensor) -> Tensor:
    """Values as [n, features, values of each]."""
    x = x.detach().cpu().double()
    axes = shared_axes(x)
    if len(axes) == 1:
        columns = np.linspace(0, x.shape[1] - 1, min(x.shape[1], MOST_FEATURES)).round()
        return x[:, np.unique(columns).astype(int).tolist()][..., None]
    return x.flatten(2) if len(axes) == 3 else x.reshape(len(x), 1, -1)


def _levels(x: Tensor) -> np.ndarray:
    return _items(x).mean(2).numpy()


def _deviation(x: Tensor) -> np.ndarray:
    """Of each feature, over items and places."""
    return _items(x).transpose(0, 1).flatten(1).std(1, correction=0).numpy()


def _distances(inputs: list[Tensor], rest: np.ndarray, known: np.ndarray) -> np.ndarray:
    """How wide each item is: the deviation of its own values; of a single value its distance from
    the middle of its part.
    """
    values = [_items(x) for x in inputs]
    if values[0].shape[2] > 1:
        return np.concatenate([part.std(2, correction=0).numpy() for part in values])[:, known]
    parts = rest[: len(inputs[0])], rest[len(inputs[0]) :]
    return np.concatenate([np.abs(part - np.median(part, 0)) for part in parts])


def _targets(train: Values, val: Values, chosen: list[list[int]]) -> np.ndarray | None:
    """One target for each item, of training and then of validation."""
    if isinstance(train, Tree) or isinstance(val, Tree):
        return None
    if any(y.numel() != len(y) or y.is_complex() for y in (train, val)):
        return None
    pairs = zip((train, val), chosen, strict=True)
    found = np.concatenate([y.detach().cpu().double().flatten()[rows].numpy() for y, rows in pairs])
    return found if np.isfinite(found).all() else None


def _explained(levels: np.ndarray, targets: np.ndarray, first: int) -> np.ndarray:
    """What the target says of the level: the mean of its class over both parts, or a line that has
    another height in either part.
    """
    values, place = np.unique(targets, return_inverse=True)
    if len(values) > MOST_CLASSES:
        centred = targets - targets.mean()
        part = np.arange(len(targets)) >= first
        design = np.stack([centred, part, ~part], 1).astype(float)
        slopes = np.linalg.lstsq(design, levels, rcond=None)[0]
        line: np.ndarray = design[:, :1] * slopes[:1]
        return line
    counts = np.bincount(place)[:, None]
    sums = np.zeros((len(values), levels.shape[1]))
    np.add.at(sums, place, levels)
    return (sums / counts)[place]
