"""What a table's columns are and how they are used, for the report."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from recipe.core.json_fields import record

Kind = Literal[
    "number", "boolean", "date", "category", "grade", "text", "identifier", "constant", "copy"
]
"""What a column of a table is, as a person would say it."""


@dataclass(frozen=True)
class ColumnFacts:
    """One column of a table."""

    name: str
    kind: Kind
    use: Literal["input", "target", "left out"]
    how: str
    """How it becomes inputs, or why it is left out."""
    missing: int = 0
    """Rows without a value."""
    odd: int = 0
    """Rows whose cell is none of the kind and is taken for missing."""
    examples: tuple[str, ...] = ()
    """Some of these cells."""


def column_from_json(data: Mapping[str, Any]) -> ColumnFacts:
    """Read back what `asdict` and JSON made of it."""
    return record(ColumnFacts, data, {"examples": tuple})
