"""Files of curves as tables: CSV of any separator, and JSON."""

import csv
import math
import re
from pathlib import Path

from recipe.core.errors import UsageError
from recipe.core.files import read_plain, why
from recipe.logs.json_records import records_of

BLANK = frozenset({"", "na", "n/a", "none", "null", "-", "--", "no log"})
"""What loggers write where there is no value. NaN may be a value: a loss that is not a number."""
_TENSOR = re.compile(r"tensor\(\s*([^,)]+)")
Table = tuple[list[str], list[list[str]]]
"""Header and rows, as text."""


def read_table(path: Path) -> Table:
    """The header and the rows below it; cells are stripped, rows as long as the header.

    Raises:
        UsageError: the file cannot be read, or has no rows.

    """
    try:
        text = read_plain(path).decode("utf-8-sig")
    except (OSError, ValueError) as error:
        if isinstance(error, UnicodeDecodeError):
            raise UsageError(f"{str(path)!r} is no text file: export the curves as CSV.") from error
        raise UsageError(f"{str(path)!r} cannot be read ({why(error)}).") from error
    header, rows = _records(text, path) if text.lstrip()[:1] in ("{", "[") else _lines(text, path)
    if not rows:
        raise UsageError(f"{str(path)!r} has no rows below a header.")
    width = len(header)
    return header, [(row + [""] * width)[:width] for row in rows]


def _lines(text: str, path: Path) -> Table:
    lines = [line for line in text.splitlines() if line.strip()]
    comments = [line.lstrip("# ") for line in lines if line.startswith("#")]
    lines = [line for line in lines if not line.startswith("#")]
    if not lines:
        return [], []
    try:
        rows = _split(lines)
    except csv.Error as error:
        raise UsageError(f"{str(path)!r} cannot be read as CSV ({error}).") from error
    if all(map(is_number, rows[0])):
        rows.insert(0, _names_above(comments, len(rows[0]), path))
    header, *below = rows
    rule = re.compile(r"[-:= ]*")  # the line below the header of a Markdown table
    return header, [row for row in below if not all(map(rule.fullmatch, row))]


def _split(lines: list[str]) -> list[list[str]]:
    counts = {separator: lines[0].count(separator) for separator in ",;\t|"}
    separator = max(counts, key=counts.__getitem__)
    if counts[separator] == 0 and len(lines[0].split()) > 1:
        rows = [line.split() for line in lines]
    else:
        rows = list(csv.reader(lines, delimiter=separator))
    return [[cell.strip() for cell in row] for row in rows]


def _names_above(comments: list[str], width: int, path: Path) -> list[str]:
    """The header that a comment above the numbers is, as numpy.savetxt writes it."""
    for comment in reversed(comments):
        for names in (*_split([comment]), comment.split()):
            if len(names) == width and not any(map(is_number, names)):
                return names
    raise UsageError(
        f"{str(path)!r} begins with a row of numbers: write the names of the columns above it, "
        "as in epoch,train_loss,val_loss."
    )


def _records(text: str, path: Path) -> Table:
    records = records_of(text, path)
    header = list(dict.fromkeys(name for record in records for name in record))
    return header, [[_text(record.get(name)) for name in header] for record in records]


def _text(value: object) -> str:
    return "" if value is None or isinstance(value, dict | list) else str(value)


LARGEST = 1e100
"""Float32 ends at 3e38: what is larger has diverged, and sums of it have no meaning."""


def number(cell: str) -> float | None:
    """The number in a cell, None when it is blank; `12 %` is 0.12.

    Raises:
        ValueError: it is neither.

    """
    if cell.lower() in BLANK:
        return None
    inside = _TENSOR.match(cell)
    plain = (inside[1] if inside else cell).replace(",", ".").strip()
    value = float(plain[:-1]) / 100 if plain.endswith("%") else float(plain)
    return math.copysign(math.inf, value) if abs(value) > LARGEST else value


def is_number(cell: str) -> bool:
    """Whether the cell holds a finite number."""
    try:
        value = number(cell)
    except ValueError:
        return False
    return value is not None and math.isfinite(value)
