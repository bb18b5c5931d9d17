"""Text as a table: delimited by any separator, aligned, or in Markdown."""

import csv
import re
from dataclasses import dataclass, field
from itertools import islice

from recipe.logs.cells import BLANK, is_number
from recipe.logs.column_names import counts_steps, is_epoch, is_measure

LOOKED_AT = 200
"""Rows by which a text is known to be a table."""
MOST_ABOVE = 10
"""Lines of a title above the names of columns."""
MOSTLY = 0.8
"""Of them, those that are as wide as the header."""
_RULE = re.compile(r"[-:=+|_ ]*")
_SEPARATORS = ",;\t|"
Row = list[str]


@dataclass
class Table:
    """Header and rows, as they stand; rows are as long as the header."""

    header: list[str]
    rows: list[list[object]]
    starts: list[int] = field(default_factory=list)
    """Rows before which the header stood again."""


def table_of(text: str) -> Table | None:
    """The table that a text is; None where it is none.

    Raises:
        UsageError: it is one whose columns have no names.

    """
    lines = text.split("\n") if "\r" not in text else text.splitlines()
    lines = [line for line in lines if line and not line.isspace()]
    comments = [line.lstrip("# ") for line in islice(lines, LOOKED_AT) if line.startswith("#")]
    if comments:
        lines = [line for line in lines if not line.startswith("#")]
    if lines and _RULE.fullmatch(lines[0]) and _named_in_two_lines(lines[1:3]):
        return None  # which the reader of text logs takes
    if not lines:
        return None
    way = _way(lines[:LOOKED_AT])
    if way is None:
        lines = _from_header(lines)
        way = _way(lines[:LOOKED_AT]) if lines else None
    if way is None:
        return None
    try:
        rows = _split(lines, way)
    except csv.Error:
        return None
    if way != "words" and (" " in text or "\t" in text):
        rows = [[cell.strip() for cell in row] for row in rows]
    header = rows[0]
    if all(map(_is_value, header)):
        names = _names_above(comments, len(header))
        rows.insert(0, names or [str(place) for place in range(1, len(header) + 1)])
    return _table(rows)


def _named_in_two_lines(lines: list[str]) -> bool:
    bars = {line.count("|") for line in lines}
    return (
        len(lines) == 2 and len(bars) == 1 and bars != {0} and not re.search(r"\d", "".join(lines))
    )


def _from_header(lines: list[str]) -> list[str]:
    """The lines from that on which names the columns, below a title; empty where none is near."""
    for start in range(1, min(MOST_ABOVE, len(lines) - 2)):
        for separator in _SEPARATORS:
            cells = [cell.strip() for cell in lines[start].split(separator)]
            width = len(cells)
            named = width > 1 and any(is_measure(c) or is_epoch(c) for c in cells)
            below = lines[start + 1].count(separator) == lines[start + 2].count(separator)
            if named and below and lines[start + 1].count(separator) == width - 1:
                return [] if any(map(_is_pair, cells)) else lines[start:]
    return []


def _way(lines: list[str]) -> str | None:
    """How cells are divided: a separator, `words`, or `wide` gaps; None where it is no table."""
    counts = {s: lines[0].count(s) for s in _SEPARATORS}
    separator = max(counts, key=counts.__getitem__)
    ways = [separator] if counts[separator] else []
    for way in (*ways, "words", "wide"):
        try:
            rows = [[cell.strip() for cell in row] for row in _split(lines, way)]
        except csv.Error:
            continue
        if _looks_like_one(rows, parted_by_blanks=way in ("words", "wide")):
            return way
    return "words" if len(lines) > 1 and all(map(is_number, lines)) else None


def _split(lines: list[str], way: str) -> list[Row]:
    if way == "words":
        return [line.split() for line in lines]
    if way == "wide":
        return [re.split(r"\t+\s*|\s{2,}", line.strip()) for line in lines]
    if way == "|":
        return [_inside(line).split("|") for line in lines]
    return list(csv.reader(lines, delimiter=way))


def _inside(line: str) -> str:
    """A row of a Markdown table without the bars at its ends."""
    bare = line.strip()
    return bare[1:-1] if bare.startswith("|") and bare.endswith("|") and len(bare) > 1 else bare


