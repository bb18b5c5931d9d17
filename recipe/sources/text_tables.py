"""Columns of text as inputs: token numbers for the model of our own, or what a tokenizer of Hugging
Face makes of them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import torch
from torch import Tensor

from recipe.core.errors import UsageError
from recipe.sources.csv_cells import Columns, blank
from recipe.sources.readers import table_with
from recipe.sources.tokens import tokens_of, vocabulary

PADDING, UNKNOWN, SEPARATOR, FIRST = range(4)
"""Token numbers: of the filling behind a text, of a word that the training rows lack, between two
texts, and of the first word of the vocabulary."""
MOST_TOKENS, LEAST_COUNT = 20_000, 2
MOST_LENGTH = 256
"""Tokens of one text that the model sees."""
PAIR = 2


@dataclass(frozen=True)
class TextsReader:
    """One or two columns of text as token numbers [length], filled up with zeros."""

    columns: tuple[str, ...]
    vocabulary: tuple[str, ...]
    """The most frequent first; of the training rows."""
    lengths: tuple[int, ...]
    """Tokens that are read of each column."""
    names: tuple[str, ...]
    """Of all columns of the table."""
    target: str | tuple[str, ...]
    header: bool = True
    decimal: str = "."
    """Of earlier runs; texts need none."""

    @property
    def width(self) -> int:
        """Tokens of an input, the separator between two texts included."""
        return sum(self.lengths) + len(self.lengths) - 1

    @property
    def model_options(self) -> dict[str, Any]:
        """What a model has to know beside the shape of an input."""
        return {"tokens": FIRST + len(self.vocabulary), "pair": len(self.columns) == PAIR}

    @cached_property
    def _place(self) -> dict[str, int]:
        return {token: FIRST + index for index, token in enumerate(self.vocabulary)}

    def read(self, path: Path) -> tuple[Sequence[str], Tensor]:
        """The rows of a table with the same columns of text; see `Reader`."""
        table = table_with(self.columns, path, self)
        return [str(row) for row in table.rows], torch.from_numpy(
            self.inputs(table, range(len(table)))
        )

    def inputs(self, table: Columns, rows: Sequence[int]) -> np.ndarray:
        """Token numbers [rows, width], int64."""
        found = np.zeros((len(rows), self.width), dtype=np.int64)
        for index, row in enumerate(rows):
            numbers: list[int] = []
            for column, most in zip(self.columns, self.lengths, strict=True):
                numbers += [SEPARATOR] if column != self.columns[0] else []
                tokens = tokens_of(text_of(table, column, row))[:most]
                numbers += [self._place.get(token, UNKNOWN) for token in tokens]
            found[index, : len(numbers)] = numbers
        return found


class TextEncoder(Protocol):
    """Makes a reader of columns of text from the training rows."""

    def __call__(
        self, table: Columns, columns: Sequence[str], targets: Sequence[str], train: Sequence[int]
    ) -> tuple[Any, tuple[str, ...]]:
        """The reader, and sentences about what it cuts off."""
        ...


def text_of(table: Columns, column: str, row: int) -> str:
    """A cell as text, empty where there is none."""
    cell = table.column(column)[row]
    return "" if blank(cell) else cell


def texts_reader(
    table: Columns, columns: Sequence[str], targets: Sequence[str], train: Sequence[int]
) -> tuple[TextsReader, tuple[str, ...]]:
    """What the training rows say of the vocabulary and of lengths; see `TextEncoder`."""
    cut = [[tokens_of(text_of(table, column, row)) for row in train] for column in columns]
    known = vocabulary([text for texts in cut for text in texts], MOST_TOKENS, LEAST_COUNT)
    longest = [max(map(len, texts)) for texts in cut]
    lengths = tuple(max(1, min(MOST_LENGTH, length)) for length in longest)
    if not known:
        raise UsageError(
            f"{table.path}: no word of {' and '.join(map(repr, columns))} comes twice in the "
            "training rows, so that nothing can be learnt from words: bring more rows."
        )
    target = targets[0] if len(targets) == 1 else tuple(targets)
    reader = TextsReader(
        tuple(columns), known, lengths, table.names, target, table.header, table.decimal
    )
    notes = [f"{len(known)} different words and signs that come twice or more are told apart."]
    longer = sum(len(text) > MOST_LENGTH for texts in cut for text in texts)
    if longer:
        notes.append(f"{longer} texts are longer than {MOST_LENGTH} tokens: the rest is cut off.")
    return reader, tuple(notes)


def text_columns(names: Sequence[str], path: Path) -> tuple[str, ...]:
    """One column of text, or a pair.

    Raises:
        UsageError: there are more.

    """
    if len(names) > PAIR:
        raise UsageError(
            f"{path} has {len(names)} columns of text ({', '.join(names)}): keep one, or two that "
            "are read as a pair."
        )
    return tuple(names)
