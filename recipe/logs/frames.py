"""A table as a sheet: rows of splits, runs and names become columns of their own."""

import math
import re
from array import array
from collections.abc import Sequence
from itertools import pairwise

from recipe.logs.cells import BLANK, number, place
from recipe.logs.column_names import counts_steps, is_epoch, kind_of, split_of, words_of
from recipe.logs.pivots import ordered, pivoted
from recipe.logs.sheet import UNKNOWN, Column, Sheet
from recipe.logs.tables import Table

SPLIT_COLUMNS = frozenset({
    "mode", "split", "phase", "subset", "stage", "set", "partition", "dataset", "type", "data",
    "_type", "kind", "loader", "part",
})  # fmt: skip
RUN_COLUMNS = frozenset({
    "run", "run_id", "run_name", "runid", "runname", "experiment", "experiment_id", "exp", "trial",
    "trial_id", "fold", "seed", "model", "config", "version", "repeat", "job", "replicate",
})  # fmt: skip
NAME_COLUMNS = frozenset({
    "name", "metric", "tag", "key", "metric_name", "metricname", "variable", "series", "measure",
    "scalar", "metric_key", "quantity",
})  # fmt: skip
VALUE_COLUMNS = frozenset({
    "value", "val", "metric_value", "metricvalue", "y", "values", "scalar_value", "float_value",
})  # fmt: skip
STEP_COLUMNS = frozenset({"step", "x", "index", "global_step", "iteration", "_step", "steps"})
MOST_RUNS, MOST_SPLITS = 1000, 12
_EXPORTED = re.compile(r"(.+?) - (.+?)(__MIN|__MAX|__STD)?")
"""A column that W&B exports: `run - metric`."""


def sheet_of(table: Table) -> Sheet:
    """The columns of a table by name, with what says split, run, epoch and step taken out."""
    header = _unique(table.header)
    table = Table(header, table.rows, table.starts)
    columns: list[Sequence[object]] = (
        list(zip(*table.rows, strict=True)) if table.rows else [() for _ in header]
    )
    long = _long(header, columns)
    if long is not None:
        return long
    exported = _exported(header, columns)
    if exported is not None:
        header, columns, runs = exported
    else:
        runs = None
    frame = _Frame(header, columns, table.starts)
    return frame.sheet(runs)


def _unique(header: list[str]) -> list[str]:
    seen: dict[str, int] = {}
    names = []
    for name in header:
        seen[name] = seen.get(name, 0) + 1
        names.append(name if seen[name] == 1 else f"{name} ({seen[name]})")
    return names