def _looks_like_one(rows: list[Row], *, parted_by_blanks: bool) -> bool:
    """Whether the first row names what stands below it, in columns of which some are numbers."""
    kept = [row for row in rows if not _is_rule(row)]
    if not kept:
        return False
    header, *below = kept
    if all(map(_is_value, header)):
        return len(header) > 1 and len(below) > 0 and all(len(r) == len(header) for r in below)
    width = len(header)
    if not below:
        return all(_is_name(cell) for cell in header) and any(map(is_measure, header))
    if any(map(is_number, header)) and width > 1 and not all(map(_is_name, header[1:])):
        return False
    if width == 1:
        cells = [row[0] for row in below if row]
        short = (
            len(header[0].split()) < 5
            and not header[0].endswith(":")
            and all(len(row) == 1 for row in below if row)
        )
        values = sum(map(_is_value, cells))
        plain = is_measure(header[0]) and not re.search(r"\d", header[0])
        named = values >= MOSTLY * len(cells) > 0 or plain
        return short and not _is_pair(header[0]) and named
    if parted_by_blanks and not any(map(_is_known, header)):
        telling = sum(any(_is_known(cell) or _is_pair(cell) for cell in row) for row in below)
        if 2 * telling > len(below):
            return False  # a sentence above lines that name what they tell
    alike = sum(len(row) in (width, width + 1) for row in below)
    if alike < MOSTLY * len(below) or any(map(_is_pair, header)):
        return False
    columns = zip(*(row[:width] for row in below if len(row) >= width), strict=True)
    return any(
        sum(_is_value(cell) or cell.lower() in BLANK for cell in column) >= MOSTLY * len(column)
        and any(map(_is_value, column))
        for column in columns
    )


def _is_value(cell: str) -> bool:
    return is_number(cell) or cell.lower() in ("nan", "inf", "-inf", "+inf", "infinity")


def _is_known(cell: str) -> bool:
    """Whether it is a name that logs hold."""
    return is_measure(cell) or is_epoch(cell) or counts_steps(cell)


def _is_pair(cell: str) -> bool:
    """Whether a cell holds a name and its value: a line of a text log."""
    return bool(re.search(r"[A-Za-z_)\]]\s*[:=]\s*[-+\[(]*\d", cell))


def _is_name(cell: str) -> bool:
    return not is_number(cell)


def _is_rule(row: Row) -> bool:
    return all(map(_RULE.fullmatch, row))


def _names_above(comments: list[str], width: int) -> Row | None:
    """The header that a comment above the numbers is, as numpy.savetxt writes it."""
    for comment in reversed(comments):
        for names in (*csv.reader([comment]), comment.split()):
            if len(names) == width and not any(map(is_number, names)):
                return [name.strip() for name in names]
    return None


def _table(rows: list[Row]) -> Table:
    """Rows below their header; one that stands again, changed or not, begins a part."""
    header = list(rows[0])
    table = Table(header, [])
    width = len(header)
    if all(len(r) == width and r[0] != header[0] and r[0].strip("-:=+|_ ") for r in rows[1:]):
        table.rows = [list(row) for row in rows[1:]]
        return table
    places = list(range(len(header)))
    for row in rows[1:]:
        if _is_rule(row) and any(row):
            continue
        if _is_header(row, header):
            table.starts.append(len(table.rows))
            header.extend(dict.fromkeys(name for name in row if name not in header))
            places = [header.index(name) for name in row]
            continue
        table.rows.append(_placed(row, places, len(header)))
    width = len(header)
    for cells in table.rows if table.starts else ():
        cells.extend([""] * (width - len(cells)))
    return table


def _placed(row: Row, places: list[int], width: int) -> list[object]:
    cells: list[object] = list(row)
    if len(row) == width and places[-1] == width - 1:
        return cells
    cells = [""] * width
    for place, cell in zip(places, row, strict=False):
        cells[place] = cell
    return cells


def _is_header(row: Row, header: list[str]) -> bool:
    if row[0] != header[0] or not row[0]:
        return False
    return row == header or (len(row) > 1 and not any(map(_is_value, row)))
