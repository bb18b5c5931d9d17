"""What every reader makes of a file: columns of (row, value), and where each row is."""

import math
from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

LARGEST = 1e100
"""Float32 ends at 3e38: what is larger has diverged."""
UNKNOWN = math.nan
"""The epoch or step of a row that says none."""
LEAST, MOST = -1.0, 1e15
"""Of epochs and steps; -1 is said of what was there before training."""
MOST_COLUMNS = 20_000
"""Names in one file; more are no log."""


@dataclass
class Column:
    """One named curve: the rows that have a value, and the values."""

    name: str
    rows: "array[int]" = field(default_factory=lambda: array("q"))
    values: "array[float]" = field(default_factory=lambda: array("d"))
    split: str = ""
    """The word of the file for the split, where it stands beside the name and not in it."""
    marks: frozenset[str] = frozenset()
    """`evaluation`: measured where training was not; `summary`: once per epoch, beside values of
    the same name at steps.
    """

    def add(self, row: int, value: float) -> None:
        """Append a value."""
        self.rows.append(row)
        self.values.append(value)

    def sort(self) -> None:
        """Bring the values into the order of rows."""
        if any(a > b for a, b in pairwise(self.rows)):
            pairs = sorted(_pairs(self), key=lambda pair: pair[0])
            self.rows = array("q", [row for row, _ in pairs])
            self.values = array("d", [value for _, value in pairs])

    def __len__(self) -> int:
        return len(self.values)


@dataclass
class Sheet:
    """A log as columns."""

    length: int
    """Rows."""
    columns: dict[str, Column]
    epochs: Sequence[float] | None = None
    """Of each row; NaN where none is said. None where the file counts no epochs."""
    steps: Sequence[float] | None = None
    runs: Sequence[str] | None = None
    """Name of the run of each row, where the file has several by name."""
    planned_epoch: float | None = None
    planned_step: float | None = None
    notes: list[str] = field(default_factory=list)
    odd: dict[str, str] = field(default_factory=dict)
    """Column -> a cell of it that is neither a number nor blank."""

    def __post_init__(self) -> None:
        self.epochs = _meant(self.epochs)
        self.steps = _meant(self.steps)

    @property
    def names(self) -> list[str]:
        """Names of the columns, in the file's order."""
        return list(self.columns)

    def within(self, rows: Sequence[int]) -> "Sheet":
        """The sheet of some rows, numbered anew and in the order given."""
        return self.parted([rows])[0]

    def parted(self, parts: Sequence[Sequence[int]]) -> list["Sheet"]:
        """The sheets of parts of the rows, which share none; each as `within` gives it."""
        part_of, place_of = array("q", [-1]) * self.length, array("q", [0]) * self.length
        for part, rows in enumerate(parts):
            for place, row in enumerate(rows):
                part_of[row], place_of[row] = part, place
        columns: list[dict[str, Column]] = [{} for _ in parts]
        for name, column in self.columns.items():
            for row, value in _pairs(column):
                part = part_of[row]
                if part >= 0:
                    if name not in columns[part]:
                        columns[part][name] = Column(name, split=column.split, marks=column.marks)
                    columns[part][name].add(place_of[row], value)
        for found in columns:
            for column in found.values():
                column.sort()
        return [
            Sheet(
                len(rows), found, _taken(self.epochs, rows), _taken(self.steps, rows), None,
                self.planned_epoch, self.planned_step, [*self.notes], self.odd,
            )
            for rows, found in zip(parts, columns, strict=True)
        ]  # fmt: skip

    def dense(self, name: str) -> list[float | None]:
        """One value per row, None where there is none; of several in a row the last. What is too
        large for sums to have a meaning is infinite.
        """
        values: list[float | None] = [None] * self.length
        for row, value in _pairs(self.columns[name]):
            values[row] = math.copysign(math.inf, value) if abs(value) > LARGEST else value
        return values


def _meant(places: Sequence[float] | None) -> Sequence[float] | None:
    """Epochs or steps; None where none is said, or where they cannot be any."""
    known = [place for place in places or () if not math.isnan(place)]
    return places if known and min(known) >= LEAST and max(known) <= MOST else None


def _pairs(column: Column) -> Iterable[tuple[int, float]]:
    return zip(column.rows, column.values, strict=True)


def _taken(values: Sequence[float] | None, rows: Sequence[int]) -> Sequence[float] | None:
    return None if values is None else array("d", [values[row] for row in rows])
