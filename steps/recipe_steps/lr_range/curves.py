"""Reading a sweep: pure functions of lists."""

import math
from collections.abc import Sequence
from statistics import fmean, stdev

SMOOTHING = 3
"""Points on either side that a smoothed point averages."""
TAIL = 0.2
"""Share of a run's last iterations whose mean is its final loss."""
DIVERGED = 3.0
"""A loss this many times the starting loss counts as diverged."""


def smooth(values: Sequence[float], reach: int = SMOOTHING) -> list[float]:
    """Centred moving average; the window is cut at the ends, so nothing lags or is biased."""
    return [fmean(values[max(0, i - reach) : i + reach + 1]) for i in range(len(values))]


def steepest(lrs: Sequence[float], losses: Sequence[float]) -> float | None:
    """The rate at which the loss falls fastest per decade of the rate.

    The gradient is taken over log(lr): over lr itself the smallest rates always win. Points
    after the minimum are left out. None when the loss never falls.
    """
    if len(losses) < 3:
        return None
    lowest = min(range(len(losses)), key=losses.__getitem__)
    logs = [math.log(lr) for lr in lrs]
    slopes = {
        i: (losses[i + 1] - losses[i - 1]) / (logs[i + 1] - logs[i - 1])
        for i in range(1, min(lowest + 1, len(losses) - 1))
    }
    if not slopes:
        return None
    best = min(slopes, key=slopes.__getitem__)
    return lrs[best] if slopes[best] < 0 else None


def final_loss(losses: Sequence[float], start: float) -> float | None:
    """Mean of the last iterations; None when the run diverged or ended early."""
    if not losses:
        return None
    tail = losses[-max(1, round(len(losses) * TAIL)) :]
    mean = fmean(tail)
    return mean if mean < DIVERGED * abs(start) else None


def noise(losses: Sequence[float]) -> float:
    """Standard error of a final loss."""
    tail = losses[-max(2, round(len(losses) * TAIL)) :]
    return stdev(tail) / math.sqrt(len(tail)) if len(tail) > 1 else 0.0


def bracket(
    lrs: Sequence[float], drops: Sequence[float | None], share: float
) -> tuple[float, float] | None:
    """The range of rates around the best whose fall is at least `share` of the best fall."""
    known = {lr: drop for lr, drop in zip(lrs, drops, strict=True) if drop is not None}
    if not known or max(known.values()) <= 0:
        return None
    ordered = sorted(lrs)
    best = max(known, key=known.__getitem__)
    bar = share * known[best]
    low = high = ordered.index(best)
    while low > 0 and known.get(ordered[low - 1], -math.inf) >= bar:
        low -= 1
    while high < len(ordered) - 1 and known.get(ordered[high + 1], -math.inf) >= bar:
        high += 1
    return ordered[low], ordered[high]
