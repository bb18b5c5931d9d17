"""Columns that tell the answer by themselves, which is seldom known before the answer is."""

from collections.abc import Sequence

import numpy as np

from recipe.sources.csv_cells import Columns
from recipe.sources.readers import values_of
from recipe.sources.table_inputs import Roles
from recipe.sources.table_targets import Answer

LEAST_ROWS = 50
CORRELATED = 0.9999
"""Of an amount with the answer, as numbers or as ranks."""
TOLD = 0.995
"""Of the doubt about the class that a column leaves to none."""
ROWS_PER_VALUE = 5
"""That a value needs to say something about its class."""


def leaks(
    table: Columns, roles: Roles, answer: Answer, kept: Sequence[int], targets: Sequence[str]
) -> list[str]:
    """A sentence about each column from which alone the answer can be read off.

    An amount leaks an amount where the two rise together in nearly all rows; a column leaks a class
    where each of its values (or each side of one limit) belongs to one class, however rare.
    """
    if len(kept) < LEAST_ROWS or answer.values.ndim > 1:
        return []
    columns = tuple(c for c in roles.columns.values() if c.kind not in ("text", "date"))
    amounts, words = values_of(table, columns, roles.dates, kept)
    amounts = {name: values / (np.nanmax(np.abs(values)) or 1.0) for name, values in amounts.items()
               if not np.isnan(values).all()}  # fmt: skip
    found = [name for name, values in amounts.items() if _amount_tells(values, answer)]
    found += [name for name, cells in words.items() if name not in found and _words_tell(cells, answer)]  # fmt: skip # noqa: E501
    target = ", ".join(map(repr, targets))
    return [f"{name!r} alone tells {target} in nearly every row: leave it out (--column "
            f"{name}=identifier) if it is not known before {target} is." for name in found]  # fmt: skip # noqa: E501


def _amount_tells(values: np.ndarray, answer: Answer) -> bool:
    known = ~np.isnan(values)
    if known.sum() < max(LEAST_ROWS, 0.9 * len(values)) or len(np.unique(values[known])) < 2:
        return False
    y = answer.values[known].astype(float)
    if answer.task == "regression":
        from scipy.stats import spearmanr

        x = values[known]
        if np.std(y) == 0:
            return False
        return abs(np.corrcoef(x, y)[0, 1]) > CORRELATED or (
            len(np.unique(x)) > LEAST_ROWS and abs(spearmanr(x, y).statistic) > CORRELATED)  # fmt: skip # noqa: E501
    counts = np.unique(y, return_counts=True)[1]
    if len(counts) < 2:
        return False
    ordered = y[np.argsort(values[known], kind="stable")]
    sides = int((np.diff(ordered) != 0).sum())
    wrong = 1 - TOLD
    return sides == len(counts) - 1 or _told(values[known], y) or (
        len(counts) == 2 and _one_limit(ordered) < wrong * counts.min())  # fmt: skip


def _one_limit(ordered: np.ndarray) -> int:
    """Rows on the wrong side of the best limit, of two classes in the order of a column."""
    high = ordered == ordered.max()
    left = np.concatenate([[0], np.cumsum(high)])
    right = np.concatenate([np.cumsum((~high)[::-1])[::-1], [0]])
    wrong = left + right
    return int(min(wrong.min(), (len(ordered) - wrong).min()))


def _words_tell(cells: np.ndarray, answer: Answer) -> bool:
    return answer.task != "regression" and _told(cells, answer.values)


def _told(values: np.ndarray, y: np.ndarray) -> bool:
    """Whether nearly all rows have the class that is usual for their value, and the rare classes
    too.
    """
    _, place = np.unique(values.astype(str), return_inverse=True)
    if place.max() + 1 > len(place) / ROWS_PER_VALUE:
        return False
    classes, number = np.unique(y, return_inverse=True)
    table = np.zeros((place.max() + 1, len(classes)))
    np.add.at(table, (place, number), 1)
    wrong = table.sum() - table.max(axis=1).sum()
    rare = table.sum() - table.sum(axis=0).max()
    return bool(wrong <= (1 - TOLD) * rare)
