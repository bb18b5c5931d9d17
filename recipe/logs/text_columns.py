"""Columns of a text log, once all of its lines are read."""

import math
from array import array
from itertools import pairwise

from recipe.logs.sheet import Column, Sheet
from recipe.logs.text_words import lower_words, split_in

Key = tuple[str, str, bool]
"""Name, split, and whether it was said within an epoch."""
Columns = dict[Key, Column]
LEAST_TURNS = 2


def part_by_totals(columns: Columns, places: "array[float]") -> None:
    """Lines of one kind that count to a larger and to a smaller number in turn are of training
    and of validation, where nothing else says so.

    Args:
        columns: they are changed.
        places: of each row, the number that its line counts to.

    """
    marked = {name for name, split, _ in columns if split}
    for key, column in list(columns.items()):
        name, split, partial = key
        if split or split_in(lower_words(name)) or name in marked:
            continue
        totals = [places[row] for row in column.rows]
        kinds = {total for total in totals if math.isfinite(total)}
        turns = sum(a > b for a, b in pairwise(totals))
        if len(kinds) != 2 or turns < LEAST_TURNS or totals[0] != max(kinds):
            continue
        train, val = Column(name), Column(name, split="val")
        for row, value, total in zip(column.rows, column.values, totals, strict=True):
            (val if total == min(kinds) else train).add(row, value)
        columns[key] = train
        columns[name, "val", partial] = val


def join_unmarked(columns: Columns) -> None:
    """A sentence such as `Start training...` marks no more than the lines up to the next epoch:
    what goes on unmarked behind them is the same curve.
    """
    for name, split, partial in list(columns):
        begun, later = columns[name, split, partial], columns.get((name, "", partial))
        if split == "train" and later and begun.rows and begun.rows[-1] < later.rows[0]:
            later.rows[:0], later.values[:0] = begun.rows, begun.values
            del columns[name, split, partial]


def without_settings(sheet: Sheet) -> Sheet:
    """The sheet without rows of names that are said once, as those of settings before training."""
    often = [column for column in sheet.columns.values() if len(column) > 1]
    kept = {row for column in often for row in column.rows}
    if not kept or len(kept) == sheet.length:
        return sheet
    return sheet.within(sorted(kept))


def global_steps(
    epochs: "array[float]", steps: "array[float]", totals: "array[float]"
) -> "array[float]":
    """Steps over the whole training, where each epoch counts its own."""
    known = [i for i, step in enumerate(steps) if math.isfinite(step)]
    resets = [
        (a, b) for a, b in pairwise(known)
        if epochs[b] > epochs[a] and steps[b] <= steps[a]
    ]  # fmt: skip
    if not resets:
        return steps
    width = max(
        [steps[a] for a, _ in resets] + [totals[i] for i in known if math.isfinite(totals[i])]
    )
    first = min(epochs[i] for i in known if math.isfinite(epochs[i]))
    return array("d", [
        (e - first) * width + s if math.isfinite(s) and math.isfinite(e) else s
        for e, s in zip(epochs, steps, strict=True)
    ])  # fmt: skip
