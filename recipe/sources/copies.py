"""Columns that say the same as another one, however either is written."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from recipe.sources.csv_cells import Columns, blank
from recipe.sources.typed_columns import TypedColumn

SAMPLE = 50
LEAST_VARIED = 5
"""Rows that have another value than the usual one."""
LEAST_TWINS = 20
"""Rows from which on two columns that agree are copies and not alike by chance."""


def with_copies(
    table: Columns, columns: Sequence[TypedColumn], targets: Sequence[str],
    given: Mapping[str, Any],
) -> tuple[TypedColumn, ...]:  # fmt: skip
    """The columns, those that repeat another one marked; the column to predict stands first."""
    samples: dict[Any, list[TypedColumn]] = {}
    found = {}
    few = range(0, len(table), max(1, len(table) // SAMPLE))
    for column in sorted(columns, key=lambda column: column.name not in targets):
        found[column.name] = column
        if column.kind == "constant" or len(table) < LEAST_TWINS:
            continue
        cells = table.column(column.name)
        alike = samples.setdefault(_values(column, [cells[row] for row in few]), [])
        if column.name not in targets and column.name not in given:
            mine = _values(column, cells) if alike else None
            others = (c for c in alike if _values(c, table.column(c.name)) == mine)
            other = next(others, None)
            if other is not None and mine is not None and _says_much(mine):
                found[column.name] = replace(column, kind="copy", of=other.name)
                continue
        alike.append(column)
    return tuple(found[column.name] for column in columns)


def _says_much(values: tuple[Any, ...]) -> bool:
    """Whether a column says enough for another one not to agree with it by chance."""
    common = Counter(values).most_common(2)
    return len(common) > 1 and len(values) - common[0][1] >= LEAST_VARIED


def _values(column: TypedColumn, cells: Sequence[str]) -> tuple[Any, ...]:
    """What cells say, however they are written."""
    if column.kind in ("number", "boolean", "grade") and (column.style or column.order):
        return tuple(None if np.isnan(v) else v for v in column.numbers(cells).tolist())
    if column.kind == "date":
        return tuple(column.moments(cells))
    return tuple(" ".join(cell.casefold().split()) if not blank(cell) else None for cell in cells)
