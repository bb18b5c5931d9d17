"""Dates and times in a column of a table: which way they are written, and numbers made of them."""

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from recipe.core.errors import UsageError
from recipe.sources.csv_cells import Columns, blank

ISO = "iso"
"""What `datetime.fromisoformat` reads."""
DAYS = (
    "%d.%m.%Y", "%d.%m.%y", "%m/%d/%Y", "%d/%m/%Y", "%m/%d/%y", "%d/%m/%y", "%d-%m-%Y", "%m-%d-%Y",
    "%Y/%m/%d", "%Y.%m.%d", "%d %b %Y", "%d %B %Y", "%d-%b-%Y", "%d-%b-%y", "%b %d, %Y",
    "%B %d, %Y", "%b %d %Y",
)  # fmt: skip
CLOCKS = ("%H:%M:%S", "%H:%M", "%I:%M %p", "%I:%M:%S %p")
FORMATS = (ISO, *DAYS, *(f"{day} {clock}" for day in DAYS for clock in CLOCKS), "%Y-%m", *CLOCKS)
"""Tried in this order; of two that fit, the first is taken unless only the other is in order."""
LETTERS = {
    "%d": "day", "%m": "month", "%b": "month", "%B": "month", "%Y": "year", "%y": "year",
    "%H": "hour", "%I": "hour", "%M": "minute", "%S": "second", "%p": "am or pm",
}  # fmt: skip
LOOKED_AT = 200
DAY = 86400.0
Moment = dt.datetime
PARTS: Mapping[str, Callable[[Moment, Moment], float]] = {
    "year": lambda at, _: at.year,
    "month": lambda at, _: at.month,
    "day of week": lambda at, _: at.weekday(),
    "hour": lambda at, _: (
        (at - at.replace(hour=0, minute=0, second=0, microsecond=0)).seconds / 3600
    ),
    "days": lambda at, first: (at - first).total_seconds() / DAY,
}
"""Numbers that a moment becomes, from it and the first moment of the training rows."""
CYCLIC = ("month", "day of week", "hour")
"""Parts whose values come again later."""


@dataclass(frozen=True)
class Dates:
    """A column of dates or times."""

    name: str
    format: str
    """See FORMATS."""
    first: str
    """The first one of the training rows, in ISO form."""
    parts: tuple[str, ...]
    """Those of PARTS that vary in the training rows."""

    def column(self, part: str) -> str:
        """The name of the column that holds a part."""
        return f"{self.name}: {'days since the first' if part == 'days' else part}"


def moment(cell: str, form: str) -> Moment | None:
    """What a cell says in this format, in UTC where it names a zone; None when it says nothing."""
    try:
        found = dt.datetime.fromisoformat(cell) if form == ISO else dt.datetime.strptime(cell, form)  # noqa: DTZ007
    except ValueError:
        return None
    return found if found.tzinfo is None else found.astimezone(dt.UTC).replace(tzinfo=None)


def date_format(cells: Sequence[str]) -> tuple[str, str | None] | None:
    """How the dates of a column are written, and how they may be meant as well where day and month
    cannot be told apart; None where it holds no dates.
    """
    filled = [cell for cell in cells if not blank(cell)]
    if not filled or not all(_may_be_one(cell) for cell in filled[:LOOKED_AT]):
        return None
    fits = [form for form in FORMATS if moment(filled[0], form)]
    fits = [form for form in fits if all(moment(cell, form) for cell in filled)]
    if not fits:
        return None
    ordered = [form for form in fits if _in_order(filled, form)]
    if len(ordered) == 1:
        return ordered[0], None
    other = next((form for form in fits[1:] if _days(form) != _days(fits[0])), None)
    return fits[0], other


def _may_be_one(cell: str) -> bool:
    return any(mark in cell for mark in "-/.: ") and any(sign.isdigit() for sign in cell)


def _in_order(cells: Sequence[str], form: str) -> bool:
    """Whether the rows stand in the order of time, one way or the other."""
    found = [at for cell in cells if (at := moment(cell, form))]
    return all(a <= b for a, b in pairwise(found)) or all(a >= b for a, b in pairwise(found))


def _days(form: str) -> str:
    return form.partition(" %H")[0].partition(" %I")[0]


def described(form: str) -> str:
    """A format in words, as in day/month/year."""
    if form == ISO:
        return "year-month-day"
    for letter, word in LETTERS.items():
        form = form.replace(letter, word)
    return form


def dates_of(table: Columns, name: str, form: str, rows: Sequence[int]) -> Dates | None:
    """What these training rows say about a column; None where all of them are the same moment."""
    found = [at for row in rows if (at := moment(table.column(name)[row], form))]
    if not found:
        return None
    first = min(found)
    parts = [part for part, value in PARTS.items() if len({value(at, first) for at in found}) > 1]
    if form in CLOCKS and "days" in parts:
        parts.remove("days")  # the hour says it
    return Dates(name, form, first.isoformat(), tuple(parts)) if parts else None


def moments(table: Columns, name: str, form: str) -> list[Moment | None]:
    """A column as moments, None where a cell is blank.

    Raises:
        UsageError: a cell holds something else.

    """
    found = []
    for row, cell in enumerate(table.column(name)):
        at = None if blank(cell) else moment(cell, form)
        if at is None and not blank(cell):
            raise UsageError(
                f"{table.path}: {name!r} holds {cell!r} in row {table.rows[row]}, and is a column "
                f"of dates ({described(form)}): write it so, or leave it blank."
            )
        found.append(at)
    return found


def expanded(table: Columns, dates: Sequence[Dates]) -> Columns:
    """The table, and behind its columns one for each part of its dates.

    Raises:
        UsageError: a cell of dates holds something else.

    """
    names, cells = list(table.names), list(table.cells)
    for each in dates:
        first = dt.datetime.fromisoformat(each.first)
        found = moments(table, each.name, each.format)
        for part in each.parts:
            value = PARTS[part]
            names.append(each.column(part))
            cells.append(tuple("" if at is None else repr(value(at, first)) for at in found))
    return replace(table, names=tuple(names), cells=tuple(cells))
