"""Shapes of curves: pure functions of lists, without a verdict."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import fmean, median

from recipe.plugin import Curve

ENOUGH = 6
"""Epochs below which a curve has no shape."""
MAD = 1.4826
"""Standard deviation of a normal distribution, in median absolute deviations."""


def known(curve: Curve) -> list[float]:
    """The curve up to its first missing point: what follows a NaN says nothing."""
    values: list[float] = []
    for value in curve:
        if value is None:
            break
        values.append(value)
    return values


def smooth(values: Sequence[float], reach: int = 1) -> list[float]:
    """Running median over 2 reach + 1 points: a single spike leaves no trace."""
    return [median(values[max(0, i - reach) : i + reach + 1]) for i in range(len(values))]


def relative_fall(values: Sequence[float], share: float) -> float | None:
    """How much a curve fell over its last `share`, relative to its level there.

    Means of the first and last third of the stretch are compared, so that noise averages out.
    None for fewer than six points.
    """
    tail = list(values[-max(6, round(len(values) * share)) :])
    if len(values) < 6 or len(tail) < 6:
        return None
    third = len(tail) // 3
    before, after = fmean(tail[:third]), fmean(tail[-third:])
    return (before - after) / abs(before) if before else None


def isotonic(values: Sequence[float]) -> list[float]:
    """The closest curve that never falls (pool adjacent violators)."""
    blocks: list[tuple[float, int]] = []
    for value in values:
        mean, count = value, 1
        while blocks and blocks[-1][0] >= mean:
            before, n = blocks.pop()
            mean, count = (before * n + mean * count) / (n + count), n + count
        blocks.append((mean, count))
    return [mean for mean, count in blocks for _ in range(count)]


@dataclass(frozen=True)
class Rise:
    """How far a curve rose again after its lowest point."""

    lowest: int
    """Index of the lowest smoothed point."""
    least: float
    last: float
    """Level at the end."""
    error: float
    """Standard error of `height`, as the points scatter."""

    @property
    def height(self) -> float:
        """Of the end above the lowest point."""
        return self.last - self.least

    def share_of(self, gained: float) -> float:
        """The part of what had been gained that was lost again; infinite where nothing was."""
        return self.height / gained if gained > 0 else math.inf


def scatter(values: Sequence[float]) -> float:
    """Standard deviation of single points around a smooth curve, from second differences; zero
    for fewer than three points.
    """
    bends = [abs(a - 2 * b + c) for a, b, c in zip(values, values[1:], values[2:], strict=False)]
    return MAD * median(bends) / math.sqrt(6) if bends else 0.0


def rise(values: Sequence[float]) -> Rise | None:
    """The rise of a curve after its lowest point; None where fewer than three points follow.

    Levels are medians over a tenth of the curve, at least three points, so single spikes leave
    no trace. The scatter is the larger of two: second differences (which a trend does not
    touch), and residuals of the closest curve that never falls, widened for the correlation of
    neighbours (effective sample size of an AR(1) process), so a slow wandering is no rise.
    """
    n = len(values)
    width = max(3, n // 10)
    smoothed = smooth(values, width // 2)
    lowest = min(range(n), key=smoothed.__getitem__, default=0)
    after = values[max(lowest + 1, n - width) :]
    if len(after) < 3:
        return None
    part = values[lowest:]
    residuals = [v - fit for v, fit in zip(part, isotonic(part), strict=True)]
    spread = max(scatter(part), MAD * median(map(abs, residuals)))
    squares = sum(r * r for r in residuals)
    kinship = sum(a * b for a, b in pairwise(residuals)) / squares if squares else 0.0
    kinship = min(max(kinship, 0.0), 0.95)
    error = spread * math.sqrt(math.pi / 2 * (1 + kinship) / (1 - kinship) * 2 / width)
    return Rise(lowest, smoothed[lowest], median(after), error)


def first_drop(lrs: Sequence[float], factor: float) -> int | None:
    """The first epoch whose rate is at most 1 / factor of the one before."""
    for i in range(1, len(lrs)):
        if lrs[i] > 0 and lrs[i - 1] / lrs[i] >= factor:
            return i
    return None
