"""What stands behind the number of every cell and says nothing more: the same words in each, as in
`6.0 l/100 km` and `$58K-$117K (Glassdoor est.)`, or the amount again in another unit, as in
`110 kW (150 PS)` and `262 hp / 195 kW`.
"""

import re
from collections.abc import Iterable, Iterator, Mapping

import numpy as np

from recipe.sources.cell_numbers import NumberStyle, number_style
from recipe.sources.plain_numbers import tidy

AGAIN = r"\s*(?:\([^()]*\d[^()]*\)|\[[^\[\]]*\d[^\[\]]*\]|\s/\s[^/]*\d[^/]*)$"
"""What may be the amount again."""
LEAST_TOLD = 10
"""Different cells, from which on what they have in common is no chance."""
SAME_AMOUNT = 0.99
"""Rank correlation (Spearman) from which on two amounts say the same in other units: rounded ones
agree closer than this, and two measures of one thing do not."""
NEARLY_ALL = 0.95


def asides(cells: Mapping[str, int], decimal: str) -> Iterator[str]:
    """Regular expressions of what may be passed over behind the numbers of a column."""
    texts = [tidy(cell) for cell in cells]
    if len(texts) < LEAST_TOLD:
        return
    if tail := common_tail(texts):
        yield rf"{re.escape(tail)}$"
    if _told_twice(texts, decimal):
        yield AGAIN


def without(cells: Mapping[str, int], beside: str) -> dict[str, str]:
    """Each cell as it stands without what is passed over."""
    return {cell: re.sub(beside, "", tidy(cell)) for cell in cells}


def common_tail(texts: Iterable[str]) -> str:
    """The words that all cells end with, from a space or a bracket on; empty where they differ."""
    shortest, *rest = sorted(texts, key=len)
    starts = (found.start() for found in re.finditer(r"\s|\(", shortest))
    tails = (shortest[start:] for start in starts)
    return next((tail for tail in tails if all(text.endswith(tail) for text in rest)), "")


def _told_twice(texts: list[str], decimal: str) -> bool:
    """Whether nearly all cells end with a second amount that goes up, or down, with the first."""
    from scipy.stats import spearmanr  # here, as few columns need it

    pairs = [
        (text[: found.start()], found[0].strip(" ()[]/"))
        for text in texts
        if (found := re.search(AGAIN, text))
    ]
    if len(pairs) < max(LEAST_TOLD, NEARLY_ALL * len(texts)):
        return False
    columns = [dict.fromkeys(side, 1) for side in zip(*pairs, strict=True)]
    first, second = (number_style(column, decimal) for column in columns)
    if first is None or second is None:
        return False
    values = np.array([(_value(first, a), _value(second, b)) for a, b in pairs])
    known = values[~np.isnan(values).any(axis=1)]
    if len(known) < NEARLY_ALL * len(pairs) or not np.ptp(known, axis=0).all():
        return False
    return bool(abs(spearmanr(known).statistic) > SAME_AMOUNT)


def _value(style: NumberStyle, cell: str) -> float:
    found = style.value(cell)
    return np.nan if found is None else found
