"""Where in the rows of a file the table lies: what is above its header and below its last row."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from recipe.sources.cell_numbers import number_style
from recipe.sources.plain_numbers import PLAIN, tidy

COMMENT = re.compile(r"\s*(?:#|%|//)")
TOTAL = re.compile(
    r"\W*(?:grand |sub)?(?:totals?|sum|summe|gesamt(?:summe)?|insgesamt|somme|suma|average|mean|"
    r"mittelwert|durchschnitt)\b\W*(?:all|überall)?\W*",
    re.IGNORECASE,
)
"""The first cell of a row below the table that adds up the others."""
YEAR = re.compile(r"(?:1[89]|2[01])\d\d")
SHOWN_LENGTH = 60
LEAST_WORDS, HALF = 2, 0.5
LEAST_WIDTH = 2
LEAST_BELOW_UNITS, UNITS_SAMPLE, LONGEST_UNIT = 5, 20, 12
"""Rows that a row of units has below it, those that are looked at, and characters of a unit."""


@dataclass
class Found:
    """A table among the rows of a file."""

    names: list[str]
    rows: list[list[str]]
    places: list[int]
    """Of each row, counted from the header, or without one from the beginning, from 1."""
    header: bool
    notes: list[str] = field(default_factory=list)


def is_number(cell: str, decimal: str = ".") -> bool:
    """Whether a cell holds a number, however it is written."""
    if PLAIN.fullmatch(cell) and decimal == ".":
        return True
    style = number_style({cell: 1}, decimal)
    return style is not None and style.value(cell) is not None


def cut_out(rows: dict[int, list[str]], header: bool | None) -> Found:
    """The table: without titles above it, totals and remarks below it, and columns beyond it.

    Args:
        rows: with any value, by their place in the file, counted from 1.
        header: whether the first row names the columns; None: as it looks.

    """
    notes: list[str] = []
    width = usual_width(list(rows.values()))
    rows = {place: _of_width(row, width) for place, row in rows.items()}
    rows = _without_above(rows, width, notes)
    inside = [place for place, row in rows.items() if COMMENT.match(row[0]) and len(row) != width]
    if inside:
        rows = {place: row for place, row in rows.items() if place not in inside}
        lines = "1 comment" if len(inside) == 1 else f"{len(inside)} comments"
        notes.append(f"Passed over: {lines} among the rows.")
    places, cells = list(rows), list(rows.values())
    named = is_header(cells) if header is None else header
    names = cells.pop(0) if named else [str(index + 1) for index in range(len(cells[0]))]
    first = places.pop(0) if named else 0
    if named and _second_header(names, cells):
        below = cells.pop(0)
        names = [low or high for high, low in zip(names, below, strict=True)]
        first = places.pop(0)
    if named and _units_below(names, cells):
        shown = " ".join(filter(None, cells[0]))[:SHOWN_LENGTH]
        notes.append(f"The row of units {shown!r} below the header is left out.")
        del cells[0], places[0]
    if named and cells and len(names) == len(cells[0]) - 1 and all(len(r) == len(cells[0]) for r in cells):  # fmt: skip # noqa: E501
        names = ["", *names]  # as R writes row names
    _fill_up(cells, places, len(names), notes)
    _drop_below(cells, places, len(names), notes)
    return Found(names, cells, [place - first for place in places], named, notes)


def _second_header(names: list[str], cells: list[list[str]]) -> bool:
    """Whether the row below a header with gaps names columns too, as under merged cells."""
    if len(cells) <= LEAST_WIDTH or "" not in names or len(cells[0]) != len(names):
        return False
    below = cells[0]
    gaps = [index for index, name in enumerate(names) if not name]
    named = sum(bool(below[index]) for index in gaps) > 0.5 * len(gaps)
    numbers = any(is_number(cell) for row in cells[1:4] for cell in row)
    return named and numbers and not any(map(is_number, below))


def _units_below(names: list[str], cells: list[list[str]]) -> bool:
    """Whether the first row has short words, which do not come again, above columns of numbers."""
    if len(cells) <= LEAST_BELOW_UNITS or len(cells[0]) != len(names):
        return False
    first = cells[0]
    rows = [row for row in cells[1 : 1 + UNITS_SAMPLE] if len(row) == len(names)]
    found = 0
    for index, cell in enumerate(first):
        if is_number(cell):
            return False
        below = [row[index] for row in rows]
        numbers = sum(map(is_number, below))
        again = any(row[index : index + 1] == [cell] for row in cells[1:])
        found += bool(cell) and len(cell) <= LONGEST_UNIT and not again and numbers > len(below) / 2
    return found > max(1, sum(map(bool, first)) / 2)


def _fill_up(cells: list[list[str]], places: list[int], width: int, notes: list[str]) -> None:
    """Give rows that end early the cells that they lack, and drop headings among the rows."""
    heads = [k for k, row in enumerate(cells[:-1]) if len(row) == 1 < width - 1 and len(cells) > 5]
    if heads and len(heads) < 0.2 * len(cells):
        shown = repr(cells[heads[0]][0][:SHOWN_LENGTH])
        rows = "A row" if len(heads) == 1 else f"{len(heads)} rows"
        notes.append(f"{rows} of one cell among the others, such as {shown}: left out.")
        for k in reversed(heads):
            del cells[k], places[k]
    short = [k for k, row in enumerate(cells) if 1 < len(row) < width]
    if short and len(short) < 0.5 * len(cells):
        rows = f"Row {places[short[0]]} ends" if len(short) == 1 else (
            f"{len(short)} rows, the first is {places[short[0]]}, end")  # fmt: skip
        notes.append(f"{rows} early: the cells that are lacking are taken for missing.")
        for k in short:
            cells[k] = cells[k] + [""] * (width - len(cells[k]))


def usual_width(rows: Sequence[Sequence[str]]) -> int:
    """Cells in most rows, empty ones at their end left out where that is where they differ."""
    counts = Counter(len(row) for row in rows)
    filled = Counter(_filled(row) for row in rows)
    most, often = counts.most_common(1)[0]
    longest = max((width for width, count in filled.items() if count), default=most)
    return min(most, longest) if often == len(rows) and longest >= LEAST_WIDTH else most


def _filled(row: Sequence[str]) -> int:
    """Cells of a row up to the last one that is not empty."""
    return max((index + 1 for index, cell in enumerate(row) if cell), default=0)


def _of_width(row: list[str], width: int) -> list[str]:
    """A row without the empty cells beyond the others."""
    return row[: max(width, _filled(row))]


def _without_above(rows: dict[int, list[str]], width: int, notes: list[str]) -> dict[int, list[str]]:  # fmt: skip # noqa: E501
    """The rows from the header on."""
    kept = dict(rows)
    usual = Counter(sum(map(bool, row)) for row in rows.values()).most_common(1)[0][0]
    for place, row in rows.items():
        if len(kept) <= LEAST_WIDTH:
            return kept
        title = len(row) < width - 1 or (
            width > LEAST_WIDTH and sum(map(bool, row)) < LEAST_WIDTH <= usual
        )
        comment = bool(COMMENT.match(row[0])) and len(row) != width
        below = [each for each in kept.values() if each is not row][:5]
        above = title or comment or _above_a_header(row, below[:2]) or _far_above(row, below)
        if not above:
            return kept
        del kept[place]
        shown = " ".join(filter(None, row))[:SHOWN_LENGTH]
        what = "comment" if COMMENT.match(row[0]) else "line"
        notes.append(f"The {what} {shown!r} above the header is passed over.")
    return kept


def _above_a_header(row: Sequence[str], below: Sequence[Sequence[str]]) -> bool:
    """Whether a row that is one cell short stands above the names of the columns, and is not
    that row, as of a table whose rows have names.
    """
    head, first = below[0], below[-1]
    return len(row) == len(head) - 1 == len(first) - 1 and (
        any(map(is_number, first)) and not any(map(is_number, head))
    )


def _far_above(row: Sequence[str], below: Sequence[Sequence[str]]) -> bool:
    """Whether a row with gaps stands over another one with gaps, and that over the names of the
    columns: a title beside the date of printing, over titles of groups.
    """
    for place, head in enumerate(below[:-1]):
        full = len(head) == len(row) and all(head) and len(set(head)) == len(head)
        gaps = 2 * sum(map(bool, row)) <= len(head)
        if full and not any(map(is_number, head)):
            return place > 0 and gaps and any(map(is_number, below[place + 1]))
    return False


def is_header(rows: Sequence[Sequence[str]]) -> bool:
    """Whether the first row names the columns: it has no numbers where the rows below do, or its
    numbers count the columns, or are years; with words alone it is one where none of them comes
    again below it.
    """
    first, below = rows[0], rows[1:]
    found = [float(tidy(cell)) for cell in first if PLAIN.fullmatch(tidy(cell))]
    if not found:
        return not any(map(is_number, first)) or _above_words(first, below)
    counted = [float(round(found[0])) + index for index in range(len(found))]
    if len(found) > 1 and found == counted:
        return found[0] in {0.0, 1.0} or (1800 < found[0] < 2200 and len(found) < len(first))
    return len(found) < len(first) and (_above_years(first, below) or _above_numbers(first, below))


def _above_numbers(first: Sequence[str], below: Sequence[Sequence[str]]) -> bool:
    """Whether most columns of numbers begin with a word that does not come again, where one may be
    named by a number, as 4046 of a kind of fruit.
    """
    rows = [row for row in below[:UNITS_SAMPLE] if len(row) == len(first)]
    numbers = words = 0
    for index, cell in enumerate(first):
        if len(rows) > LEAST_BELOW_UNITS and all(is_number(row[index]) for row in rows):
            numbers += 1
            words += any(map(str.isalpha, cell)) and not is_number(cell)
    return words >= LEAST_WORDS and words > HALF * numbers


def _above_years(first: Sequence[str], below: Sequence[Sequence[str]]) -> bool:
    """Whether the numbers of a row are years, one after the other and with gaps, and what stands
    below them are none; its words do not come again.
    """
    places = [index for index, cell in enumerate(first) if PLAIN.fullmatch(tidy(cell))]
    years = [first[index] for index in places]
    if len(years) < 2 or not all(map(YEAR.fullmatch, years)) or years != sorted(set(years)):
        return False
    rows = [row for row in below[:UNITS_SAMPLE] if len(row) == len(first)]
    numbers = [row[index] for row in rows for index in places if is_number(row[index])]
    others = [index for index in range(len(first)) if index not in places]
    again = any(row[index] == first[index] for row in rows for index in others)
    return bool(numbers) and not any(map(YEAR.fullmatch, numbers)) and not again


def _above_words(first: Sequence[str], below: Sequence[Sequence[str]]) -> bool:
    """Whether cells that look like numbers, as `1st flr` or `5-10`, stand in a row of names."""
    odd = [index for index, cell in enumerate(first) if is_number(cell)]
    return len(odd) * 2 < len(first) and all(
        not any(row[index] == first[index] for row in below if index < len(row)) for index in odd
    ) and any(re.search(r"[^\W\d_]{2}", first[index]) for index in odd)  # fmt: skip


def _drop_below(cells: list[list[str]], places: list[int], width: int, notes: list[str]) -> None:
    """Take away the rows at the end that belong to no item, and repeated headers."""
    while len(cells) > LEAST_WIDTH:
        row = cells[-1]
        filled = sum(map(bool, row))
        usual = Counter(sum(map(bool, each)) for each in cells[:-1]).most_common(1)[0][0]
        remark = width > LEAST_WIDTH and filled == 1 < usual and (
            len(row) < width or (bool(row[0]) and not is_number(row[0])))  # fmt: skip
        total = any(TOTAL.fullmatch(cell) for cell in row[:LEAST_WIDTH]) and not any(
            TOTAL.fullmatch(c) for each in cells[:-1] for c in each[:LEAST_WIDTH])  # fmt: skip
        total = total or bool(TOTAL.fullmatch(next(filter(None, row), "")) and filled < usual)
        if not remark and not total:
            return
        shown = " ".join(filter(None, row))[:SHOWN_LENGTH]
        what = "adds up the others" if total else "belongs to no item"
        notes.append(f"The last row {shown!r} {what} and is left out.")
        cells.pop()
        places.pop()
