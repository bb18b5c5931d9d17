"""How a file of a user becomes inputs of a model, as plain values: what was measured on training
data is kept with a run, and new data are read in the same way without them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol, runtime_checkable

import numpy as np
import torch
from torch import Tensor

from recipe.core.errors import UsageError
from recipe.core.names import nearest
from recipe.sources.csv_cells import Columns
from recipe.sources.dates import Dates, described
from recipe.sources.table_files import read_table
from recipe.sources.text_parts import TextParts
from recipe.sources.typed_columns import TypedColumn, spelling

FAR = 4.0
"""Deviations from the mean, beyond which there are too few rows to learn from: one odd value would
outweigh all others."""
NAMED = 5
"""Columns in a message."""
TINY = 1e-5
BEYOND = {-1: "≤ ", 0: "", 1: "≥ "}
"""Before an amount that is as far off as one may be."""


@runtime_checkable
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
    """An amount: mean 0 and deviation 1 on the training rows."""

    name: str
    median: float
    """What a missing one is taken for."""
    mean: float
    std: float
    missing: tuple[float, float] | None = None
    """Mean and deviation of the input that says whether one was missing; None where none was."""
    bound: float | None = None
    """Deviations that a value lies from the mean at most: one that is further off counts as this
    far. None: as far as it is."""

    def scaled(self, values: np.ndarray) -> np.ndarray:
        """Values [rows] as inputs, the missing ones filled in."""
        found = (np.where(np.isnan(values), self.median, values) - self.mean) / self.std
        bound = np.inf if self.bound is None else self.bound
        return np.asarray(np.clip(found, -bound, bound))

    def gaps(self, values: np.ndarray) -> np.ndarray:
        """Whether each of the values [rows] is missing, as inputs; only where some were."""
        mean, std = self.missing or (0.0, 1.0)
        return np.asarray(np.clip((np.isnan(values) - mean) / std, -FAR, FAR))


@dataclass(frozen=True)
class Words:
    """A column of words: an input for each."""

    name: str
    known: tuple[str, ...]
    rare: bool = False
    """Whether any other word is 1 in an input that all of them share; else it is none of them."""

    def told(self, cells: np.ndarray) -> np.ndarray:
        """Cells with the words that are known in another spelling as they are known."""
        new = set(cells) - set(self.known)
        if not new:
            return cells
        known = {spelling(word): word for word in self.known}
        return np.array([known.get(spelling(c), c) if c in new else c for c in cells], dtype=object)


@dataclass(frozen=True)
class TableReader:
    """The columns of a table that say something, as one row of inputs: numbers, then whether they
    were missing, then words, then what texts are like.
    """

    columns: tuple[TypedColumn, ...]
    """Those that are inputs, and how their cells are read."""
    numbers: tuple[Numbers, ...]
    """Amounts, ranks of grades, yes as 1, and parts of dates."""
    words: tuple[Words, ...]
    names: tuple[str, ...]
    """Of all columns, in their order."""
    target: str | tuple[str, ...]
    """The one that is predicted, or several."""
    header: bool = True
    """Whether files name their columns."""
    dates: tuple[tuple[str, Dates], ...] = ()
    """Columns of dates, whose parts are among the numbers."""
    texts: tuple[TextParts, ...] = ()

    @property
    def width(self) -> int:
        """Inputs of a row."""
        return len(self.input_names)

    @property
    def input_names(self) -> list[str]:
        """What each input of a row is."""
        return [
            *(column.name for column in self.numbers),
            *(f"{column.name} missing" for column in self.numbers if column.missing is not None),
            *(f"{c.name}={word}" for c in self.words for word in (*c.known, *["(other)"] * c.rare)),
            *(name for each in self.texts for name in each.input_names),
        ]

    def cells(self, inputs: Tensor) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
        """What inputs [rows, width] stand for, in the units and words of the table: names of the
        columns, and a cell of each for every row; columns of text are left out.
        """
        values = inputs.double().cpu().numpy()
        place = {name: k for k, name in enumerate(self.input_names)}
        told: dict[str, list[str]] = {}
        for column in self.numbers:
            amounts = values[:, place[column.name]] * column.std + column.mean
            scaled, bound = values[:, place[column.name]], column.bound or np.inf
            ends = np.sign(scaled) * (abs(scaled) > bound - TINY)
            told[column.name] = [
                f"{BEYOND[int(end)]}{round(amount, 5) + 0.0:.5g}"
                for amount, end in zip(amounts.tolist(), ends.tolist(), strict=True)
            ]
            if column.missing is not None:
                gap = values[:, place[f"{column.name} missing"]] > 0
                told[column.name] = [
                    "" if empty else cell
                    for cell, empty in zip(told[column.name], gap, strict=True)
                ]
        for each in self.words:
            words = [*each.known, *["(other)"] * each.rare]
            hits = values[:, [place[f"{each.name}={word}"] for word in words]] > 0
            told[each.name] = [
                words[int(row.argmax())] if row.any() else "(unknown)" for row in hits
            ]
        names = tuple(name for column in self.columns for name in told if name == column.name)
        names += tuple(name for name in told if name not in names)  # the parts of dates
        return names, list(zip(*(told[name] for name in names), strict=True))

    def read(self, path: Path) -> tuple[Sequence[str], Tensor]:
        """The rows of a table with the same columns, of which that with the answer may be missing;
        see `Reader`.
        """
        table = table_with([column.name for column in self.columns], path, self)
        for column in self.columns:
            if (place := column.strange(table.column(column.name))) is not None:
                what = {"number": "numbers", "date": f"dates ({described(column.formats[0])})"
                        if column.formats else "dates", "boolean": "yes and no"}  # fmt: skip
                raise UsageError(
                    f"{cell_named(table, column.name, place)}, and is a column of "
                    f"{what.get(column.kind, 'grades')}: write it as the others, or leave it blank."
                )
        return [str(row) for row in table.rows], torch.from_numpy(
            self.inputs(table, range(len(table)))
        )

    def inputs(self, table: Columns, rows: Sequence[int]) -> np.ndarray:
        """Inputs [rows, width] in float32; a cell that is none of its kind counts as missing."""
        amounts, words = values_of(table, self.columns, dict(self.dates), rows)
        values = [amounts[column.name] for column in self.numbers]
        parts = [column.scaled(found) for column, found in zip(self.numbers, values, strict=True)]
        parts += [
            column.gaps(found)
            for column, found in zip(self.numbers, values, strict=True)
            if column.missing is not None
        ]
        for column in self.words:
            cells = column.told(words[column.name])
            hits = [cells == word for word in column.known]
            parts += [*hits, ~np.any(hits, axis=0)] if column.rare else hits
        for each in self.texts:
            parts += list(each.inputs(words[each.name]).T)
        return np.stack(parts, axis=1).astype(np.float32)


def values_of(
    table: Columns, columns: Sequence[TypedColumn], dates: Mapping[str, Dates], rows: Sequence[int]
) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """The columns as amounts [rows] and as words [rows], by name; a grade is both, and of dates
    there is an amount for each part.
    """
    amounts: dict[str, np.ndarray] = {}
    words: dict[str, np.ndarray] = {}
    for column in columns:
        whole = table.column(column.name)
        cells = [whole[row] for row in rows]
        if column.kind == "date":
            made = dates[column.name].expanded(column.moments(cells))
            names = dates[column.name].names
            amounts |= {f"{column.name}: {name}": made[:, k] for k, name in enumerate(names)}
            continue
        if column.kind in ("number", "boolean", "grade"):
            amounts[column.name] = column.numbers(cells)
        if column.kind in ("category", "text") or (column.kind == "grade" and column.order):
            words[column.name] = column.words(cells)
    return amounts, words


class _OfATable(Protocol):
    """What every reader of tables knows of their columns."""

    @property
    def names(self) -> tuple[str, ...]: ...
    @property
    def target(self) -> str | tuple[str, ...]: ...
    @property
    def header(self) -> bool: ...


def table_with(wanted: Sequence[str], path: Path, reader: _OfATable) -> Columns:
    """A table that has these columns; that of the answer may be missing.

    Raises:
        UsageError: it cannot be read, or lacks one.

    """
    table = read_table(path, reader.header)
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


def cell_named(table: Columns, name: str, row: int) -> str:
    """What a cell holds, for a complaint."""
    cell = table.column(name)[row]
    return f"{table.path}: {name!r} holds {cell!r} in row {table.rows[row]}"


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
