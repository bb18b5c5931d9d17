"""What the items of new data are: their names, inputs, and all that is known of each beside."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from recipe.core.names import nearest
from recipe.core.results import RunResult
from recipe.data.trees import Values, as_values
from recipe.sources.csv_cells import Columns, says_unknown
from recipe.sources.readers import FAR, TableReader, table_with, values_of
from recipe.sources.typed_columns import TypedColumn

MOST_CARRIED = 8
"""Identifiers that are carried over."""


@dataclass
class Items:
    """Items of new data, in their order."""

    names: Sequence[str]
    x: Values
    """Inputs [N, ...]."""
    truth: Mapping[int, str] = field(default_factory=dict)
    """The right answer, by place, where the data say it."""
    carried: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """Columns that name the rows, in their order."""
    warnings: Mapping[int, Sequence[str]] = field(default_factory=dict)
    """What is odd about an item, by place."""
    lost: Mapping[str, str] = field(default_factory=dict)
    """Items that cannot be read, and why; they are not among the others."""


def items_of_table(reader: TableReader, path: Path, result: RunResult) -> Items:
    """The rows of a table as they are: what is odd in one is said of it, and counts as missing.

    Raises:
        UsageError: it cannot be read, or lacks a column.

    """
    import torch

    table = table_with([column.name for column in reader.columns], path, reader)
    rows = range(len(table))
    warnings: dict[int, list[str]] = {}
    for place, said in [*_odd_cells(reader, table), *_new_words(reader, table),
                        *_far_amounts(reader, table)]:  # fmt: skip
        warnings.setdefault(place, []).append(said)
    x = torch.from_numpy(reader.inputs(table, rows))
    carried = [
        column.name for column in result.columns
        if column.kind == "identifier" and column.name in table.names
    ]  # fmt: skip
    return Items(
        [str(row) for row in table.rows], as_values(x), _truth(reader, table),
        {name: table.column(name) for name in carried[:MOST_CARRIED]}, warnings,
    )  # fmt: skip


def truth_of_folders(names: Sequence[str], classes: Sequence[str]) -> dict[int, str]:
    """Of images in folders that are called as the classes, these."""
    known = {name.casefold(): name for name in classes}
    folders = enumerate(Path(name).parent.name.casefold() for name in names)
    return {place: known[folder] for place, folder in folders if folder in known}


def _truth(reader: TableReader, table: Columns) -> dict[int, str]:
    if not isinstance(reader.target, str) or reader.target not in table.names:
        return {}
    cells = table.column(reader.target)
    return {place: cell.strip() for place, cell in enumerate(cells) if not says_unknown(cell)}


Said = list[tuple[int, str]]


def _odd_cells(reader: TableReader, table: Columns) -> Said:
    """Cells that are none of their kind, and empty ones where training had none."""
    found = []
    filled = {column.name for column in reader.numbers if column.missing is None}
    for column in reader.columns:
        cells = table.column(column.name)
        for place, cell in enumerate(cells):
            if column.strange([cell]) is not None:
                found.append((place, (f"{column.name}: {cell!r} is no {_kind(column)}, so it is "
                                     "taken as missing")))  # fmt: skip
            elif column.name in filled and says_unknown(cell):
                found.append((place, f"{column.name} is missing, which it never was in training"))
    return found


def _kind(column: TypedColumn) -> str:
    return {"boolean": "yes or no", "grade": "grade that is known"}.get(column.kind, column.kind)


def _new_words(reader: TableReader, table: Columns) -> Said:
    """Words that no training row had; of a column whose rare words share an input that is not
    known.
    """
    _, words = values_of(table, reader.columns, dict(reader.dates), range(len(table)))
    found = []
    for column in reader.words:
        if column.rare or column.name not in words:
            continue
        for place, word in enumerate(column.told(words[column.name])):
            if word and word not in column.known:
                near = nearest(word, column.known)
                hint = f" (did you mean {near!r}?)" if near else ""
                found.append((place, f"{column.name}: {word!r} was never seen in training{hint}"))
    return found


def _far_amounts(reader: TableReader, table: Columns) -> Said:
    """Amounts far outside of those in training."""
    amounts, _ = values_of(table, reader.columns, dict(reader.dates), range(len(table)))
    found = []
    for column in reader.numbers:
        values = amounts[column.name]
        far = np.abs(values - column.mean) > FAR * column.std
        found += [
            (place, (f"{column.name}: {values[place]:.6g} lies far outside of the training values "
                    f"(mean {column.mean:.4g}, standard deviation {column.std:.3g})"))
            for place in np.flatnonzero(far).tolist()
        ]  # fmt: skip
    return found
