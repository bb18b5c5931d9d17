"""Numbers in cells, as loggers write them."""

import math
import re

from recipe.logs.sheet import LARGEST

BLANK = frozenset({"", "na", "n/a", "none", "null", "-", "--", "no log", "~"})
"""What loggers write where there is no value. NaN may be a value: a loss that is not a number."""
_TENSOR = re.compile(r"(?:\w+\.)?(?:tensor|float\d*|array|Array)\(\s*([^,)]+)")
_SPREAD = re.compile(r"([-+]?\d*[.,]?\d+(?:[eE][-+]?\d+)?)\s*(?:±|\+/?-|\(\s*[-+\d.]+\s*\)$)")
"""A mean and its deviation, of which the mean counts."""
_OF = re.compile(r"\s*(\d+)\s*/\s*(\d+)\s*")


def number(cell: object) -> float | None:
    """The number in a cell, None when it is blank; `12 %` is 0.12.

    Raises:
        ValueError: it is neither.

    """
    if type(cell) is float or type(cell) is int:
        return _within(cell)
    if cell is None or isinstance(cell, list | dict):
        return None
    text = str(cell)
    if text.lower() in BLANK:
        return None
    inside = _TENSOR.match(text) or _SPREAD.match(text)
    plain = (inside[1] if inside else text).replace(",", ".").strip().strip("[]")
    return _within(float(plain[:-1]) / 100 if plain.endswith("%") else float(plain))


def _within(value: float) -> float:
    try:
        return math.copysign(math.inf, value) if abs(value) > LARGEST else float(value)
    except OverflowError:
        return math.copysign(math.inf, value)


def is_number(cell: object) -> bool:
    """Whether the cell holds a finite number."""
    try:
        value = number(cell)
    except ValueError:
        return False
    return value is not None and math.isfinite(value)


def place(cell: object) -> tuple[float, float | None]:
    """The epoch or step in a cell, and of how many (`3/10`); NaN where there is none."""
    if isinstance(cell, str) and (of := _OF.fullmatch(cell)):
        return float(of[1][:300]), float(of[2][:300])
    try:
        value = number(cell)
    except ValueError:
        return math.nan, None
    return (math.nan if value is None else value), None