class _Frame:
    """A wide table on its way to a sheet."""

    def __init__(
        self, header: list[str], columns: list[Sequence[object]], starts: list[int]
    ) -> None:
        self.length = len(columns[0]) if columns else 0
        self.odd: dict[str, str] = {}
        self.words: dict[str, Sequence[object]] = {}
        self.numbers: dict[str, Column] = {}
        self.planned: dict[str, float] = {}
        self.epochs = self._places(header, columns, is_epoch, "epoch")
        self.steps = self._places(header, columns, counts_steps, "step")
        self.starts = starts
        for name, cells in zip(header, columns, strict=True):
            if not is_epoch(name) and not counts_steps(name):
                self._column(name, cells)

    def _places(
        self, header: list[str], columns: list[Sequence[object]], says: object, kind: str
    ) -> "array[float] | None":
        """Epochs or steps, from the fullest column that counts them."""
        best: array[float] | None = None
        known = 0
        for name, cells in zip(header, columns, strict=True):
            if callable(says) and says(name):
                values, of = _places_in(cells)
                count = sum(map(math.isfinite, values))
                if count > known:
                    best, known = values, count
                    if of is not None:
                        self.planned[kind] = of
        return best

    def _column(self, name: str, cells: Sequence[object]) -> None:
        column = Column(name)
        try:
            column.values = array("d", map(float, cells))  # type: ignore[arg-type]
            column.rows = array("q", range(len(cells)))
        except (ValueError, TypeError, OverflowError):
            column = self._slowly(name, cells)
        if len(column):
            self.numbers[name] = column
        elif any(isinstance(cell, str) and cell.lower() not in BLANK for cell in cells):
            self.words[name] = cells
        else:
            self.numbers[name] = column

    def _slowly(self, name: str, cells: Sequence[object]) -> Column:
        column = Column(name)
        for row, cell in enumerate(cells):
            try:
                value = number(cell)
            except ValueError:
                self.odd.setdefault(name, str(cell)[:40])
                continue
            if value is not None:
                column.add(row, value)
        return column

    def sheet(self, runs: Sequence[str] | None) -> Sheet:
        """All of it, the rows of each split as columns of its own."""
        split = self._split_column()
        columns: dict[str, Column] = {}
        for column in self.numbers.values():
            for each in _by_split(column, self.words[split]) if split else [column]:
                columns[each.name] = each
        runs = runs or self._runs(split)
        sheet = Sheet(self.length, columns, self.epochs, self.steps, runs)
        order = self._by_place(split) if split else None
        if order is not None:
            sheet = ordered(sheet, order)
        sheet.planned_epoch = self.planned.get("epoch")
        sheet.planned_step = self.planned.get("step")
        sheet.odd = {name: cell for name, cell in self.odd.items() if name in self.numbers} or {
            name: str(next(c for c in cells if c)) for name, cells in self.words.items()
        }
        return sheet

    def _by_place(self, split: str) -> list[int] | None:
        """Rows in the order of epochs, where all of one split stand before those of another."""
        at = self.epochs if self.epochs is not None else self.steps
        if at is None or not all(map(math.isfinite, at)) or _goes_up(at):
            return None
        parts: dict[str, list[float]] = {}
        for cell, value in zip(self.words[split], at, strict=True):
            parts.setdefault(str(cell), []).append(value)
        if not all(map(_goes_up, parts.values())):
            return None
        return sorted(range(self.length), key=at.__getitem__)

    def _split_column(self) -> str:
        """The column whose words are the splits that its rows are of."""
        for name, cells in self.words.items():
            kinds = {str(cell).strip() for cell in cells} - {""}
            named = "_".join(words_of(name)) in SPLIT_COLUMNS or name.lower() in SPLIT_COLUMNS
            splits = {split_of(words_of(kind)) for kind in kinds}
            if (
                len(kinds) > 1
                and len(kinds) <= 12
                and ("" not in splits or (named and splits != {""}))
            ):
                return name
        return ""

    def _runs(self, split: str) -> Sequence[str] | None:
        """The run of each row, where a column names several, or the header stood again."""
        names = [n for n in self.words if n != split]
        for name in (*names, *self.numbers):
            if "_".join(words_of(name)) not in RUN_COLUMNS and name.lower() not in RUN_COLUMNS:
                continue
            found = self._named_runs(name)
            if found is not None:
                self.numbers.pop(name, None)
                return found
        if not self.starts or self.epochs is not None or self.steps is not None:
            return self._unnamed(names)
        runs, run = [], 1
        for row in range(self.length):
            run += row in self.starts and row > 0
            runs.append(str(run))
        return runs if run > 1 else None

    def _named_runs(self, name: str) -> list[str] | None:
        if name in self.words:
            runs, last = [], ""
            for cell in self.words[name]:
                last = str(cell) if cell is not None and str(cell) else last
                runs.append(last)
            first = next((run for run in runs if run), "")
            runs = [run or first for run in runs]
        else:
            column = self.numbers[name]
            if len(column) != self.length or any(v % 1 for v in column.values):
                return None
            runs = [f"{name} {value:.0f}" for value in column.values]
        count = len(set(runs))
        return runs if 1 < count <= min(MOST_RUNS, self.length // 2) else None

    def _unnamed(self, names: list[str]) -> list[str] | None:
        """Runs by a column of words, within each of whose values alone the epochs rise."""
        at = self.epochs if self.epochs is not None else self.steps
        if at is None or _rises([value for value in at if math.isfinite(value)]):
            return None
        for name in names:
            found = self._named_runs(name)
            groups: dict[str, list[float]] = {}
            for run, value in zip(found or (), at, strict=False):
                groups.setdefault(run, []).append(value)
            if groups and all(len(g) > 1 and _rises(g) for g in groups.values()):
                return found
        return None


def _places_in(cells: Sequence[object]) -> tuple["array[float]", float | None]:
    """The epochs or steps of a column, and of how many."""
    try:
        return array("d", map(float, cells)), None  # type: ignore[arg-type]
    except (ValueError, TypeError, OverflowError):
        pairs = [place(cell) for cell in cells]
        of = next((of for _, of in reversed(pairs) if of is not None), None)
        return array("d", [value for value, _ in pairs]), of


def _rises(values: Sequence[float]) -> bool:
    return all(a < b for a, b in pairwise(values))


def _goes_up(values: Sequence[float]) -> bool:
    return all(a <= b for a, b in pairwise(values))


def _by_split(column: Column, cells: Sequence[object]) -> list[Column]:
    """A column as one per split; one whose name says its split stays whole."""
    words = words_of(column.name)
    if split_of(words) or kind_of(words) == "lr":
        return [column]
    found: dict[str, Column] = {}
    for row, value in zip(column.rows, column.values, strict=True):
        split = str(cells[row]).strip()
        name = f"{split}/{column.name}" if split else column.name
        found.setdefault(split, Column(name, split=split)).add(row, value)
    return list(found.values())


def _find(header: list[str], names: frozenset[str]) -> int | None:
    known = [name.lower().strip().replace(" ", "_") for name in header]
    return next((i for i, name in enumerate(known) if name in names), None)


def _long(header: list[str], columns: list[Sequence[object]]) -> Sheet | None:
    """The sheet of a table of (name, step, value)."""
    names, values = _find(header, NAME_COLUMNS), _find(header, VALUE_COLUMNS)
    if names is None or values is None or not columns[names]:
        return None
    kinds = {str(cell) for cell in columns[names]}
    if not any(kind_of(words_of(kind)) or split_of(words_of(kind)) for kind in kinds):
        return None
    steps = next((i for i, n in enumerate(header) if counts_steps(n)), None)
    if steps is None:
        steps = _find(header, STEP_COLUMNS)
    epochs = next((i for i, n in enumerate(header) if is_epoch(n)), None)
    beside = [
        i for i, name in enumerate(header)
        if i not in (names, values, steps, epochs)
        and name.lower().strip().replace(" ", "_") in SPLIT_COLUMNS | RUN_COLUMNS
    ]  # fmt: skip
    splits = [i for i in beside if _all_splits(columns[i])]
    runs = [i for i in beside if i not in splits and len(set(map(str, columns[i]))) > 1]
    rows = []
    for row in zip(*columns, strict=True):
        prefix = "".join(f"{row[i]}/" for i in splits if str(row[i]).strip())
        run = " ".join(str(row[i]) for i in runs)
        at = (_at(row, epochs), _at(row, steps))
        rows.append((run, prefix + str(row[names]), at, row[values]))
    return pivoted(rows)


def _all_splits(cells: Sequence[object]) -> bool:
    kinds = {str(cell).strip() for cell in cells} - {""}
    return bool(kinds) and all(split_of(words_of(kind)) for kind in kinds)


def _at(row: Sequence[object], column: int | None) -> float:
    return UNKNOWN if column is None else place(row[column])[0]


def _exported(
    header: list[str], columns: list[Sequence[object]]
) -> tuple[list[str], list[Sequence[object]], list[str] | None] | None:
    """W&B's export of a chart: a column per run; rows of the runs one below the other."""
    found = {
        i: match for i, name in enumerate(header)
        if (match := _EXPORTED.fullmatch(name)) and kind_of(words_of(match[2]))
    }  # fmt: skip
    if not found or len(found) < len(header) - 3:
        return None
    beside = [i for i in range(len(header)) if i not in found]
    runs = list(dict.fromkeys(match[1] for match in found.values()))
    metrics = list(dict.fromkeys(match[2] for match in found.values()))
    length = len(columns[0])
    names = [header[i] for i in beside] + metrics
    stacked: list[list[object]] = [[] for _ in names]
    for run in runs:
        for k, i in enumerate(beside):
            stacked[k].extend(columns[i])
        for k, metric in enumerate(metrics, len(beside)):
            place_of = next(
                (i for i, m in found.items() if (m[1], m[2]) == (run, metric) and not m[3]), None
            )
            stacked[k].extend([None] * length if place_of is None else columns[place_of])
    named = [run for run in runs for _ in range(length)] if len(runs) > 1 else None
    return names, list(stacked), named
