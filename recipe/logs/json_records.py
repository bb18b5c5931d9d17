"""Curves in JSON as tables: records, lists by name, and what pandas and trainers write."""

import json
from pathlib import Path
from typing import Any

from recipe.core.errors import UsageError

Records = list[dict[str, Any]]
SPARSE = 2
"""A list shorter than the longest by this factor was written less often, not ended earlier."""

AROUND = frozenset({"curves", "history", "log", "logs", "metrics", "results"})
"""Names of objects that say nothing of what is in them."""


def records_of(text: str, path: Path) -> Records:
    """One record per row of the file.

    Raises:
        UsageError: it is no JSON, or has no names.

    """
    try:
        given: Any = json.loads(text)
    except RecursionError as error:
        raise UsageError(f"{str(path)!r} is nested too deep to hold curves.") from error
    except ValueError:
        try:
            given = [json.loads(line) for line in text.splitlines() if line.strip()]
        except (ValueError, RecursionError) as error:
            said = error.msg if isinstance(error, json.JSONDecodeError) else str(error)
            raise UsageError(f"{str(path)!r} is no JSON ({said}).") from error
    if isinstance(given, dict):
        given = _records(given)
    found = [record for record in given if isinstance(record, dict)]
    if given and not found:
        raise UsageError(
            f"{str(path)!r} holds values without names: "
            'write {"train_loss": [...], "val_loss": [...]}.'
        )
    return found


def _records(given: dict[str, Any]) -> list[Any]:
    """Of an object: `log_history` of Hugging Face, `data` of pandas, or a list per name."""
    for name in ("log_history", "data"):
        inner = given.get(name)
        if isinstance(inner, list) and inner:
            if isinstance(inner[0], list) and isinstance(given.get("columns"), list):
                names = list(map(str, given["columns"]))
                rows = (row for row in inner if isinstance(row, list))
                return [dict(zip(names, row, strict=False)) for row in rows]
            if isinstance(inner[0], dict):
                return inner
    nested = [value for value in given.values() if isinstance(value, dict)]
    if nested and len(nested) == len(given) and all(map(str.isdecimal, given)):
        return [{"index": name, **row} for name, row in given.items()]  # pandas, orient="index"
    return _by_column(_lists(given)) or [given]


def _lists(given: dict[str, Any]) -> dict[str, list[Any]]:
    """The lists of an object, those of objects within it by both names, and columns by index."""
    columns: dict[str, list[Any]] = {}
    indexed: dict[str, dict[str, Any]] = {}
    for name, value in given.items():
        if isinstance(value, list):
            columns[name] = value
        elif isinstance(value, dict) and value and all(map(str.isdecimal, value)):
            indexed[name] = value
        elif isinstance(value, dict):
            head = "" if name.lower() in AROUND else f"{name}/"
            columns |= {head + inner: items for inner, items in _lists(value).items()}
    places = sorted({place for values in indexed.values() for place in values}, key=int)
    columns |= {n: [values.get(place) for place in places] for n, values in indexed.items()}
    return columns


def _by_column(lists: dict[str, list[Any]]) -> Records:
    """Records of a history that holds a list per name, as Keras does. A value of a much shorter
    list belongs to the last of the rows that it was written after.
    """
    rows: Records = [{} for _ in range(max(map(len, lists.values()), default=0))]
    for name, values in lists.items():
        sparse = len(values) * SPARSE <= len(rows)
        for i, value in enumerate(values):
            rows[(i + 1) * len(rows) // len(values) - 1 if sparse else i][name] = value
    return rows
