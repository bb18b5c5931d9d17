"""Digits that name something and are no amounts, as their shapes tell."""

import re
from collections import Counter
from collections.abc import Mapping

from recipe.sources.cell_numbers import RANGE
from recipe.sources.column_names import words_of_name
from recipe.sources.number_bands import MOST_BANDS
from recipe.sources.plain_numbers import tidy

ROWS_NAMED = frozenset({"id", "number", "no", "nr", "num", "ref", "key"})
"""At the end of a name, of what names a row even with a point in it; an index may be an amount."""
CALENDAR = frozenset({
    "dd", "day", "mm", "month", "hh", "hour", "mi", "minute", "ss", "yy", "tag", "monat", "stunde",
    "jour", "mois", "heure", "dia", "día", "mes", "hora", "giorno", "mese", "ora",
})  # fmt: skip
LEAST_NAMED = 10
LEAST_DIGITS = 4
ALIKE, SEVERAL = 0.9, 0.02


def are_codes(name: str, firm: Mapping[str, int]) -> bool:
    """Whether cells that can be read as numbers are codes, whatever their values.

    Args:
        name: of the column.
        firm: cells with a value, and how often each is there.

    """
    return (
        _zeros_in_front(firm)
        or _shaped_like_codes(firm)
        or _letters_behind(firm)
        or _names_rows(name, firm)
        or _with_points(name, firm)
    )


def _zeros_in_front(firm: Mapping[str, int]) -> bool:
    """Whether whole numbers of three digits and more begin with zeros, as postcodes do."""
    zeros = sum(
        count for cell, count in firm.items() if re.fullmatch(r"0\d{2,}\D*", cell.strip("'"))
    )
    masked = sum(
        count for cell, count in firm.items() if re.fullmatch(r"\d+(?:[xX]+|\*{2,})", cell)
    )
    short = any(re.fullmatch(r"0\d", cell) for cell in firm) and any(
        re.fullmatch(r"\d[A-Z]|[A-Z]\d", cell) for cell in firm)  # fmt: skip
    return max(zeros, masked) > 0.01 * sum(firm.values()) or short


def padded_codes(name: str, firm: Mapping[str, int]) -> bool:
    """Whether cells are numbers of two digits with zeros in front and gaps between them, as those
    of provinces; months, days and hours have none.
    """
    if CALENDAR & {*words_of_name(name)} or not all(re.fullmatch(r"\d\d", c) for c in firm):
        return False
    values = sorted(map(int, firm))
    return any(cell[0] == "0" for cell in firm) and len(values) < 0.7 * (values[-1] - values[0] + 1)


def _shaped_like_codes(firm: Mapping[str, int]) -> bool:
    """Whether nearly all cells are two numbers with a hyphen and of one shape, as 555-1234."""
    limits = [cell for cell in firm if RANGE.fullmatch(tidy(cell))]
    shapes = Counter(re.sub(r"\d", "9", tidy(cell)) for cell in limits)
    if len(limits) < 0.9 * len(firm) or not shapes:
        return False
    shape, often = shapes.most_common(1)[0]
    plain = re.fullmatch(r"9+-9+", shape)  # no currency and no unit
    return plain is not None and len(limits) > MOST_BANDS and often > 0.9 * len(limits)


def _letters_behind(firm: Mapping[str, int]) -> bool:
    """Whether whole numbers of one length have a capital directly behind them here and there, as
    85123 and 85123A.
    """
    found = {cell: each for cell in firm if (each := re.fullmatch(r"(\d+)([A-Z]?)", cell))}
    lengths = Counter(len(each[1]) for each in found.values())
    if len(found) < ALIKE * len(firm) or not lengths:
        return False
    length, often = lengths.most_common(1)[0]
    lettered = sum(bool(each[2]) for each in found.values())
    return (
        length >= LEAST_DIGITS
        and often > ALIKE * len(found)
        and SEVERAL * len(found) < lettered < len(found)
    )


def _names_rows(name: str, firm: Mapping[str, int]) -> bool:
    """Whether each cell is another one, is more than digits, and stands below `id` or `number`."""
    words = words_of_name(name)
    if not words or words[-1] not in ROWS_NAMED or "of" in words or len(firm) <= LEAST_NAMED:
        return False
    beyond = sum(not re.fullmatch(r"[+-]?\d+(?:\.0*)?", tidy(cell)) for cell in firm)
    return len(firm) == sum(firm.values()) and beyond > ALIKE * len(firm)


def _with_points(name: str, firm: Mapping[str, int]) -> bool:
    """Whether few different numbers with equally many digits behind the point stand below `code`,
    as 8471.30 of customs.
    """
    if "code" not in words_of_name(name) or 2 * len(firm) > sum(firm.values()):
        return False
    found = [re.fullmatch(r"\d{2,}\.(\d+)", cell) for cell in firm]
    return all(found) and len({len(each[1]) for each in found if each}) == 1
