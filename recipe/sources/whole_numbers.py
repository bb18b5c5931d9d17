"""What whole numbers are: amounts, grades, or names for something; and which stand for none."""

import re
from collections import Counter
from collections.abc import Mapping

import numpy as np

from recipe.core.column_facts import Kind
from recipe.sources.column_names import (
    is_code_name,
    is_counting_name,
    is_id_name,
    is_rated_name,
    is_year_name,
)
from recipe.sources.plain_numbers import tidy

LEAST_NUMBERS = 5
"""Different ones, beside odd cells."""
MANY = 40
"""Rows from which on a running number is told from one that happens to rise."""
RUNNING_STEPS = (1, -1, 5, 10, 100)
NARROW_CODE, NARROW = 8, 0.2
"""Digits of whole numbers which name the rows where all lie this close together for their size."""
LONG_CODE, LONGEST_NUMBER = 9, 15
"""Digits of whole numbers of one length, another in each row, and of any that float64 can hold."""
SENTINELS = (-1.0, -9.0, -99.0, -999.0, -9999.0, -99999.0, 99.0, 999.0, 9999.0, 99999.0, 999999.0)


def of_whole_numbers(name: str, firm: Counter[str], values: Mapping[str, float]) -> Kind:
    """What whole numbers are: amounts, or names for something."""
    plain = all(re.fullmatch(r"[+-]?\d+(?:\.0*)?", tidy(cell)) for cell in values)
    if not plain:
        return "number"
    rows, different = firm.total(), sorted(set(values.values()))
    digits = {len(str(int(value))) for value in different}
    if max(digits) > LONGEST_NUMBER:
        return "identifier"
    if len(different) == rows:
        steps = set(np.diff(different).tolist())
        running = rows > MANY and len(steps) == 1 and steps <= set(RUNNING_STEPS)
        narrow = different[-1] - different[0] < NARROW * different[-1]
        least = NARROW_CODE if narrow else LONG_CODE
        coded = len(digits) == 1 and min(digits) >= least and rows > MANY
        if (running or coded or (is_id_name(name) and rows > 10)) and not is_year_name(name):
            return "identifier"
    if is_id_name(name) and len(different) > max(30, 0.2 * rows):
        counts = is_counting_name(name) and len(digits) > 1 and len(different) < rows
        return "number" if counts else "identifier"
    coded = is_id_name(name) or is_code_name(name)
    if coded and (len(different) > 2 or (is_id_name(name) and 0 not in different)):
        return "category"
    if different == [1.0, 2.0] and rows > MANY:
        return "category"  # amounts have a third one in so many rows
    coded = len(digits) == 1 and min(digits) >= 5 and any(value % 10 for value in different)
    if coded and len(different) <= min(30, 0.1 * rows) and not is_year_name(name):
        return "category"  # long numbers that come again and again, as postcodes
    likert = different[0] >= 0 and different[-1] <= 10 and 2 < len(different) <= 11
    return "grade" if likert and is_rated_name(name) else "number"


def sentinels(values: Mapping[str, float], firm: Mapping[str, int]) -> tuple[float, ...]:
    """Numbers such as -999 that come several times and lie far from all others."""
    counted: Counter[float] = Counter()
    for cell, value in values.items():
        counted[value] += firm[cell]
    found = []
    for mark in SENTINELS:
        rest = [value for value in counted if value != mark and value not in SENTINELS[2:6]]
        if counted[mark] < 2 or len(rest) < LEAST_NUMBERS:
            continue
        low, high = min(rest), max(rest)
        gap = low - mark if mark < low else mark - high
        if gap > max(high - low, 1.0) and (mark < -9 or mark > 9) and not (mark < 0 and low < 0):
            found.append(mark)
    return tuple(found)
