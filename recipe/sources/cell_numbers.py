"""Numbers as people write them: thousands and decimal signs, currencies, units, percent, ranges,
brackets for negatives, durations. All of the cells of a column tell how its numbers are written.
"""

import math
import re
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cached_property

from recipe.sources.bounds import AT_LEAST, AT_MOST
from recipe.sources.decimal_signs import decimal_of
from recipe.sources.number_pieces import are_angles, are_feet, family_in_pieces, in_pieces
from recipe.sources.plain_numbers import PLAIN, plain_value, tidy
from recipe.sources.units import CURRENCY, FAMILIES, SCALES, family_of

CORE = r"(?:\d(?:[\d.,'_ ]*\d)?[.,]?|[.,]\d+)(?:[eE][+-]?\d+|\s?[x\u00d7*]\s?10\^[+-]?\d+)?"
BOUND = rf"{AT_MOST}|{AT_LEAST}|~|≈|ca\.?|circa|about|approx\.?|around"
CELL = re.compile(
    rf"(?P<open>\()?\s*(?:(?P<bound>{BOUND})\s*)?(?P<sign>[+\u00b1-])?\s*"
    rf"(?P<before>(?:{CURRENCY})\.?)?\s*(?P<minus>[+-])?\s*(?P<core>{CORE})"
    r"(?:\+(?=\s?[^\W\d]))?\s*(?P<after>[^\W\d_].*|[^\w\s()+,.\u2044-].*)?(?P<behind>[-+])?(?P<close>\))?",
    re.IGNORECASE,
)
SUM = re.compile(r"(\d{1,4})\+(\d{1,2})")
"""As 85+3, a rating and what it gained."""
SHARE = re.compile(r"(\d+(?:[.,]\d+)?)\s?(?:/|out of|von|sur)\s?(\d+)")
"""As 85/100."""
FRACTION = re.compile(r"(?:(\d{1,3})\s)?(\d{1,3})[/\u2044](\d{1,2})")
EACH = -1.0
LEAST_FRACTIONS, NEARLY_ALL = 8, 0.9
RANGE = re.compile(
    rf"(?:{CURRENCY})?\s?(?P<low>{CORE})\s?(?P<unit>(?!e-)[^\d\s]{{0,6}}?)\s*"
    rf"(?:-|to|bis|\.\.+)\s*(?:{CURRENCY})?\s*"
    rf"(?P<high>{CORE})\s*(?P<after>[^\W\d_].{{0,12}}|[%°€$£])?",
    re.IGNORECASE,
)
FOOTNOTE = re.compile(r"(?<=\d)(?:\s[eprnfx]|\s?[*†‡]+|\s?\[\w{1,2}\]|\s\(\w\))$")
"""Behind a number: estimated, provisional, revised, and references to remarks."""
MONEY = re.compile(r"[$€£¥₹]|\b(?:USD|EUR|GBP|CHF|INR|JPY)\b", re.IGNORECASE)
LONGEST_UNIT = 24
MOST_UNITS = 3
"""Units that one column may have which do not measure the same."""
MOSTLY_BARE = 0.6
"""Of the cells, from which on single letters behind some are remarks of a statistical office."""
RARE = 0.05
"""A unit in fewer of the cells is an odd one."""


