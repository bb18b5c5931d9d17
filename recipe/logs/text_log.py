"""Plain text logs as columns: pairs of name and number in a line, and what the lines around say."""

import math
import re
from array import array
from collections import Counter
from itertools import islice

from recipe.logs.sheet import MOST_COLUMNS, UNKNOWN, Column, Sheet
from recipe.logs.text_columns import (
    Key,
    global_steps,
    join_unmarked,
    part_by_totals,
    without_settings,
)
from recipe.logs.text_lines import NUMBER, SLOT, lines_of
from recipe.logs.text_shapes import Plan, Shape, Slot, shape_of
from recipe.logs.text_tables import RULE, Header, cells_of, header_in, label_of, names_of
from recipe.logs.text_words import counts, heading_in, lower_words, split_in

MOST_SHAPES = 20_000
"""Kinds of line that are taken apart; those of a log are a few dozen."""
MOST_HEADERS = 3
"""Lines of names above a row that may be its header."""
_CHECKED = frozenset({"val", "test"})
_SECTION = re.compile(r"\s*\|\s*[\w ]+/\s*\|\s*\|\s*")
"""A row that opens a part of a table of names and values."""
_TOLD_AGAIN = re.compile(
    r"best (?:iteration|round|epoch|step)(?: is| was)?\s*:?\s*$", re.IGNORECASE
)
"""How XGBoost and LightGBM head the line of the round to which they go back."""
_PAIR = 2


def read_text(text: str) -> Sheet:
    """The columns of a text log. Values on a line are one row, in the order of lines."""
    reader = _Reader()
    for line in lines_of(text):
        reader.take(line)
    return reader.sheet()


