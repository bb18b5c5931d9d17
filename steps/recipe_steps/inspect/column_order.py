"""Columns of two tables that hold the same under another order: which belongs to which."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from torch import Tensor

MOST_COLUMNS, MOST_ROWS = 256, 4000
POINTS = 64
"""Quantiles at which two distributions are compared."""
CORRELATIONS = 4.0
"""Weight of the mean difference of correlations beside a distance of distributions; of the column
orders of four real tables that were shuffled, this one brought back most."""
ROUNDS = 10
"""Of matching anew with the columns that the last round gave; it rarely takes three."""


def column_order(train: "Tensor", val: "Tensor") -> list[int] | None:
    """For each column of training the one of validation that is most like it: by its distribution
    (the largest distance of both distribution functions) and by its correlations with the others.

    Nothing says that such an order is right: columns that are alike may stand for each other.

    Args:
        train: [n, columns] real values.
        val: [m, columns] likewise.

    Returns:
        Places of validation columns, each once; None where the columns already stand so, or where
        values are missing, columns are too few or too many.

    """
    import numpy as np
    from scipy.optimize import linear_sum_assignment

    columns = train.shape[1]
    if train.ndim != 2 or val.ndim != 2 or not 2 <= columns == val.shape[1] <= MOST_COLUMNS:
        return None
    one, other = (part[:: max(1, len(part) // MOST_ROWS)].double().numpy() for part in (train, val))
    if not (np.isfinite(one).all() and np.isfinite(other).all()):
        return None
    apart = _apart(one, other)
    together = [_correlations(part) for part in (one, other)]
    order = linear_sum_assignment(apart)[1]
    for _ in range(ROUNDS):
        own, theirs = together[0], together[1][:, order]
        unlike = np.stack([np.abs(own[i] - theirs).mean(1) for i in range(columns)])
        cost = apart + CORRELATIONS * unlike
        last, order = order, linear_sum_assignment(cost)[1]
        if (last == order).all():
            break
    found: list[int] = order.tolist()
    return None if found == list(range(columns)) else found


def _apart(one: "np.ndarray", other: "np.ndarray") -> "np.ndarray":
    """The Kolmogorov-Smirnov distance of each column to each, at quantiles of both."""
    import numpy as np

    share = (np.arange(POINTS) + 0.5) / POINTS
    ordered = [np.sort(part, 0) for part in (one, other)]
    far = np.zeros((one.shape[1], other.shape[1]))
    for k, part in enumerate(ordered):
        points = part[(share * len(part)).astype(int)]  # [points, columns]
        # Values of each column up to each of these points, as shares: [columns, points, columns].
        own, theirs = (
            np.stack([np.searchsorted(column, points, side="right") for column in each.T])
            / len(each)
            for each in ordered
        )
        if k == 0:  # points of column i: own[i, :, i] beside theirs[j, :, i]
            gap = np.abs(np.einsum("ipi->ip", own)[:, None] - theirs.transpose(2, 0, 1)).max(2)
        else:  # points of column j: own[i, :, j] beside theirs[j, :, j]
            gap = np.abs(own.transpose(0, 2, 1) - np.einsum("jpj->jp", theirs)).max(2)
        far = np.maximum(far, gap)
    return far


def _correlations(part: "np.ndarray") -> "np.ndarray":
    import numpy as np

    centred = part - part.mean(0)
    size = np.sqrt((centred**2).sum(0))
    scaled = centred / np.where(size > 0, size, 1.0)
    return np.asarray(scaled.T @ scaled)
