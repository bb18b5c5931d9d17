"""A CSV file as columns of text, and which of their cells are numbers."""

import codecs
import csv
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from recipe.core.errors import UsageError

BLANK = frozenset({"", "?", "na", "n/a", "nan", "null", "none", "-",
                   "--", ".", "#n/a", "<na>", "nat", "#value!", "#ref!", "#div/0!"})  # fmt: skip
"""Cells that say that there is no value."""
SEPARATORS = ",;\t|"
MOST_ABOVE = 50
"""Lines that are looked at to tell comments above the header."""
SEPARATOR_LINE = re.compile(r'"?sep=(.)"?')
"""What spreadsheets write above the header."""


@dataclass(frozen=True)
class Columns:
    """The table: names, and below each of them its cells."""

    names: tuple[str, ...]
    cells: tuple[tuple[str, ...], ...]
    """By column, then by row."""
    decimal: str = "."
    header: bool = True
    """Whether the file names its columns."""
    rows: tuple[int, ...] = ()
    """Where each row stands below the header, counted from 1: rows without any value are left out.
    """
    path: Path = Path()
    """Of the file."""
    notes: tuple[str, ...] = ()
    """What was converted or passed over in reading, in sentences for the user."""

    def __len__(self) -> int:
        """Number of rows."""
        return len(self.cells[0])

    def column(self, name: str) -> tuple[str, ...]:
        """The cells of a column."""
        return self.cells[self.names.index(name)]

    def numbers(self, name: str) -> list[float | None] | None:
        """The column as numbers, None where a cell is blank; None when it holds words."""
        found = [number(cell, self.decimal) for cell in self.column(name) if not blank(cell)]
        if not found or None in found:
            return None
        return [None if blank(c) else number(c, self.decimal) for c in self.column(name)]


def blank(cell: str) -> bool:
    """Whether there is no value in a cell."""
    return cell.lower() in BLANK


def number(cell: str, decimal: str = ".") -> float | None:
    """The number that a cell holds; None when it holds none."""
    try:
        return float(cell.replace(decimal, "."))
    except ValueError:
        return None


def read_csv(path: Path, header: bool | None = None, decimal: str | None = None) -> Columns:
    """Read a table; one without a header gets the names `1`, `2` and so on.

    Args:
        path: of the file.
        header: whether its first row names the columns; None: as it looks.
        decimal: what stands between whole and part; None: as most of its numbers have it.

    Raises:
        UsageError: the file cannot be read, has no rows, or rows of unlike length.

    """
    text, notes = _text(path)
    separator, text, above = _without_preamble(text)
    found = _rows(text, separator, path)
    places, rows = list(found), list(found.values())
    decimal = decimal or _decimal(rows, separator)
    named = _is_header(rows, decimal) if header is None else header
    names = rows.pop(0) if named else _numbered(len(rows[0]))
    first = places.pop(0) if named else 0
    if not rows:
        raise UsageError(f"{str(path)!r} has a header and no rows below it.")
    odd = next((i for i, row in enumerate(rows) if len(row) != len(names)), None)
    if odd is not None:
        raise UsageError(_of_unlike_length(path, names, rows, odd, places[odd] - first))
    cells = tuple(zip(*rows, strict=True))
    below = tuple(place - first for place in places)
    return Columns(unique_names(names), cells, decimal, named, below, path, (*notes, *above))


def _of_unlike_length(
    path: Path, names: list[str], rows: list[list[str]], odd: int, place: int
) -> str:
    """What is said of rows of unlike length: where all rows agree, the first line is odd."""
    if len(rows) > 1 and len({len(row) for row in rows}) == 1:
        shown = " ".join(filter(None, names))
        return (
            f"{str(path)!r} has {len(names)} {'cell' if len(names) == 1 else 'cells'} in its first "
            f"line ({shown!r}) and {len(rows[0])} in every row below it: remove that line, or fix "
            "the header."
        )
    return (
        f"{str(path)!r} has {len(rows[odd])} cells in row {place} and {len(names)} columns: "
        "fix that row."
    )


