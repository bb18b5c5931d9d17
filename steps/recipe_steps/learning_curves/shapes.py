"""Shapes of curves: pure functions of lists, without a verdict."""

from collections.abc import Sequence
from statistics import fmean, median

from recipe.results import Curve


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


def rise_from_lowest(values: Sequence[float]) -> tuple[int, float, float]:
    """Index of the lowest smoothed point, its value, and the level at the end.

    The level is the median of the last tenth, at least three points: one spike in the very last
    epoch is no rise.
    """
    smoothed = smooth(values)
    lowest = min(range(len(smoothed)), key=smoothed.__getitem__)
    return lowest, smoothed[lowest], median(values[-max(3, len(values) // 10) :])


def first_drop(lrs: Sequence[float], factor: float) -> int | None:
    """The first epoch whose rate is at most 1 / factor of the one before."""
    for i in range(1, len(lrs)):
        if lrs[i] > 0 and lrs[i - 1] / lrs[i] >= factor:
            return i
    return None
