"""What a column of a table is, as all of its cells say, and its cells as values of that kind."""

import datetime as dt
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from recipe.core.column_facts import Kind
from recipe.sources.cell_numbers import NumberStyle
from recipe.sources.csv_cells import blank, says_unknown
from recipe.sources.dates import read_any
from recipe.sources.plain_numbers import tidy


@dataclass(frozen=True)
class TypedColumn:
    """A column and how its cells are read."""

    name: str
    kind: Kind
    style: NumberStyle | None = None
    """Of numbers."""
    formats: tuple[str, ...] = ()
    """Of dates; see `dates.FORMATS`."""
    doubt: str | None = None
    """How dates may be meant as well."""
    spelt: tuple[tuple[str, str], ...] = ()
    """Other spellings of a word, and the word."""
    order: tuple[str, ...] = ()
    """Of grades: words from the least to the most. Of yes and no: the word for no, then for yes."""
    odd: tuple[str, ...] = ()
    """Cells that are none of the kind and are taken for missing."""
    of: str = ""
    """The column that it repeats."""

    @cached_property
    def _spelt(self) -> dict[str, str]:
        return dict(self.spelt)

    @cached_property
    def _ranks(self) -> dict[str, int]:
        return {spelling(word): rank for rank, word in enumerate(self.order)}

    def word(self, cell: str) -> str:
        """A cell in the usual spelling; empty where there is none, or one of the odd ones."""
        if blank(cell) or cell in self.odd:
            return ""
        return self._spelt.get(cell) or self._spelt.get(spelling(cell)) or cell

    def number(self, cell: str) -> float | None:
        """A cell as a number, NaN where it says none; None where it says something else. Yes is 1,
        and the grades count from 0.
        """
        if says_unknown(cell) or cell in self.odd:
            return math.nan
        if self.order:
            word = self.word(cell)
            rank = self.order.index(word) if word in self.order else self._ranks.get(spelling(cell))
            return None if rank is None else float(rank)
        return None if self.style is None else self.style.value(cell)

    def moment(self, cell: str) -> dt.datetime | None:
        """A cell as a moment; None where it says none."""
        return read_any(cell, self.formats)

    def numbers(self, cells: Sequence[str]) -> np.ndarray:
        """Cells as float64 [rows], NaN where they say none."""
        known = {cell: self.number(cell) for cell in set(cells)}
        return np.array([np.nan if known[cell] is None else known[cell] for cell in cells],
                        dtype=np.float64)  # fmt: skip

    def moments(self, cells: Sequence[str]) -> list[dt.datetime | None]:
        """Cells as moments, None where they say none."""
        known = {cell: self.moment(cell) for cell in set(cells)}
        return [known[cell] for cell in cells]

    def words(self, cells: Sequence[str]) -> np.ndarray:
        """Cells as words [rows], empty where they say none."""
        known = {cell: self.word(cell) for cell in set(cells)}
        return np.array([known[cell] for cell in cells], dtype=object)

    def strange(self, cells: Sequence[str]) -> int | None:
        """The place of the first cell that is none of the kind; None where all are."""
        for place, cell in enumerate(cells):
            if says_unknown(cell) or cell in self.odd:
                continue
            number = self.kind in ("number", "boolean") or (self.kind == "grade" and self.style)
            if number and self.number(cell) is None:
                return place
            if self.kind == "date" and self.moment(cell) is None:
                return place
        return None


def spelling(cell: str) -> str:
    """What spellings of one word have in common: small letters, spaces for hyphens, no stop behind.
    An ellipsis stays: a word that is cut off may be another one.
    """
    text = tidy(cell).casefold()
    if any(map(str.isalpha, text)):
        text = text.replace("_", " ").replace("-", " ") if _joins_words(text) else text
        whole = text.rstrip(".:;, ")
        cut = "..." in text[len(whole) :]
        text = f"{whole}..." if cut and whole else whole or text
    return " ".join(text.split())


def _joins_words(text: str) -> bool:
    """Whether hyphens stand between letters, not behind one as in B- or before a number."""
    return all(
        0 < place < len(text) - 1 and text[place - 1].isalnum() and text[place + 1].isalnum()
        for place, sign in enumerate(text)
        if sign in "_-"
    )


def spelt(counts: Mapping[str, int]) -> tuple[tuple[str, str], ...]:
    """Of words that are spelt in several ways, each way and the most frequent one."""
    groups: dict[str, list[str]] = {}
    for cell in counts:
        groups.setdefault(spelling(cell), []).append(cell)
    found = []
    for common, cells in groups.items():
        if len(cells) > 1 and common:
            usual = max(cells, key=lambda cell: (counts[cell], cell))
            found += [(cell, usual) for cell in sorted(cells) if cell != usual]
            found += [(common, usual)] if (common, usual) not in found else []
    return tuple(found)
