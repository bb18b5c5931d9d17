"""Values by name and place as a sheet with a row for each place."""

import math
from array import array
from collections.abc import Sequence

from recipe.logs.cells import number
from recipe.logs.column_names import is_epoch
from recipe.logs.sheet import Column, Sheet


def pivoted(rows: Sequence[tuple[str, str, tuple[float, float], object]]) -> Sheet:
    """The sheet of values of (run, name, (epoch, step), value): a row for each place."""
    places: dict[tuple[str, object, object], int] = {}
    columns: dict[str, Column] = {}
    counts: dict[tuple[str, str], int] = {}
    epochs, steps, runs = array("d"), array("d"), []
    kept: list[tuple[int, str, float]] = []
    for run, name, (epoch, step), cell in rows:
        try:
            value = number(cell)
        except ValueError:
            continue
        if value is None:
            continue
        count = counts[run, name] = counts.get((run, name), 0) + 1
        if math.isfinite(step):
            key: tuple[str, object, object] = (run, "step", step)
        elif math.isfinite(epoch):
            key = (run, "epoch", epoch)
        else:
            key = (run, "row", count)
        row = places.setdefault(key, len(places))
        if row == len(epochs):
            epochs.append(epoch)
            steps.append(step)
            runs.append(run)
        elif math.isfinite(epoch):
            epochs[row] = epoch
        kept.append((row, name, value))
    kept.sort(key=lambda each: each[0])
    for row, name, value in kept:
        columns.setdefault(name, Column(name)).add(row, value)
    _epochs_by_name(columns, epochs)
    order = _in_order(runs, epochs, steps)
    named = runs if len(set(runs)) > 1 else None
    sheet = Sheet(len(epochs), columns, epochs, steps, named)
    return sheet if order is None else ordered(sheet, order)


def _epochs_by_name(columns: dict[str, Column], epochs: "array[float]") -> None:
    """Epochs that were logged as a curve of their own, as Lightning does."""
    for name in [name for name in columns if is_epoch(name)]:
        column = columns.pop(name)
        for row, value in zip(column.rows, column.values, strict=True):
            if not math.isfinite(epochs[row]):
                epochs[row] = value


def _in_order(runs: list[str], epochs: "array[float]", steps: "array[float]") -> list[int] | None:
    """Rows by run and step, where they stand otherwise (each curve after the other)."""
    first = {run: i for i, run in reversed(list(enumerate(runs)))}
    keys = [
        (first[run], step if math.isfinite(step) else epoch if math.isfinite(epoch) else 0.0)
        for run, epoch, step in zip(runs, epochs, steps, strict=True)
    ]
    order = sorted(range(len(keys)), key=keys.__getitem__)
    return None if order == list(range(len(keys))) else order


def ordered(sheet: Sheet, order: list[int]) -> Sheet:
    """The sheet with its rows in another order."""
    named = None if sheet.runs is None else [sheet.runs[row] for row in order]
    turned = sheet.within(order)
    turned.runs = named
    return turned