@dataclass(frozen=True)
class NumberStyle:
    """How the numbers of a column are written."""

    decimal: str = "."
    units: tuple[tuple[str, float], ...] = (("", 1.0),)
    """What may stand behind a number, and what the number is multiplied by."""
    family: str = ""
    """Of values in several pieces, such as `length` of 5 ft 11 in; empty where there are none."""
    whole: float = 0.0
    """What numbers are out of, as 100 in 85/100; 0 where they stand alone; -1 of fractions."""
    missing: tuple[float, ...] = ()
    """Numbers that stand for no value, such as -999."""
    beside: str = ""
    """A regular expression of what stands behind each number and says nothing more."""

    @cached_property
    def _factors(self) -> dict[str, float]:
        return dict(self.units)

    def value(self, cell: str) -> float | None:
        """The number in a cell, NaN where it stands for no value; None where it holds none."""
        found = self._value(cell)
        return math.nan if found in self.missing else found

    def unit(self, cell: str) -> str:
        """What stands behind the number in a cell; empty where nothing does."""
        parts = taken_apart(tidy(cell))
        return "" if parts is None else parts.unit

    def _value(self, cell: str) -> float | None:
        if self.decimal == "." and self.units == PLAIN_UNITS and PLAIN.fullmatch(cell):
            return _finite(float(cell))
        text = re.sub(self.beside, "", tidy(cell)) if self.beside else tidy(cell)
        if self.family and (found := in_pieces(text, self.family)) is not None:
            return found
        if limits := RANGE.fullmatch(text):
            return self._middle(limits)
        if added := SUM.fullmatch(text):
            return float(added[1]) + float(added[2])
        if self.whole == EACH and (part := FRACTION.fullmatch(text)):
            return _finite(int(part[1] or 0) + int(part[2]) / max(1, int(part[3])))
        if self.whole and (part := SHARE.fullmatch(text)):
            return plain_value(part[1], self.decimal) if float(part[2]) == self.whole else None
        parts = taken_apart(text)
        factor = None if parts is None else self._factors.get(parts.unit)
        if parts is None or factor is None:
            return None
        value = plain_value(parts.core, self.decimal)
        return None if value is None else _finite(parts.sign * value * factor)

    def _middle(self, limits: re.Match[str]) -> float | None:
        low, high = (plain_value(limits[end], self.decimal) for end in ("low", "high"))
        factor = self._factors.get(unit_of(limits["after"] or limits["unit"] or ""))
        if low is None or high is None or factor is None or not low <= high:
            return None
        return _finite((low + high) / 2 * factor)


PLAIN_UNITS = NumberStyle().units


@dataclass(frozen=True)
class Parts:
    """A cell with one number."""

    sign: float
    core: str
    unit: str
    bound: str = ""
    currency: str = ""


def taken_apart(text: str) -> Parts | None:
    """The parts of a tidy cell; None where it does not hold one number."""
    if PLAIN.fullmatch(text):
        return Parts(-1.0 if text[0] == "-" else 1.0, text.lstrip("+-"), "")
    if len(text) > 2 * LONGEST_UNIT + 8 or not any(map(str.isdigit, text)):
        return None
    text = re.sub(r"(?<=\d)[.,]-{1,2}(?=\D*$)", "", text)  # 12,- and 12.-- of prices
    text = FOOTNOTE.sub("", text)
    found = CELL.fullmatch(text)
    if found is None or bool(found["open"]) != bool(found["close"]):
        return None
    after = (found["after"] or "").strip()
    credit = after.lower() in ("cr", "dr")
    unit = "" if credit else unit_of(after)
    signs = (found["sign"], found["minus"], found["behind"])
    negative = ("-" in signs) != bool(found["open"]) or after.lower() == "cr"
    if (
        len(unit) > LONGEST_UNIT
        or len(unit.split()) > MOST_UNITS
        or any(map(str.isdigit, unit[:-1]))
    ):
        return None
    return Parts(
        -1.0 if negative else 1.0, found["core"].strip(), unit, found["bound"] or "",
        found["before"] or "",
    )  # fmt: skip


def unit_of(text: str) -> str:
    """A unit in the form that it is compared in: small letters, no currency, no points; capital M
    stays.
    """
    text = re.sub(rf"^(?:{CURRENCY})(?![^\W\d_])|(?<![^\W\d_])(?:{CURRENCY})$", "", text.strip(),
                  flags=re.IGNORECASE).strip(" .,-/")  # fmt: skip
    return "M" if text == "M" else text.replace(".", "").casefold().removesuffix(" ago")


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None


