"""By how much a score differs by chance, from the number of items that it was measured on."""

import math


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
