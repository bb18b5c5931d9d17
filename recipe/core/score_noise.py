"""By how much a score differs by chance: from the number of items that it was measured on, or from
how it wandered from epoch to epoch.
"""

import math
from collections.abc import Sequence
from itertools import pairwise
from statistics import stdev

LEAST_POINTS = 4
"""Epochs from which a score's wandering can be told from its trend."""

TINY = 1e-12
"""Of a sum, the part that is left out."""


def standard_error(score: float, items: float, *, shares: bool) -> float:
    """One standard error of a score.

    Args:
        score: as measured.
        items: that it was measured on; 0 when unknown, which gives 0.
        shares: it is a share of right answers (binomial); otherwise R squared, whose error is
            2 r (1 - r^2) / sqrt(n) (Olkin and Finn 1995), with r of at least a half.

    """
    if items <= 0:
        return 0.0
    if shares:
        return math.sqrt(max(0.0, score * (1 - score)) / items)
    if score > 1:  # some other score: nothing is known about it
        return 0.0
    return 2 * math.sqrt(max(0.25, score)) * (1 - score) / math.sqrt(items)


def chance_of_at_least(count: int, items: int, share: float) -> float:
    """The upper tail of the binomial distribution: how likely `count` or more of `items` are hit
    when each is with probability `share`; 1 where that many are to be expected.
    """
    if count <= items * share:
        return 1.0
    if share <= 0 or count > items:
        return 0.0
    ways = math.lgamma(items + 1) - math.lgamma(count + 1) - math.lgamma(items - count + 1)
    term = math.exp(ways + count * math.log(share) + (items - count) * math.log1p(-share))
    total, odds = 0.0, share / (1 - share)
    for hits in range(count, items + 1):
        total += term
        term *= odds * (items - hits) / (hits + 1)
        if term <= total * TINY:
            break
    return min(1.0, total)


def fluctuation(scores: Sequence[float | None]) -> float:
    """Standard deviation of single epochs around the trend, late in training; 0 where too few are
    known.

    From the differences of neighbours (von Neumann 1941), their mean left out: that is the trend.
    Of the later half, and of the last four epochs where that is shorter.
    """
    known = [score for score in scores if score is not None and math.isfinite(score)]
    late = known[-max(LEAST_POINTS, math.ceil(len(known) / 2)) :]
    if len(late) < LEAST_POINTS:
        return 0.0
    return stdev(b - a for a, b in pairwise(late)) / math.sqrt(2)