def number_style(cells: Mapping[str, int], default: str = ".") -> NumberStyle | None:
    """How the numbers among these cells are written; None where there are none, or where units
    differ too much to be those of one amount.

    Args:
        cells: those with a value, and how often each is there.
        default: decimal sign of the table.

    """
    texts = {cell: tidy(cell) for cell in cells}
    family = _common_family(texts, cells)
    parts = {cell: found for cell, text in texts.items() if (found := taken_apart(text))}
    limits = [each for text in texts.values() if (each := RANGE.fullmatch(text))]
    shares = [each for text in texts.values() if (each := SHARE.fullmatch(text))]
    wholes = {each[2] for each in shares}
    if len(shares) > 0.5 * len(texts) and len(wholes) == 1:
        decimal = decimal_of(Counter(each[1] for each in shares), default)
        return NumberStyle(decimal, whole=float(wholes.pop()))
    if _are_fractions(texts.values()):
        return NumberStyle(whole=EACH)
    added = any(map(SUM.fullmatch, texts.values()))
    if not parts and not limits and not family:
        return NumberStyle() if added else None
    cores = Counter([found.core for found in parts.values()])
    cores.update(each[end] for each in limits for end in ("low", "high"))
    money = any(map(MONEY.search, texts.values()))
    decimal = decimal_of(cores, default, money=money)
    if family:
        return NumberStyle(decimal, tuple(FAMILIES.get(family, {"": 1.0}).items()), family)
    counted: Counter[str] = Counter()
    for cell, found in parts.items():
        counted[found.unit] += cells[cell]
    for each in limits:
        counted[unit_of(each["after"] or each["unit"] or "")] += 1
    units = _factors(counted, any(found.currency for found in parts.values()))
    if units == list(PLAIN_UNITS):  # as Less than 1 year, where the others are numbers of years
        bounded = {found.unit for found in parts.values() if found.bound and found.unit}
        units += [(unit, 1.0) for unit in sorted(bounded) if family_of(unit) == "time"]
    return None if units is None else NumberStyle(decimal, tuple(units))


def _are_fractions(texts: Collection[str]) -> bool:
    """Whether cells are many fractions with few denominators, as of odds and inches."""
    found = [each for text in texts if (each := FRACTION.fullmatch(text))]
    denominators = {each[3] for each in found}
    whole = sum(text.isdigit() for text in texts)
    return (
        len(found) >= LEAST_FRACTIONS
        and len(denominators) <= len(found) / 2
        and len(found) + whole > NEARLY_ALL * len(texts)
    )


def _common_family(texts: Mapping[str, str], cells: Mapping[str, int]) -> str:
    """The family that a good part of the cells has in several pieces."""
    counted: Counter[str] = Counter()
    for cell, text in texts.items():
        if family := family_in_pieces(text):
            counted[family] += cells[cell]
    if are_feet(texts.values()):
        return "length"
    if are_angles(texts.values()):
        return "angle"
    most = counted.most_common(1)
    return most[0][0] if most and most[0][1] >= RARE * sum(cells.values()) else ""


def _factors(counted: Counter[str], currency: bool) -> list[tuple[str, float]] | None:
    """What a number with each unit is multiplied by."""
    total = sum(counted.values())
    usual = [unit for unit, count in counted.items() if count >= RARE * total]
    named = [unit for unit in usual if unit]
    scaled = [unit for unit in counted if unit in SCALES]
    thousands = any(SCALES[unit] == 1000.0 for unit in scaled)
    if scaled and set(named) <= SCALES.keys() and (thousands or currency or set(named) - {"m"}):
        return [(unit, SCALES.get(unit, 1.0)) for unit in counted if unit in SCALES or not unit]
    flags = [unit for unit in counted if len(unit) == 1 and unit.isalpha()]
    if counted[""] > MOSTLY_BARE * total and set(named) <= set(flags) and _are_flags(flags):
        return [("", 1.0), *((unit, 1.0) for unit in flags)]
    families = {family_of(unit) for unit in named}
    if len(families) == 1 and (family := families.pop()) and len(named) > 1:
        base = FAMILIES[family][max(named, key=counted.__getitem__)]
        known = [unit for unit in counted if unit in FAMILIES[family]]
        return [("", 1.0), *((unit, FAMILIES[family][unit] / base) for unit in known)]
    letters = [unit for unit in named if len(unit) == 1 and unit.isalpha() and not family_of(unit)]
    ratios = [unit for unit in named if unit[0] == ":"]
    if len(named) > MOST_UNITS or not usual or (letters and len(usual) > 1) or len(ratios) > 1:
        return None  # as the letters behind the numbers of houses, and 16:9 beside 4:3
    return [
        (unit, _scale(unit)) for unit in sorted({"", *named} if named or "" in usual else usual)
    ]


def _scale(unit: str) -> float:
    """What the first of several words behind a number multiplies it by, as of 30k a year."""
    first, *more = unit.split() or [""]
    return SCALES.get(first, 1.0) if more and not family_of(first) else 1.0


def _are_flags(letters: Collection[str]) -> bool:
    """Whether letters behind numbers are remarks such as b for a break in a series; those of houses
    begin with a, and those of scales and units are known.
    """
    plain = [letter for letter in letters if letter not in SCALES and not family_of(letter)]
    return len(letters) > 1 and "a" not in letters and bool(plain)
