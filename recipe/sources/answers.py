"""What the answer follows: a part of a date that says nothing is a dozen inputs of noise, and
values far off are seldom worth their weight.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from recipe.sources.dates import CYCLIC, PARTS, Dates, Moment

LEVEL = 0.05
"""Of the test for each part: one useless part of twenty is kept by chance."""
CLEARLY = 0.01
"""Of the variance."""
LEAST_ROWS = 30
"""Below, nothing can be told, and no part is left out."""


@dataclass(frozen=True)
class Answers:
    """What is predicted, in the training rows."""

    rows: Sequence[int]
    """Their places in the table."""
    values: np.ndarray
    """[rows], or [rows, columns] of several: amounts, or numbers of classes."""
    classes: bool

    @property
    def columns(self) -> np.ndarray:
        """Each of what is predicted by itself: [columns, rows]."""
        return self.values.reshape(len(self.values), -1).T

    def follow_better(self, one: np.ndarray, other: np.ndarray) -> bool:
        """Whether amounts that are predicted follow one input [rows] clearly better than another,
        by what a line through each explains of them; classes never do.
        """
        if self.classes:
            return False
        gains = (_explained(one, y) - _explained(other, y) for y in self.columns)
        return max(gains) > CLEARLY

    def leave_the_line(self, ranks: np.ndarray) -> bool:
        """Whether a line over the ranks [rows] of grades, NaN where there is none, misses what is
        predicted: then each grade says something of its own. Analysis of variance of what the line
        leaves; of classes, for each of them.
        """
        known = ~np.isnan(ranks)
        if known.sum() < LEAST_ROWS:
            return True
        found = self.columns[:, known].astype(float)
        several = self.classes and self.values.ndim == 1
        columns = [(found[0] == value).astype(float) for value in np.unique(found)] if several else found  # fmt: skip # noqa: E501
        left = [_without_trend(ranks[known], column) for column in columns]
        return any(_differs(ranks[known].astype(int), each, classes=False) for each in left)


def followed(dates: Dates, moments: Sequence[Moment | None], answers: Answers) -> Dates:
    """The dates without those parts that come again (month, day of week, hour) which the answer
    does not follow by itself.

    Amounts: analysis of variance between the values of a part, of what a line over time leaves.
    Classes: chi-square of independence. What only acts together with another column is not seen.

    Args:
        dates: with all parts that vary.
        moments: of the training rows.
        answers: of the same rows.

    """
    known = np.array([at is not None for at in moments])
    there = [at for at in moments if at is not None]
    if len(there) < LEAST_ROWS:
        return dates
    first = min(there)
    days = np.array([PARTS["days"](at, first) for at in there])
    columns = answers.columns[:, known]
    left = columns if answers.classes else [_without_trend(days, y) for y in columns]
    kept = []
    for part in dates.parts:
        if part in CYCLIC:
            bins = np.array([int(PARTS[part](at, first)) for at in there])
            if not any(_differs(bins, y, classes=answers.classes) for y in left):
                continue
        kept.append(part)
    return replace(dates, parts=tuple(kept))


def _explained(x: np.ndarray, y: np.ndarray) -> float:
    """The share of the variance of `y` that a line over `x` explains."""
    if np.ptp(x) == 0 or np.ptp(y) == 0:
        return 0.0
    return float(np.corrcoef(x, y)[0, 1] ** 2)


def _without_trend(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """What a line over `x` leaves of `y`."""
    if np.ptp(x) == 0:
        return y
    return np.asarray(y - np.polyval(np.polyfit(x - x.mean(), y, 1), x - x.mean()))


def _differs(bins: np.ndarray, y: np.ndarray, *, classes: bool) -> bool:
    from scipy.stats import chi2_contingency, f_oneway
    from sklearn.metrics.cluster import contingency_matrix

    if len(set(bins.tolist())) < 2:
        return False
    if classes:
        table = contingency_matrix(bins, y)
        return bool(table.shape[1] > 1 and chi2_contingency(table).pvalue < LEVEL)
    groups = [y[bins == value] for value in sorted(set(bins.tolist()))]
    groups = [group for group in groups if len(group) > 1]
    return len(groups) > 1 and bool(f_oneway(*groups).pvalue < LEVEL)
