"""Bands of numbers, such as 18-24 and 65+, by where they begin."""

import re
from collections.abc import Mapping

from recipe.sources.bounds import AND_MORE, AT_LEAST, AT_MOST
from recipe.sources.cell_numbers import RANGE, number_style, taken_apart, unit_of
from recipe.sources.number_pieces import are_feet
from recipe.sources.plain_numbers import plain_value
from recipe.sources.units import SCALES

MOST_BANDS = 30
ALONE = frozenset({
    "none", "never", "nobody", "just me", "only me", "solo", "alone", "self", "single", "nur ich",
    "self-employed", "keine", "aucun", "no one", "zero", "nothing", "not at all",
})  # fmt: skip
"""What is less than every band of numbers beside it."""
UNITS_OF_BANDS = re.compile(
    r"\s?(?:years?|yrs?|jahre?|ans|old|km|kg|cm|€|eur|usd)\.?(?=$|[\s-])", re.IGNORECASE
)
LESS = re.compile(AT_MOST, re.IGNORECASE)
OPEN = re.compile(
    rf"(?:\d[\d.,' ]*\s?(?:k|m|years?|yrs?)?\s*(?:\+|{AND_MORE}))|"
    rf"(?:(?:{AT_MOST}|{AT_LEAST})\s*[$€£]?\s?\d.*)",
    re.IGNORECASE,
)
"""A band that is open at one end."""


def bands(texts: Mapping[str, str]) -> dict[str, float] | None:
    """Ranks of bands of numbers such as 18-24 and 65+; None where cells are something else."""
    if not 2 < len(texts) <= MOST_BANDS or are_feet(texts.values()):
        return None
    ranks, marked, alone = {}, 0, 0
    letters = {re.match(r"[A-Za-z]{0,2}(?=\d|$)", text) for text in texts.values()}
    common = {each[0] for each in letters if each} if all(letters) else set()
    front = len(min(common, default="")) if len(common) == 1 else 0
    for word, whole in texts.items():
        if whole.casefold() in ALONE and not alone:
            ranks[word], alone = 0.0, 1
            continue
        found = _band(whole[front:])
        if found is None:
            return None
        ranks[word], limited = found
        marked += limited
    return ranks if marked + alone > 0.6 * len(texts) and marked else None


def _band(text: str) -> tuple[float, bool] | None:
    """Where a band of numbers begins, and whether it is one and no single number."""
    bare = UNITS_OF_BANDS.sub("", text).strip("[]() ")
    bare = re.sub(r"(?<=\d)\s?(?:or|oder|ou|o)\s?(?=\d)", "-", bare)  # as 1or2
    bare = re.sub(r"(?<=\d)\s?[,;]\s(?=\d)", "-", bare) if text[:1] in "[(" else bare
    limits, opened, alone = RANGE.fullmatch(bare), OPEN.fullmatch(bare), taken_apart(bare)
    digits = re.search(r"\d[\d.,' ]*(?:[kKmM]\b)?", bare)
    if digits is None or not (limits or opened or alone):
        return None
    low = limits["low"] if limits else digits[0].strip().rstrip(",.")
    style = number_style({low: 1})
    value = style.value(low) if style else plain_value(low, ".")
    if value is None:
        return None
    unit = (limits["unit"] or limits["after"] or "") if limits else alone.unit if alone else ""
    scale = 1.0 if low[-1:].isalpha() else SCALES.get(unit_of(unit), 1.0)
    less = bool(LESS.match(bare))
    return value * scale - 0.5 * less + 0.5 * bool(opened and not less), bool(limits or opened)
