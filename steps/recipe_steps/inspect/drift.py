"""Whether validation data go on where training data end: drift, and no other preprocessing.

Another preprocessing is another affine map, and it holds for every item: the level jumps where
validation begins, or the steps from one item to the next have another size. In a series that was
split by time neither happens, however far its parts lie from each other.
"""

import math

import torch
from torch import Tensor

from recipe_steps.rows import shared_axes

LEAST_EDGE, EDGE_SHARE = 30, 0.1
"""Items on either side of the split that the level is taken from: the mean of 30 normal values is
off by 0.06 spreads (5 % to 95 % quantile); a tenth of validation where that is more."""
MOST_VALUES = 2_000_000
"""Input values of each part that are looked at."""
MOST_STEPS = 300
"""Items that steps are taken from: enough for their mean where values are sparse, and so near the
split that the size of steps, which drifts too, has hardly changed."""
CONTINUES = 0.5
"""Distance at the split, relative to that of the whole parts, below which validation goes on
where training ends. Under another affine map of independent items the two are alike, and of 60
simulated data sets at most 2 fell below; of straight lines, random walks and seasons cut at four
fifths 2 of 60 stay above."""


def levels(values: Tensor) -> tuple[Tensor, Tensor]:
    """Mean of each feature without its tails, and the distance between these."""
    low, high = _tails(values)
    return torch.clamp(values, low, high).mean(0), high - low


def distance(shift: Tensor, stretch: Tensor, most_shift: float, most_stretch: float) -> Tensor:
    """Of two levels in spreads and of two spreads by their ratio; 1 is the limit of what counts
    as the same preprocessing.
    """
    return torch.hypot(shift / most_shift, stretch.log().abs() / math.log(most_stretch))


def at_the_split(train: Tensor, val: Tensor, spread: Tensor) -> tuple[Tensor, Tensor]:
    """By how many spreads the level of each feature jumps from the last training to the first
    validation items, beyond what it moved over as many items before; and the ratio of the steps
    from one item to the next.
    """
    most = max(LEAST_EDGE, MOST_VALUES // max(1, val[:1].numel()))
    edge = max(LEAST_EDGE, round(EDGE_SHARE * len(val)))
    edge = min(edge, most, len(train) // 2, len(val))
    parts = (train[-2 * edge : -edge], train[-edge:], val[:edge])
    earlier, before, after = (levels(features(part))[0] for part in parts)
    jump = ((before - after).abs() - (earlier - before).abs()).clamp(min=0)
    some = max(edge, min(len(train), len(val), MOST_STEPS, most))
    stretch = _steps(val[:some]) / _steps(train[-some:])
    return jump / spread, stretch


def features(x: Tensor) -> Tensor:
    """Values as [n, features]."""
    x = x.float()
    if len(shared_axes(x)) == x.ndim:
        return x.reshape(-1, 1)
    return x.movedim(1, -1).flatten(0, -2)


def _steps(x: Tensor) -> Tensor:
    """Mean size of each feature's change from one item to the next, without the tails."""
    low, high = _tails(features(x))
    change = (x[1:].float() - x[:-1].float()).abs()
    return torch.minimum(features(change), high - low).mean(0)


def _tails(values: Tensor) -> tuple[Tensor, Tensor]:
    ordered = values.sort(0).values
    low, high = (ordered[round(q * (len(ordered) - 1))] for q in (0.05, 0.95))
    return low, high