def _text(path: Path) -> tuple[str, tuple[str, ...]]:
    """What the file holds, and a sentence where it is in no usual encoding."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise UsageError(f"{str(path)!r} cannot be read ({error.strerror}).") from error
    encodings = {
        "utf-8-sig": (), "cp1252": ("It is not UTF-8 and is read as Windows-1252.",),
        "latin-1": ("It is not UTF-8 and is read as Latin-1.",),
    }  # fmt: skip
    if content[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
        encodings = {"utf-16": ("It is read as UTF-16.",)}
    elif b"\0" in content:
        raise UsageError(f"{str(path)!r} is no text file: export the table as CSV.")
    for encoding, notes in encodings.items():
        try:
            return content.decode(encoding), notes
        except UnicodeDecodeError:
            continue
    raise UsageError(f"{str(path)!r} is broken UTF-16 text: export the table as UTF-8.")


def _is_row(line: str) -> bool:
    return bool(line.strip()) and not line.startswith("#")


def _without_preamble(text: str) -> tuple[str, str, tuple[str, ...]]:
    """The separator, the text from the header on, and sentences about lines that were passed over:
    `sep=;`, and comments that do not look like the line below them.
    """
    notes: list[str] = []
    while True:
        first, _, rest = text.lstrip("\r\n").partition("\n")
        first = first.strip("\r")
        below = next((line for line in rest.split("\n", MOST_ABOVE) if _is_row(line)), "")
        if found := SEPARATOR_LINE.fullmatch(first):
            return found[1], rest, (*notes, f"The line {first!r} above the header is passed over.")
        comment = first.startswith("#") and bool(below)
        separator = max(SEPARATORS, key=(below if comment else first).count)
        if not comment or first.count(separator) == below.count(separator):
            return max(SEPARATORS, key=first.count), text, tuple(notes)
        notes.append(f"The comment {first!r} above the header is passed over.")
        text = rest


def _rows(text: str, separator: str, path: Path) -> dict[int, list[str]]:
    """The rows that have any value, by their place in the file, counted from 1."""
    lines = io.StringIO(text, newline="")  # not str.splitlines: a cell may hold U+2028 or U+0085
    rows = csv.reader(lines, delimiter=separator, skipinitialspace=True)
    try:
        cut = [[cell.strip() for cell in row] for row in rows]
    except csv.Error as error:
        raise UsageError(f"{str(path)!r} cannot be read as a table ({error}).") from error
    found = {place: row for place, row in enumerate(cut, 1) if any(row)}
    if not found:
        raise UsageError(f"{str(path)!r} is empty: name a table with a row per item.")
    return found


def _decimal(rows: list[list[str]], separator: str) -> str:
    """What most numbers have before their part."""
    if separator != ";":
        return "."
    cells = [cell for row in rows for cell in row]
    commas = sum("," in cell and number(cell, ",") is not None for cell in cells)
    points = sum("." in cell and number(cell) is not None for cell in cells)
    return "," if commas > points else "."


def _is_header(rows: list[list[str]], decimal: str) -> bool:
    """Whether the first row names the columns: it has no numbers, or they count the columns, as
    where an array was saved with the names 0, 1, 2.
    """
    found = [value for cell in rows[0] if (value := number(cell, decimal)) is not None]
    counted = [float(round(found[0])) + index for index in range(len(found))] if found else []
    return found == counted and (not found or (len(found) > 1 and found[0] in {0.0, 1.0}))


def _numbered(columns: int) -> list[str]:
    return [str(index + 1) for index in range(columns)]


def unique_names(names: Sequence[str]) -> tuple[str, ...]:
    """Every column its own name: of two alike, and of none, the place is added."""
    seen: set[str] = set()
    unique = []
    for index, name in enumerate(names):
        free = name if name and name not in seen else f"{name or 'column'} {index + 1}"
        while free in seen:
            free = f"{free} {index + 1}"
        seen.add(free)
        unique.append(free)
    return tuple(unique)
