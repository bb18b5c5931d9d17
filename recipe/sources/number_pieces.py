"""Amounts in several pieces, as 5'11", 2 h 30 min, 1:02:03 and 52°31'N."""

import re
from collections.abc import Collection, Iterable

from recipe.sources.plain_numbers import plain_value
from recipe.sources.units import FAMILIES

PIECE = re.compile(r"(\d+(?:[.,]\d+)?)\s*([^\d\s.,]+)\.?[\s,]*(?:and|und)?\s*")
HOURS = re.compile(r"\d+\s?h\s?\d\d", re.IGNORECASE)
FEET = re.compile(r"\d+'\s?\d+")
FEET_AND_INCHES = re.compile(r"^([3-8])-(\d|1[01])$")
CLOCK = re.compile(
    r"[+-]?(?:(\d+)\s*(?:days?|d|tage?)?[\s,]+)?(\d+):(\d\d(?:\.\d+)?)(?::(\d\d(?:\.\d+)?))?"
)
ISO_SPAN = re.compile(r"p(?:(\d+)d)?t(?:(\d+)h)?(?:(\d+)m)?(?:(\d+(?:\.\d+)?)s)?", re.IGNORECASE)
"""As PT1H20M."""
ANGLE = re.compile(
    r"(?P<sign>-)?(?P<deg>\d{1,3}(?:\.\d+)?)\s?°?\s?(?:(?P<min>\d{1,2}(?:\.\d+)?)\s?')?\s?"
    r"(?:(?P<sec>\d{1,2}(?:\.\d+)?)\s?(?:\"|''))?\s?(?P<side>[NSEWO])?",
    re.IGNORECASE,
)
MOSTLY, LEAST_FEET = 0.9, 3


def in_pieces(text: str, family: str) -> float | None:
    """What a cell in several pieces says, as 5'11" or 2 h 30 min, in the base unit of its family;
    one piece is enough where it has a unit.
    """
    if family == "angle":
        return _angle(text)
    if family == "time" and (clock := CLOCK.fullmatch(text)):
        days, first, second, third = (float(each or 0) for each in clock.groups())
        seconds = 86400 * days + (3600 * first + 60 * second + third if clock[4] else
                                  60 * first + second)  # fmt: skip
        return -seconds if text[0] == "-" else seconds
    if family == "time" and (span := ISO_SPAN.fullmatch(text)):
        days, hours, minutes, seconds = (float(each or 0) for each in span.groups())
        return 86400 * days + 3600 * hours + 60 * minutes + seconds
    if family == "time":
        text = re.sub(r"(?<=\d)\s?h\s?(\d\d)$", r"h \1min", text)
    if family == "length":
        text = FEET_AND_INCHES.sub(r"\1'\2", text)
        text = f'{text}"' if FEET.fullmatch(text) else text
    place, total = 0, 0.0
    while place < len(text):
        piece = PIECE.match(text, place)
        if piece is None:
            return None
        factor = FAMILIES[family].get(piece[2].casefold())
        value = plain_value(piece[1], ".")
        if factor is None or value is None:
            return None
        total, place = total + value * factor, piece.end()
    return total if place else None


def family_in_pieces(text: str) -> str:
    """The family of a cell in two pieces or more, or of a duration such as 1:23:45."""
    if CLOCK.fullmatch(text) or ISO_SPAN.fullmatch(text):
        return "time"
    if len(PIECE.findall(text)) < 2 and not FEET.fullmatch(text) and not HOURS.fullmatch(text):
        return ""
    return next((each for each in FAMILIES if in_pieces(text, each) is not None), "")


def are_angles(texts: Collection[str]) -> bool:
    """Whether cells are degrees with the side of the earth, as 52°31'N and 13.4 E."""
    found = [each for text in texts if (each := ANGLE.fullmatch(text))]
    sides = {(each["side"] or "").upper() for each in found} - {""}
    return (
        len(found) > MOSTLY * len(texts)
        and len(sides) > 0
        and (sides <= {"N", "S"} or sides <= {"E", "W", "O"})
        and (len(sides) > 1 or any("°" in text for text in texts))
    )


def _angle(text: str) -> float | None:
    """Degrees, negative in the south and in the west."""
    found = ANGLE.fullmatch(text)
    if found is None:
        return None
    whole, minutes, seconds = (float(found[each] or 0) for each in ("deg", "min", "sec"))
    value = whole + minutes / 60 + seconds / 3600
    return -value if found["sign"] or (found["side"] or "").upper() in {"S", "W"} else value


def are_feet(texts: Iterable[str]) -> bool:
    """Whether cells are heights such as 6-7; as ranges some would go down."""
    found = [FEET_AND_INCHES.fullmatch(text) for text in texts if any(map(str.isdigit, text))]
    return len(found) > LEAST_FEET and all(found) and any(
        each and int(each[1]) > int(each[2]) for each in found)  # fmt: skip
