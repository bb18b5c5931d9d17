"""What a user is told about the cells of a column: odd ones, spellings, currencies."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from recipe.sources.csv_cells import Columns, blank
from recipe.sources.plain_numbers import tidy
from recipe.sources.typed_columns import TypedColumn
from recipe.sources.units import ALIKE, CURRENCY

SHOWN = 3
"""Odd cells and spellings in a note."""
MONEY = re.compile(rf"(?<![^\W\d_])(?:{CURRENCY})(?![^\W\d_])|[€£¥₹₽₩₺₫₴฿]", re.IGNORECASE)
"""A currency that is no part of a word; a sign may follow a letter, as in 5k€."""


def notes_of(table: Columns, column: TypedColumn) -> list[str]:
    """Sentences about cells that are not read as they are written, or that do not compare."""
    return [
        *of_odd_cells(table, column), *of_spellings(table, column), *of_currencies(table, column),
    ]  # fmt: skip


def of_currencies(table: Columns, column: TypedColumn) -> list[str]:
    """A sentence about amounts in several currencies, which are not converted."""
    if column.kind != "number":
        return []
    rows: Counter[str] = Counter()
    for cell, count in Counter(table.column(column.name)).items():
        if not blank(cell) and cell not in column.odd:
            signs = (sign.casefold().rstrip(".") for sign in MONEY.findall(tidy(cell)))
            for name in {ALIKE.get(sign, sign.upper()) for sign in signs}:
                rows[name] += count
    if len(rows) < 2:
        return []
    listed = ", ".join(f"{name} in {_rows(count)}" for name, count in rows.most_common())
    said = (
        f"{column.name!r} holds amounts in several currencies ({listed}), which are read as plain "
        "numbers: convert them to one currency, or put the currency into a column of its own."
    )
    return [said]


def _rows(count: int) -> str:
    return "1 row" if count == 1 else f"{count} rows"


def of_odd_cells(table: Columns, column: TypedColumn) -> list[str]:
    """Sentences about cells that are taken for missing."""
    said = {"number": "numbers", "date": "dates", "grade": "grades"}.get(column.kind, column.kind)
    cells, notes = table.column(column.name), []
    missing = column.style.missing if column.style else ()
    for value in missing:
        rows = [table.rows[k] for k, cell in enumerate(cells) if column.style and
                not blank(cell) and replace(column.style, missing=()).value(cell) == value]  # fmt: skip # noqa: E501
        notes.append(f"{column.name!r}: {value:g} ({_where(rows)}) is taken for missing.")
    odd = set(column.odd)
    if odd:
        rows = [table.rows[row] for row, cell in enumerate(cells) if cell in odd]
        shown = ", ".join(map(repr, column.odd[:SHOWN])) + (", ..." if len(odd) > SHOWN else "")
        notes.append(
            f"{column.name!r} is a column of {said}: {shown} ({_where(rows)}) is taken for missing."
        )
    return notes


def _where(rows: Sequence[int]) -> str:
    return f"row {rows[0]}" if len(rows) == 1 else f"{len(rows)} rows, the first is {rows[0]}"


def of_spellings(table: Columns, column: TypedColumn) -> list[str]:
    """A sentence about words that are spelt in several ways."""
    if column.kind not in ("category", "grade") or not column.spelt:
        return []
    counts = Counter(table.column(column.name))
    there = [(cell, word) for cell, word in column.spelt if cell in counts and cell != word]
    rows = sum(counts[cell] for cell, _ in there)
    shown = ", ".join(f"{cell!r} as {word!r}" for cell, word in there[:SHOWN])
    more = ", ..." if len(there) > SHOWN else ""
    count = "1 row is" if rows == 1 else f"{rows} rows are"
    said = f"{column.name!r} spells words in several ways: {count} read as the most frequent one"
    return [f"{said} ({shown}{more})."]
