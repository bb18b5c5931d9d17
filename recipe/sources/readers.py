"""How a file of a user becomes inputs of a model, as plain values: what was measured on training
data is kept with a run, and new data are read in the same way without them.
"""

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

import numpy as np
import torch
from torch import Tensor

from recipe.core.errors import UsageError
from recipe.core.names import nearest
from recipe.sources.csv_cells import Columns, blank, number
from recipe.sources.dates import Dates, expanded
from recipe.sources.table_files import read_table

NAMED = 5
"""Columns in a message."""


class Reader(Protocol):
    """Reads a file, or a folder of them."""

    def read(self, path: Path) -> tuple[Sequence[str], Tensor]:
        """A name for each item, and the inputs [N, ...].

        Raises:
            UsageError: it cannot be read, or does not look like the training data.

        """
        ...


@dataclass(frozen=True)
class Numbers:
    """A column of numbers: mean 0 and deviation 1 on the training rows."""

    name: str
    median: float
    """What a missing one is taken for."""
    mean: float
    std: float
    missing: tuple[float, float] | None = None
    """Mean and deviation of the input that says whether one was missing; None where none was."""
    odd: tuple[str, ...] = ()
    """Words among the numbers that are taken for missing."""


@dataclass(frozen=True)
class Words:
    """A column of words: an input for each."""

    name: str
    known: tuple[str, ...]
    rare: bool = False
    """Whether any other word is 1 in an input that all of them share; else it is none of them."""


@dataclass(frozen=True)
class TableReader:
    """The columns of a table that say something, as one row of inputs: numbers, then whether they
    were missing, then words.
    """

    numbers: tuple[Numbers, ...]
    words: tuple[Words, ...]
    names: tuple[str, ...]
    """Of all columns, in their order."""
    target: str | tuple[str, ...]
    """The one that is predicted, or several."""
    header: bool = True
    """Whether files name their columns."""
    decimal: str = "."
    dates: tuple[Dates, ...] = ()
    """Columns of dates, whose parts are among the numbers."""

    @property
    def width(self) -> int:
        """Inputs of a row."""
        missing = sum(column.missing is not None for column in self.numbers)
        return len(self.numbers) + missing + sum(len(w.known) + w.rare for w in self.words)

    @property
    def input_names(self) -> list[str]:
        """What each input of a row is."""
        return [
            *(column.name for column in self.numbers),
            *(f"{column.name} missing" for column in self.numbers if column.missing is not None),
            *(f"{c.name}={word}" for c in self.words for word in (*c.known, *["(other)"] * c.rare)),
        ]

    def read(self, path: Path) -> tuple[Sequence[str], Tensor]:
        """The rows of a table with the same columns, of which that with the answer may be missing;
        see `Reader`.
        """
        made = {each.column(part) for each in self.dates for part in each.parts}
        wanted = [column.name for column in self.numbers if column.name not in made]
        wanted += [*(each.name for each in self.dates), *(each.name for each in self.words)]
        table = table_with(wanted, path, self)
        inputs = self.inputs(expanded(table, self.dates), range(len(table)))
        return [str(row) for row in table.rows], torch.from_numpy(inputs)

    def inputs(self, table: Columns, rows: Sequence[int]) -> np.ndarray:
        """Inputs [rows, width] in float32, of a table whose dates are expanded.

        Raises:
            UsageError: words in a column of numbers.

        """
        values = [numbers_of(table, column.name, rows, column.odd) for column in self.numbers]
        parts = [
            (np.where(np.isnan(found), column.median, found) - column.mean) / column.std
            for column, found in zip(self.numbers, values, strict=True)
        ]
        parts += [
            (np.isnan(found) - column.missing[0]) / column.missing[1]
            for column, found in zip(self.numbers, values, strict=True)
            if column.missing is not None
        ]
        for column in self.words:
            cells = words_of(table, column.name, rows)
            hits = [cells == word for word in column.known]
            parts += [*hits, ~np.any(hits, axis=0)] if column.rare else hits
        return np.stack(parts, axis=1).astype(np.float32)


