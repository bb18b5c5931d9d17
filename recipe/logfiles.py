"""Files of curves as tables: CSV of any separator, JSON lines, and the trainer state of
Hugging Face.
"""

import csv
import json
import math
import re
from pathlib import Path
from typing import Any

from recipe.errors import UsageError

BLANK = frozenset({"", "na", "n/a", "none", "null", "-", "--", "no log"})
"""What loggers write where there is no value. NaN is a value: a loss that is not a number."""
_TENSOR = re.compile(r"tensor\(\s*([^,)]+)")
Table = tuple[list[str], list[list[str]]]
"""Header and rows, as text."""


def read_table(path: Path) -> Table:
    """The header and the rows below it; cells are stripped, rows as long as the header.

    Raises:
        UsageError: the file cannot be read, or has no rows.

    """
    try:
        text = path.read_text("utf-8-sig")
    except OSError as error:
        raise UsageError(f"{str(path)!r} cannot be read ({error.strerror}).") from error
    except UnicodeDecodeError as error:
        raise UsageError(f"{str(path)!r} is no text file: export the curves as CSV.") from error
    header, rows = _records(text, path) if text.lstrip()[:1] in ("{", "[") else _lines(text)
    if not rows:
        raise UsageError(f"{str(path)!r} has no rows below a header.")
    width = len(header)
    return header, [(row + [""] * width)[:width] for row in rows]


def _lines(text: str) -> Table:
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    if not lines:
        return [], []
    counts = {separator: lines[0].count(separator) for separator in ",;\t|"}
    separator = max(counts, key=counts.__getitem__)
    if counts[separator] == 0 and len(lines[0].split()) > 1:
        rows = [line.split() for line in lines]
    else:
        rows = list(csv.reader(lines, delimiter=separator))
    header, *below = [[cell.strip() for cell in row] for row in rows]
    rule = re.compile(r"[-:= ]*")  # the line below the header of a Markdown table
    return header, [row for row in below if not all(map(rule.fullmatch, row))]


def _records(text: str, path: Path) -> Table:
    """A list of records, `log_history` within an object, or a record per line."""
    try:
        given: Any = json.loads(text)
    except json.JSONDecodeError:
        try:
            given = [json.loads(line) for line in text.splitlines() if line.strip()]
        except json.JSONDecodeError as error:
            raise UsageError(f"{str(path)!r} is no JSON ({error.msg}).") from error
    if isinstance(given, dict):
        lists = {k: v for k, v in given.items() if isinstance(v, list)}
        given = given.get("log_history") or _by_column(lists) or [given]
    records = [record for record in given if isinstance(record, dict)]
    header = list(dict.fromkeys(name for record in records for name in record))
    return header, [[_text(record.get(name)) for name in header] for record in records]


def _by_column(lists: dict[str, list[Any]]) -> list[dict[str, Any]]:
    """Records of a history that holds a list per name, as Keras does."""
    longest = max(map(len, lists.values()), default=0)
    return [
        {name: values[i] for name, values in lists.items() if i < len(values)}
        for i in range(longest)
    ]


def _text(value: object) -> str:
    return "" if value is None or isinstance(value, dict | list) else str(value)


def number(cell: str) -> float | None:
    """The number in a cell, None when it is blank; `12 %` is 0.12.

    Raises:
        ValueError: it is neither.

    """
    if cell.lower() in BLANK:
        return None
    inside = _TENSOR.match(cell)
    plain = (inside[1] if inside else cell).replace(",", ".").strip()
    if plain.endswith("%"):
        return float(plain[:-1]) / 100
    return float(plain)


def is_number(cell: str) -> bool:
    """Whether the cell holds a finite number."""
    try:
        value = number(cell)
    except ValueError:
        return False
    return value is not None and math.isfinite(value)
