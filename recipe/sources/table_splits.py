"""Which rows of a table train and which validate: at random, by group, or by time."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from recipe.core.errors import UsageError
from recipe.data.copies import CHANCE, chance_of_repeats
from recipe.sources.csv_cells import Columns, blank
from recipe.sources.dates import described
from recipe.sources.kinds import judged
from recipe.sources.table_targets import Answer, column_named

VAL_SHARE = 0.2
SPLIT_SEED = 0
FOLDS = 5
"""Of groups, of which one is held out."""
PARTS = ("train", "val", "test")


@dataclass(frozen=True)
class Split:
    """Rows by their place among the kept ones, and how that was chosen."""

    train: np.ndarray
    val: np.ndarray
    notes: tuple[str, ...] = ()
    leaves_out: tuple[str, ...] = ()
    """Columns that are no inputs."""
    time: str | None = None
    """The column of time, where later rows validate."""
    test: np.ndarray | None = None


def split_rows(
    table: Columns, kept: Sequence[int], answer: Answer, *, group: str | None, time: str | None,
) -> Split:  # fmt: skip
    """A fifth of the rows to validate on.

    Args:
        table: all rows.
        kept: those with an answer.
        answer: of these.
        group: a column of which no value may be in both parts.
        time: a column after which rows are ordered: the latest validate.

    Raises:
        UsageError: the column does not exist, or does not divide the rows.

    """
    if group is not None and time is not None:
        raise UsageError("Both --group and --time were named: rows are split by one of them.")
    if group is not None:
        return _by_group(table, kept, answer, column_named(table, group, table.path))
    if time is not None:
        return _by_time(table, kept, column_named(table, time, table.path))
    twins = _twins(table, kept)
    if twins is not None:
        train, val = _grouped(twins, answer)
        doubled = len(kept) - len(set(twins.tolist()))
        return Split(train, val, (
            f"{doubled} rows repeat another one: equal rows are kept on one side of the split.",))  # fmt: skip # noqa: E501
    return Split(*_at_random(len(kept), answer))


def split_as_given(given: Sequence[str], answer: Answer) -> Split:
    """Rows by the part that each belongs to, as the data set has them."""
    parts = {part: np.flatnonzero(np.array(given) == part) for part in PARTS}
    test = parts["test"] if len(parts["test"]) else None
    if len(parts["val"]):
        return Split(parts["train"], parts["val"], test=test)
    rows = parts["train"]
    held = Answer(answer.task, answer.values[rows], answer.outputs, answer.classes, answer.words)
    train, val = _at_random(len(rows), held)
    return Split(rows[train], rows[val], test=test)


def _at_random(n: int, answer: Answer) -> tuple[np.ndarray, np.ndarray]:
    """Rows to train on and rows to validate on, with equal class shares where each class has
    enough rows.
    """
    from sklearn.model_selection import train_test_split

    held, strata = round(VAL_SHARE * n), answer.stratum
    counts = Counter([] if strata is None else strata.tolist())
    fits = bool(counts) and min(counts.values()) > 1 and held >= len(counts)
    train, val = train_test_split(
        np.arange(n), test_size=held, random_state=SPLIT_SEED, stratify=strata if fits else None
    )
    return np.sort(train), np.sort(val)


def _grouped(groups: np.ndarray, answer: Answer) -> tuple[np.ndarray, np.ndarray]:
    """No group in both parts, class shares as equal as that allows."""
    from sklearn.model_selection import GroupShuffleSplit, StratifiedGroupKFold

    rows, strata = np.arange(len(groups)), answer.stratum
    if strata is not None and len(set(groups.tolist())) >= FOLDS <= min(Counter(strata).values()):
        folds = StratifiedGroupKFold(FOLDS, shuffle=True, random_state=SPLIT_SEED)
    else:
        folds = GroupShuffleSplit(1, test_size=VAL_SHARE, random_state=SPLIT_SEED)
    train, val = next(folds.split(rows, strata, groups))
    return np.sort(train), np.sort(val)


def _by_group(table: Columns, kept: Sequence[int], answer: Answer, name: str) -> Split:
    cells = table.column(name)
    words = ["" if blank(cells[row]) else cells[row] for row in kept]
    different = len(set(words))
    if different < 2:
        raise UsageError(
            f"{table.path}: --group {name} is the same in every row, so that no group can be held "
            "out: name a column with two groups or more, or leave --group out."
        )
    _, groups = np.unique(np.array(words), return_inverse=True)
    train, val = _grouped(groups, answer)
    if not len(train) or not len(val):
        raise UsageError(
            f"{table.path}: the {different} groups of {name!r} cannot be divided into two parts: "
            "name a column with more groups."
        )
    held = len(set(groups[val].tolist()))
    said = (
        f"Split by group: {held} of {different} groups of {name!r} ({len(val)} of {len(words)} "
        "rows) validate, none is in both parts; it is no input."
    )
    notes = [said]
    if empty := words.count(""):
        notes.append(f"{empty} rows without a value in {name!r} are taken for one group.")
    return Split(train, val, tuple(notes), (name,))


def _by_time(table: Columns, kept: Sequence[int], name: str) -> Split:
    values, read_as = _times(table, name)
    dated = [place for place, row in enumerate(kept) if values[row] is not None]
    order = sorted(dated, key=lambda place: values[kept[place]])
    at = [values[kept[place]] for place in order]
    if not order or at[0] == at[-1]:
        raise UsageError(
            f"{table.path}: --time {name} is the same in every row, so that nothing is later: name "
            "another column, or leave --time out."
        )
    wanted = len(order) - round(VAL_SHARE * len(order))
    cuts = [k for k in range(1, len(order)) if at[k] != at[k - 1]]
    cut = min(cuts, key=lambda k: abs(k - wanted))  # rows of one time stay together
    shown = table.column(name)[kept[order[cut]]]
    said = (
        f"Split by time: rows before {shown} in {name!r} train, the {len(order) - cut} rows from "
        f"then on validate{read_as}."
    )
    notes = [said]
    if len(dated) < len(kept):
        notes.append(f"{len(kept) - len(dated)} rows without a time in {name!r} are left out.")
    return Split(np.array(order[:cut]), np.array(order[cut:]), tuple(notes), (name,), name)


def _times(table: Columns, name: str) -> tuple[Sequence[Any], str]:
    """The column as numbers or moments, None where there is none, and how dates were read."""
    cells = table.column(name)
    column = judged(name, cells, table.decimal, is_target=True)
    if column.kind == "date":
        other = f"; {described(column.doubt)} would fit too" if column.doubt else ""
        form = " or ".join(map(described, column.formats))
        return column.moments(cells), f" (dates are {form}{other})"
    if column.kind == "constant" or column.style is not None:
        values = column.numbers(cells).tolist() if column.style else [0.0] * len(cells)
        return [None if value != value else value for value in values], ""  # noqa: PLR0124
    odd = next((c for c in cells if not blank(c) and not any(map(str.isdigit, c))),
               next(filter(None, cells), ""))  # fmt: skip
    raise UsageError(
        f"{table.path}: --time {name} holds {odd!r}, which is neither a number nor a date written "
        "as all others: write dates as YYYY-MM-DD, or name another column."
    )


def _twins(table: Columns, kept: Sequence[int]) -> np.ndarray | None:
    """The number of each row among the different ones, where rows were copied: a file was glued to
    itself. Rows that are equal since there are few different ones are none.
    """
    rows = [tuple(column[row] for column in table.cells) for row in kept]
    if len(set(rows)) == len(rows):
        return None
    found = zip(table.names, table.cells, strict=True)
    typed = [(judged(name, cells, table.decimal), cells) for name, cells in found]
    numbers = [each.numbers(cells) for each, cells in typed if each.style is not None]
    columns = np.array([values[kept] for values in numbers], dtype=float).reshape(-1, len(rows)).T
    if chance_of_repeats(rows, [0] * len(rows), columns) >= CHANCE:
        return None
    place = {row: index for index, row in enumerate(dict.fromkeys(rows))}
    return np.array([place[row] for row in rows])