class _OfATable(Protocol):
    """What every reader of tables knows of their columns."""

    @property
    def names(self) -> tuple[str, ...]: ...
    @property
    def target(self) -> str | tuple[str, ...]: ...
    @property
    def header(self) -> bool: ...
    @property
    def decimal(self) -> str: ...


def table_with(wanted: Sequence[str], path: Path, reader: _OfATable) -> Columns:
    """A table that has these columns; that of the answer may be missing.

    Raises:
        UsageError: it cannot be read, or lacks one.

    """
    table = read_table(path, reader.header, reader.decimal)
    targets = (reader.target,) if isinstance(reader.target, str) else reader.target
    if not reader.header and len(table.names) == len(reader.names) - len(targets):
        # Columns are numbers, and those of the answer are not there.
        rest = tuple(name for name in reader.names if name not in targets)
        table = replace(table, names=rest)
    lacks = [name for name in wanted if name not in table.names]
    if lacks:
        more = f" and {len(lacks) - NAMED} more" if len(lacks) > NAMED else ""
        others = [name for name in table.names if name not in reader.names]
        near = nearest(lacks[0], others) if len(lacks) == 1 else None
        todo = f"is it {near!r}?" if near else "add them."
        raise UsageError(
            f"{str(path)!r} lacks the {'column' if len(lacks) == 1 else 'columns'} "
            f"{', '.join(lacks[:NAMED])}{more}, which the model was trained with: {todo}"
        )
    return table


def numbers_of(
    table: Columns, name: str, rows: Sequence[int], odd: Collection[str] = ()
) -> np.ndarray:
    """A column of a table in float64, NaN where there is no value, or one of the `odd` words.

    Raises:
        UsageError: a cell holds something else.

    """
    cells, found = table.column(name), []
    for row in rows:
        cell = cells[row]
        value = None if blank(cell) else number(cell, table.decimal)
        if value is None and not blank(cell) and cell not in odd:
            raise UsageError(f"{_cell(table, name, row)}, and is a column of numbers.")
        if value is not None and not math.isfinite(value):
            raise UsageError(f"{_cell(table, name, row)}: give a number, or leave it blank.")
        found.append(np.nan if value is None else value)
    return np.array(found, dtype=np.float64)


def _cell(table: Columns, name: str, row: int) -> str:
    """What a cell holds, for a complaint."""
    cell = table.column(name)[row]
    return f"{table.path}: {name!r} holds {cell!r} in row {table.rows[row]}"


def words_of(table: Columns, name: str, rows: Sequence[int]) -> np.ndarray:
    """A column of a table as text, empty where there is no value."""
    cells = table.column(name)
    return np.array(["" if blank(cells[row]) else cells[row] for row in rows], dtype=object)


@dataclass(frozen=True)
class TextReader:
    """The end of a text, as the numbers of its characters."""

    alphabet: str
    length: int
    """Characters that the model sees."""

    def tokens(self, text: str) -> Tensor:
        """The number of every character.

        Raises:
            ValueError: one that the alphabet lacks.

        """
        place = {character: index for index, character in enumerate(self.alphabet)}
        odd = next((character for character in text if character not in place), None)
        if odd is not None:
            raise ValueError(f"the character {odd!r} was not in the training text")
        return torch.tensor([place[character] for character in text])

    def read(self, path: Path) -> tuple[Sequence[str], Tensor]:
        """The last characters of a text file [1, length]; see `Reader`."""
        text = read_text(path)[-self.length :]
        if not text:
            raise UsageError(f"{str(path)!r} is empty: write the beginning of a text into it.")
        try:
            return [str(path)], self.tokens(text)[None]
        except ValueError as error:
            raise UsageError(f"{path}: {error}: leave it out.") from error


def read_text(path: Path) -> str:
    """What a text file holds.

    Raises:
        UsageError: it cannot be read.

    """
    try:
        return path.read_text("utf-8-sig")
    except OSError as error:
        raise UsageError(f"{str(path)!r} cannot be read ({error.strerror}).") from error
    except UnicodeDecodeError as error:
        raise UsageError(f"{str(path)!r} is no UTF-8 text ({error.reason}): save it so.") from error