class _Reader:
    """Goes down the lines with what was said last: epoch, split, header of a table."""

    def __init__(self) -> None:
        self.shapes: dict[str, Shape] = {}
        self.headings: dict[str, tuple[str, Header | None]] = {}
        self.tables: dict[tuple[tuple[str, ...], int], Shape | None] = {}
        self.rows: dict[str, list[list[str]]] = {}
        self.headers: list[Header] = []
        self.columns: dict[Key, Column] = {}
        self.here: tuple[float, float] | None = None
        self.epochs, self.steps, self.totals = array("d"), array("d"), array("d")
        self.planned: dict[str, Counter[float]] = {"epoch": Counter(), "step": Counter()}
        self.epoch = UNKNOWN
        self.step = UNKNOWN  # said last, for lines that say none
        self.split = ""  # said by the lines before
        self.heading = ""  # said by a line of its own
        self.placed = False  # which said a step too
        self.last: dict[str, float] = {}  # the step that a kind of line said last
        self.left_out = 0
        self.above = ""  # names of columns, as far as the line before
        self.told_again = False  # the next line repeats an earlier one
        self.open_bar = False  # the line before was a progress bar without its place

    def take(self, line: str) -> None:
        """Read one line."""
        parts = NUMBER.split(line)
        if len(parts) == 1:
            self._words(line)
            return
        template = SLOT.join(parts[::2])
        numbers = parts[1::2]
        if self._row_of_a_table(template, numbers):
            return
        shape = self.shapes.get(template)
        if shape is None:
            if len(self.shapes) >= MOST_SHAPES:
                self.left_out += 1
                return
            shape = self.shapes[template] = shape_of(template, numbers)
            shape.unmarked = not (self.split or self.heading)
            shape.header = None if shape.values else header_in(template)
        if shape.header is not None:
            self._below(shape.header)
        self._line(shape, numbers, template)

    def _words(self, line: str) -> None:
        """A line without a number: it may open a split, or name the columns of a table."""
        line = self._with_the_line_above(line)
        known = self.headings.get(line)
        if known is None:
            known = (heading_in(line), header_in(line))
            if len(self.headings) < MOST_SHAPES:
                self.headings[line] = known
        split, header = known
        self.told_again = bool(_TOLD_AGAIN.search(line))
        if _SECTION.fullmatch(line):
            self.heading = self.split = ""
        if header is not None:
            self._below(header)
        if split:
            self.heading = self.split = split
            self.placed = False

    def _with_the_line_above(self, line: str) -> str:
        """The names of columns may take two lines, one below the other, as MATLAB writes them."""
        named = line.count("|") > _PAIR and not RULE.fullmatch(line)
        above, self.above = self.above, line if named else ""
        if above.count("|") != line.count("|") or not self.above or above == line:
            return line
        pairs = zip(above.split("|"), line.split("|"), strict=True)
        return "|".join(f" {one.strip()} {other.strip()} " for one, other in pairs)

    def _below(self, header: Header) -> None:
        """What follows may be rows of this header."""
        if not self.headers or self.headers[0] is not header:
            self.headers = [header, *(h for h in self.headers if h is not header)][:MOST_HEADERS]

    def _row_of_a_table(self, template: str, numbers: list[str]) -> bool:
        if not self.headers:
            return False
        ways = self.rows.get(template)
        if ways is None:
            ways = cells_of(template)
            if len(self.rows) < MOST_SHAPES:
                self.rows[template] = ways
        for header in self.headers if ways else ():
            for cells in ways:
                key = (tuple(cells), id(header))
                if key not in self.tables:
                    names = names_of(header, cells)
                    self.tables[key] = None if names is None else self._cells(names, cells)
                shape = self.tables[key]
                if shape is not None:
                    self._line(shape, numbers, "")
                    return True
        return False

    def _cells(self, names: list[str], cells: list[str]) -> Shape:
        """The roles of the numbers in a row below a header."""
        shape = Shape()
        place = 0
        for name, cell in zip(names, cells, strict=True):
            width = cell.count(SLOT)
            if name and width and (cell is not cells[0] or not label_of(cells)):
                words = lower_words(name)
                kind = counts(words, name) or ("step" if name.strip() == "#" else "")
                if kind == "epoch" and shape.epoch is None:
                    shape.epoch = place
                    shape.epochs = place + 1 if width == _PAIR and "/" in cell else None
                elif kind == "step" and shape.step is None:
                    shape.step = place
                elif not kind:
                    shape.values.append(Slot(place, _balanced(name), named=split_in(words)))
            place += width
        return shape

    def _line(self, shape: Shape, numbers: list[str], template: str) -> None:
        if self.told_again and shape.values:
            self.told_again = False
            return
        split = self._split_of(shape, numbers, template)
        self._epoch_of(shape, numbers)
        own = _number(numbers[shape.step]) if shape.step is not None else UNKNOWN
        total = _number(numbers[shape.steps]) if shape.steps is not None else UNKNOWN
        open_bar, self.open_bar = self.open_bar, shape.bar and shape.step is None
        if not shape.values:
            if open_bar and math.isfinite(total):
                self._place_of_the_bar(own, total)
            else:
                self._place_alone(shape, own)
            return
        if shape.split or shape.values[-1].named or shape.values[-1].split:
            self.split = shape.values[-1].named or shape.values[-1].split or shape.split
        if shape.step is not None and not (shape.steps is not None and self.split in _CHECKED):
            self.step = own  # of training; an evaluation counts its own batches
        partial = shape.step is not None and not (shape.bar and own >= total)
        plan = shape.plans.get((split, partial))
        if plan is None:
            plan = shape.plans[split, partial] = self._plan(shape, split, partial=partial)
        self._row(plan, numbers, total)

    def _epoch_of(self, shape: Shape, numbers: list[str]) -> None:
        """The epoch that a line says."""
        if shape.epoch is None:
            return
        epoch = _number(numbers[shape.epoch])
        if epoch != self.epoch and math.isfinite(epoch):
            self.epoch, self.step = epoch, UNKNOWN
        if shape.epochs is not None:
            self.planned["epoch"][_number(numbers[shape.epochs])] += 1

    def _place_alone(self, shape: Shape, step: float) -> None:
        """What a line without values says of those that follow."""
        if shape.step is not None and not (shape.split in _CHECKED and shape.steps is not None):
            self.step = step
        if shape.split:
            self.split = shape.split

    def _place_of_the_bar(self, step: float, total: float) -> None:
        """What stands behind a progress bar is the place of its values: `(97/128)   1/391`."""
        if self.here is not None and len(self.epochs):
            self.steps[-1], self.totals[-1] = step, total
            self.here = (self.epoch, step)
        self.step = UNKNOWN

    def _plan(self, shape: Shape, split: str, *, partial: bool) -> Plan:
        """The column of each value of a line."""
        plan: Plan = {}
        for slot in shape.values:
            of = "" if slot.rate else slot.split or ("" if slot.named else split)
            key = (slot.name, of, partial)
            if key not in self.columns:
                if len(self.columns) >= MOST_COLUMNS:
                    self.left_out += 1
                    continue
                self.columns[key] = Column(slot.name, split=of)
            checked = (of or slot.named) in _CHECKED
            plain = slot.of is None and not slot.members and not slot.percent
            if plain and checked and slot.average is not None:
                plan[key] = (self.columns[key], slot.average, None)
            else:
                plan[key] = (self.columns[key], slot.index, None if plain else slot)
        return plan

    def _split_of(self, shape: Shape, numbers: list[str], template: str) -> str:
        """The split of the values of a line that do not say it themselves."""
        if shape.split:
            if not shape.values:
                self.heading, self.placed = shape.split, shape.step is not None
            elif shape.split != self.heading:
                self.heading = ""
            return shape.split
        if shape.epoch is not None and _number(numbers[shape.epoch]) > self.epoch:
            self.heading = self.split = ""
        if shape.step is not None:
            key, step = template, _number(numbers[shape.step])
            goes_on = shape.unmarked and step > self.last.get(key, math.inf)
            if self.heading and (goes_on or self.placed):
                self.heading = self.split = ""  # training goes on
            if not self.heading:
                self.last[key] = step
                self.split = ""
            return self.heading
        if shape.epoch is not None and not self.heading:
            self.split = ""
        return self.heading or ("" if shape.unmarked else self.split)

    def _row(self, plan: Plan, numbers: list[str], total: float) -> None:
        """Values of a line: beside those of the line before, where both are of the same place."""
        row = len(self.epochs) - 1
        place = (self.epoch, self.step)
        same = place == self.here or (
            self.here is not None and all(a == b or (a != a and b != b)  # noqa: PLR0124
                                          for a, b in zip(place, self.here, strict=True))
        )  # fmt: skip
        if not same or any(c.rows and c.rows[-1] == row for c, _, _ in plan.values()):
            self.epochs.append(self.epoch)
            self.steps.append(self.step)
            self.totals.append(total)
            self.here = place
            row += 1
        for column, index, slot in plan.values():
            column.rows.append(row)
            if slot is not None:
                column.values.append(_value_of(slot, numbers))
                continue
            text = numbers[index]
            column.values.append(float(text) if "," not in text else _number(text))

    def sheet(self) -> Sheet:
        """All of it."""
        join_unmarked(self.columns)
        steps = global_steps(self.epochs, self.steps, self.totals)
        within = steps is not self.steps
        columns: dict[str, Column] = {}
        part_by_totals(self.columns, self.totals)
        for (name, split, partial), column in self.columns.items():
            twin = self.columns.get((name, split, not partial))
            column.name = f"{split}/{name}" if split else name
            column.marks = frozenset({"by step"} if partial else {"summary"})
            if twin is not None and partial:
                column.name += " (by step)"
            columns[column.name] = column
        sheet = without_settings(Sheet(len(self.epochs), columns, self.epochs, steps))
        sheet.planned_epoch = _most(self.planned["epoch"])
        if not within:
            sheet.planned_step = next(
                (t for t in islice(reversed(self.totals), 1) if math.isfinite(t)), None
            )
        if self.left_out:
            sheet.notes.append(f"{self.left_out} lines of too many kinds were left out")
        return sheet


def _balanced(name: str) -> str:
    """The name of a column without what groups several, as in `Box(P  R  mAP50)`."""
    bare = name.rstrip(":")
    if "(" in bare and ")" not in bare:
        bare = bare.rpartition("(")[2]
    return bare.rstrip(")") if "(" not in bare else bare


def _number(text: str) -> float:
    return float(text.replace(",", "") if "," in text else text)


def _value_of(slot: Slot, numbers: list[str]) -> float:
    """A value that is more than its number: a share, a percentage, or the mean of a list."""
    value = _number(numbers[slot.index])
    if slot.members:
        every = [value, *(_number(numbers[i]) for i in slot.members)]
        return math.fsum(every) / len(every) if all(map(math.isfinite, every)) else math.nan
    if slot.of is not None:
        of = _number(numbers[slot.of])
        return value / of if of > 1 and value <= of and value % 1 == of % 1 == 0 else value
    return value / 100 if slot.percent else value


def _most(found: Counter[float]) -> float | None:
    return found.most_common(1)[0][0] if found else None
