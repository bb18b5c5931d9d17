"""Tables within a text log: a line of names, and lines of numbers below it."""

import re

from recipe.logs.column_names import is_measure
from recipe.logs.text_lines import SLOT
from recipe.logs.text_words import SPLITS, counts, lower_words

Cells = list[str]
_TAIL = re.compile(rf":?\s+{SLOT}%(?!\s+\|).*$")
"""A progress bar at the end of a row; a percentage in a cell has a blank behind it."""
_PREFIX = re.compile(r"^[^,]*:\s")
"""What stands before the names or numbers of a row that commas divide."""
RULE = re.compile(r"[-=:+|_\s*]+")
_BLANK = re.compile(r"(?:no log|n/a|na|none|null|-+|~|\s*)", re.IGNORECASE)
_CELL = re.compile(rf"[^\w{SLOT}]*{SLOT}[^\n]*")
_WHOLE = frozenset({"all", "overall", "mean", "total", "average", "avg"})
"""Labels of a row that is of everything."""


class Header:
    """A line of names, in each way that it may be taken apart."""

    def __init__(self, line: str) -> None:
        self.ways = _ways(_TAIL.sub("", line))

    @property
    def is_one(self) -> bool:
        """Whether it names what a log would hold."""
        return any(
            len(cells) > 1 and any(_known(cell) for cell in cells) and sum(map(_wordy, cells)) > 1
            for cells in self.ways
        )

    def of(self, width: int) -> Cells | None:
        """The names of that many columns."""
        return next((cells for cells in self.ways if len(cells) == width), None)


def header_in(line: str) -> Header | None:
    """The names in a line without numbers, None where it is no header."""
    if RULE.fullmatch(line) or len(line) > 2000 or line.rstrip().endswith(":"):
        return None
    header = Header(line)
    return header if header.is_one and SLOT not in _TAIL.sub("", line) else None


def cells_of(template: str) -> list[Cells]:
    """The cells of a line that may be a row of numbers, in each way; none where it is no row."""
    line = _TAIL.sub("", template)
    return [cells for cells in _ways(line) if len(cells) > 1 and _is_row(cells)]


def _ways(line: str) -> list[Cells]:
    if line.count("|") > 1:
        inside = line.strip().strip("|").split("|")
        return [[cell.strip() for cell in inside]]
    bare = line.strip()
    if line.count("|") == 1:
        return [[cell.strip() for cell in bare.split("|")]]
    return [
        re.split(r"\t\s*|\s{2,}", bare),
        bare.split(),
        [cell.strip() for cell in _PREFIX.sub("", bare).split(",")],
    ]


def _is_row(cells: Cells) -> bool:
    numbers = [cell for cell in cells if SLOT in cell]
    if len(numbers) < 2 or not all(_CELL.fullmatch(cell) for cell in numbers):
        return False
    if any(re.search(r"[A-Za-z]{3,}", cell) for cell in numbers):
        return False
    return all(_BLANK.fullmatch(cell) for cell in cells[1:] if SLOT not in cell)


def label_of(cells: Cells) -> str:
    """What stands before the numbers of a row, if it is text."""
    return "" if SLOT in cells[0] or _BLANK.fullmatch(cells[0]) else cells[0]


def names_of(header: Header, cells: Cells) -> Cells | None:
    """The name of each cell of a row; an empty one is left out. None where they do not fit."""
    label = label_of(cells)
    names = header.of(len(cells))
    if not label:
        return names
    if names is not None and label.lower() in _WHOLE:
        return ["", *names[1:]]
    if names is not None and _is_split(label):
        return ["", *(f"{label} {name}" for name in names[1:])]
    beside = header.of(len(cells) - 1)
    splits = beside or (names or ["", ""])[1:]
    if len(splits) == len(cells) - 1 and any(_is_split(name) for name in splits):
        return ["", *(f"{name} {label}" for name in splits)]
    return None


def _is_split(name: str) -> bool:
    words = lower_words(name)
    return bool(words) and set(words) <= set(SPLITS)


def _known(cell: str) -> bool:
    words = lower_words(cell)
    return bool(counts(words, cell)) or is_measure(cell) or _is_split(cell)


def _wordy(cell: str) -> bool:
    return bool(re.search(r"[A-Za-z#]", cell))
