"""Cells in the signs of a keyboard, and plain numbers in them."""

import re
import unicodedata

PLAIN = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?")
WHOLE = re.compile(r"\d+|\d{1,3}(?:([.,'_ ])\d{3})(?:\1\d{3})*|\d{1,2}(?:,\d{2})*,\d{3}")
SIGNS = str.maketrans(
    dict.fromkeys("\u2212\u2013\u2014\u2010\u2011", "-")
    | dict.fromkeys("\u2019\u2032", "'")
    | dict.fromkeys("\u201d\u201c\u2033", '"')
    | dict.fromkeys("\u200b\ufeff", "")
)
"""Minus and hyphens, apostrophes, quotes, and signs of no width, to those of a keyboard."""


def tidy(cell: str) -> str:
    """A cell with the usual signs for minus, quotes and spaces."""
    text = cell if cell.isascii() else unicodedata.normalize("NFKC", cell).translate(SIGNS)
    return " ".join(text.split()).removeprefix("'").strip()


def plain_value(core: str, decimal: str) -> float | None:
    """The number that digits with this decimal sign make; None where they make none."""
    body, _, power = re.sub(r"\s?[x\u00d7*]\s?10\^", "e", core).lower().partition("e")
    whole, point, rest = body.partition(decimal)
    if decimal in rest or (rest and not rest.isdigit()) or not (whole or rest):
        return None
    if whole and not WHOLE.fullmatch(whole):
        return None
    digits = re.sub(r"\D", "", whole) or "0"
    return float(f"{digits}.{rest or '0'}e{power or '0'}") if point or power else float(digits)
