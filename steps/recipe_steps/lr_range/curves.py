"""Reading a sweep: pure functions of lists."""

import math
from collections.abc import Sequence
from random import Random
from statistics import fmean, median, stdev

SMOOTHING = 3
"""Points on either side that a smoothed point averages."""
TAIL = 0.2
"""Share of a run's last iterations whose mean is its final loss."""
DIVERGED = 3.0
"""A loss this many times the starting loss counts as diverged."""
START = 5
"""First iterations whose mean loss is the start."""
SPREADS = 10.0
"""Standard deviations of the first losses above the start that are no divergence: where a loss
starts near zero, or is negative, a multiple of it says nothing. Ten, since five losses of single
items may lie at a fifth of their mean with a spread as small."""
WINDOW, LONGEST_WINDOW = 3, 32
"""Last losses whose mean is compared: three at least, since one batch alone is chance."""
ITEMS = 32
"""Items that the compared losses are of at least: at a batch size of 1 that many iterations."""
CERTAIN = 6.0
"""Standard errors of their mean that the limit lies above the start. Of 400 courses of 100 losses
that are spread as an exponential distribution is, 1 passes it at a batch size of 1 and 6 at 32."""
STRAIGHT = 1e-6
"""Relative difference of two slopes that rounding leaves."""
NEAR = 3.0
"""Factor between two rates that are taken for one."""
RESAMPLES = 400
"""Of the last losses: a share of one half is then known to 2.5 %."""
MAD = 1.4826
"""Standard deviation of a normal distribution, in median absolute deviations."""


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


def limit(losses: Sequence[float]) -> float:
    """The loss above which a course that begins like this has diverged.

    Three times the start; further away where the first losses are spread widely about a start
    near zero, or where the loss has fallen by more than the size of its start, below zero.
    """
    first = losses[:START]
    start = fmean(first)
    spread = stdev(first) if len(first) > 1 and all(map(math.isfinite, first)) else 0.0
    fallen = (DIVERGED - 1) * (start - min(losses))
    return max(DIVERGED * abs(start), start + max(SPREADS * spread, fallen))


def diverges(losses: Sequence[float], batch_size: int) -> bool:
    """Whether the last losses, most of them and their mean, lie above the limit.

    How many are looked at follows from the noise of a batch: its size, and how much single losses
    scatter. At a batch size from 11 on, and with little noise, that is three.
    """
    if len(losses) <= START:
        return False
    bar = limit(losses)
    if math.isnan(bar) or losses[-1] <= bar:
        return False
    last = losses[-_window(losses, bar, batch_size) :]
    return fmean(last) > bar and sum(loss > bar for loss in last) > len(last) / 2


def _window(losses: Sequence[float], bar: float, batch_size: int) -> int:
    gap = bar - fmean(losses[:START])
    noisy = (CERTAIN * scatter(losses) / gap) ** 2 if gap > 0 else 0.0
    return math.ceil(min(LONGEST_WINDOW, max(WINDOW, ITEMS / batch_size, noisy)))


def scatter(values: Sequence[float]) -> float:
    """Standard deviation of single values around their course, from the median of second
    differences: neither a trend nor a rise at the end touches it.
    """
    bends = [abs(a - 2 * b + c) for a, b, c in zip(values, values[1:], values[2:], strict=False)]
    return MAD * median(bends) / math.sqrt(6) if bends else 0.0


def until_divergence(losses: list[float]) -> list[float]:
    """The course up to the first of the losses above the limit that it ends with."""
    if len(losses) <= START:
        return losses
    bar = limit(losses)
    end = len(losses)
    while end > START + 1 and losses[end - 1] > bar and losses[end - 2] > bar:
        end -= 1
    return losses[:end]


def final_loss(losses: Sequence[float], start: float, spread: float = 0.0) -> float | None:
    """Mean of the last iterations; None when the run diverged or ended early.

    Args:
        losses: of every iteration.
        start: mean loss of the untrained model over the same last iterations.
        spread: standard deviation of its losses.

    """
    if not losses:
        return None
    tail = losses[-max(1, round(len(losses) * TAIL)) :]
    mean = fmean(tail)
    error = spread / math.sqrt(len(tail))
    return mean if mean < max(DIVERGED * abs(start), start + SPREADS * error) else None


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


def vertex(rates: Sequence[float], losses: Sequence[float]) -> float | None:
    """The rate at the lowest point of the parabola through three losses over log(rate), not
    outside of the three; None where the losses do not bend upwards.
    """
    (a, b, c), (fa, fb, fc) = [math.log(rate) for rate in rates], losses
    left, right = (fb - fa) / (b - a), (fc - fb) / (c - b)
    if not right - left > STRAIGHT * (abs(left) + abs(right)):
        return None
    lowest = (a + b) / 2 - left * (c - a) / (2 * (right - left))
    return math.exp(min(max(lowest, a), c))


def confidence(rates: Sequence[float], tails: Sequence[Sequence[float]]) -> float:
    """Share of resamples of the last batches in which the best rate lies within a factor of 3 of
    the one that is best on all of them (Efron 1979, the bootstrap).

    All rates saw the same batches, so each draw takes the same batches for all: what makes a batch
    hard for every rate cancels. The noise of another initialisation is not in it.

    Args:
        rates: that were tried, and did not diverge.
        tails: the last losses of each, equally many.

    """
    best = rates[_lowest([fmean(tail) for tail in tails])]
    source, count, near = Random(0), len(tails[0]), 0
    for _ in range(RESAMPLES):
        drawn = source.choices(range(count), k=count)
        rate = rates[_lowest([sum(tail[i] for i in drawn) for tail in tails])]
        near += max(rate / best, best / rate) <= NEAR
    return near / RESAMPLES


def _lowest(values: Sequence[float]) -> int:
    return min(range(len(values)), key=values.__getitem__)
