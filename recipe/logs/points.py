"""Rows of a log as points: one per epoch, per validation, or per stretch of iterations."""

import math
from collections.abc import Mapping, Sequence
from itertools import pairwise
from statistics import fmean, median

from recipe.logs.column_names import counts_steps, is_epoch
from recipe.logs.tables import is_number, number

Column = list[float | None]
Groups = list[list[int]]
FEW = 6
"""Epochs below which a curve has no shape."""
MANY, MANY_STEPS = 200, 100
"""Rows that are single iterations and no epochs, when nothing says that they are epochs; the second
where a column counts steps."""
POINTS, LEAST_POINTS = 50, 10
"""Points that iterations are averaged into: 50, or fewer where they are noisy."""
NOISE = 0.05
"""Of its level, that a point of averaged iterations may scatter by: two such points differ by 6 %
on average, less than half of what counts as a swing from epoch to epoch (0.15)."""
MAD = 1.4826
"""Standard deviation of a normal distribution, in median absolute deviations."""


def epochs_of(header: list[str], rows: list[list[str]]) -> list[float] | None:
    """The epoch of each row; one that is blank has that of the next row that says it."""
    names = [name for name in header if is_epoch(name)]
    if not names:
        return None
    place = header.index(names[0])
    known = [number(row[place]) if is_number(row[place]) else None for row in rows]
    later: float | None = None
    filled: Column = []
    for value in reversed(known):
        later = value if value is not None else later
        filled.append(later)
    filled.reverse()
    last = next((value for value in reversed(known) if value is not None), None)
    return None if last is None else [last if value is None else value for value in filled]


def one_run(
    rows: list[list[str]], epochs: list[float], notes: list[str]
) -> tuple[list[list[str]], list[float]]:
    """The rows of the last run, each epoch once and in order."""
    if len(epochs) > 1 and epochs[0] > epochs[-1] and epochs == sorted(epochs, reverse=True):
        notes.append("the rows run backwards and were turned round")
        rows, epochs = rows[::-1], epochs[::-1]
    backs = [i for i in range(1, len(epochs)) if epochs[i] < epochs[i - 1]]
    starts = [i for i in backs if epochs[i] <= epochs[0]]
    if starts and len(epochs) - starts[-1] > 1:
        notes.append(f"{len(starts) + 1} runs in one file: the last is read")
        rows, epochs = rows[starts[-1] :], epochs[starts[-1] :]
        backs = [i - starts[-1] for i in backs if i > starts[-1]]
    if not backs:
        return rows, epochs
    notes.append("epochs that were run again after a restart count once")
    kept = [
        i for i in range(len(epochs))
        if not any(b > i and epochs[b] <= epochs[i] for b in backs)
    ]  # fmt: skip
    return [rows[i] for i in kept], [epochs[i] for i in kept]


def without_blanks(column: Column, elsewhere: Sequence[bool]) -> Column:
    """The column with None for values that are not finite and were never meant.

    pandas and W&B write NaN where a row has no such value. What a finite value follows is such a
    blank. At the end NaN are a loss that became infinite, where there are more of them than the
    longest gap before: a validation every fifth epoch leaves four.

    Args:
        column: as written.
        elsewhere: rows of another kind, where the column is blank whatever it says.

    """
    finite = [i for i, v in enumerate(column) if v is not None and math.isfinite(v)]
    if not finite:
        return column
    wild = {i for i, v in enumerate(column) if v is not None and not math.isfinite(v)}
    gaps = [
        sum(i in wild and not elsewhere[i] for i in range(a + 1, b))
        for a, b in pairwise([-1, *finite])
    ]
    tail = {i for i in wild if i > finite[-1] and not elsewhere[i]}
    infinite = any(math.isinf(column[i] or 0.0) for i in tail)
    kept = tail if infinite or len(tail) > max(gaps) else set()
    blank = wild - kept
    return [None if i in blank else v for i, v in enumerate(column)]


def rows_elsewhere(filled: Sequence[set[int]], column: Column) -> list[bool]:
    """Which rows hold a number in a column that is never filled beside this one.

    Args:
        filled: of each row, the places of the columns that hold a number.
        column: the values of one column, or of several added up.

    """
    beside: set[int] = set()
    for places, value in zip(filled, column, strict=True):
        if value is not None and math.isfinite(value):
            beside |= places
    return [bool(places - beside) for places in filled]


def groups_of(
    values: Mapping[str, Column], epochs: Sequence[float] | None, header: list[str],
    notes: list[str],
) -> Groups:  # fmt: skip
    """Rows that are one point together."""
    rows = range(len(next(iter(values.values()))))
    val = [v for name, v in values.items() if name.startswith("val")]
    checked = [i for i in rows if any(v[i] is not None for v in val)]
    train = next((v for name, v in values.items() if name.startswith("train")), None)
    if epochs is not None:
        groups = _by_epoch(epochs)
        if len(groups) >= FEW or (checked and len(groups) >= len(checked)):
            return _aligned(values, groups, notes)
    if train is not None and len(checked) < FEW:
        thinned = _thinned(train, rows, any(map(counts_steps, header)), notes)
        if thinned:
            return thinned
    if epochs is not None and len(groups) >= len(checked):
        return groups
    others = set(rows) - set(checked)
    mixed = any(
        v[i] is not None for name, v in values.items() if name.startswith("train") for i in others
    )
    if not checked or not mixed:
        return [[i] for i in rows]
    starts = [0, *(i + 1 for i in checked[:-1])]
    found = [list(range(a, b + 1)) for a, b in zip(starts, checked, strict=True)]
    return [*found, *_diverging(train, range(checked[-1] + 1, len(rows)))]


def _by_epoch(epochs: Sequence[float]) -> Groups:
    whole = [math.ceil(e) if any(x % 1 for x in epochs) else e for e in epochs]
    groups: dict[float, list[int]] = {}
    for i, epoch in enumerate(whole):
        groups.setdefault(epoch, []).append(i)
    return list(groups.values())


def _diverging(train: Column | None, rows: range) -> Groups:
    """The rows behind the last validation, where the training loss is not finite there."""
    last = [train[i] for i in rows] if train else []
    wild = any(v is not None and not math.isfinite(v) for v in last)
    return [list(rows)] if wild else []


def _aligned(values: Mapping[str, Column], groups: Groups, notes: list[str]) -> Groups:
    """Groups joined until each has training and validation, so that the same place in both curves
    is the same time; as they were where too few would be left.
    """
    sides = [_side(values, side) for side in ("train", "val")]
    columns = [side for side in sides if side is not None]
    joined: Groups = []
    open_: list[int] = []
    for group in groups:
        open_ = [*open_, *group]
        if all(any(column[i] is not None for i in open_) for column in columns):
            joined.append(open_)
            open_ = []
    if len(joined) < FEW or len(joined) == len(groups):
        return groups
    width = math.ceil(sum(map(len, joined)) / len(joined))
    joined += [open_[i : i + width] for i in range(0, len(open_), width)]
    notes.append(
        f"training and validation were not logged in the same epochs: {len(groups)} are read as "
        f"{len(joined)} points"
    )
    return joined


def _side(values: Mapping[str, Column], side: str) -> Column | None:
    return values.get(f"{side}_loss") or values.get(f"{side}_score")


def _thinned(train: Column, rows: range, stepped: bool, notes: list[str]) -> Groups | None:
    """Stretches of iterations, of which there are so many that no row is an epoch."""
    known = [i for i in rows if train[i] is not None]
    if len(known) <= (MANY_STEPS if stepped else MANY):
        return None
    finite = [v for v in (train[i] for i in known) if v is not None and math.isfinite(v)]
    width = max(len(known) / POINTS, (_relative_noise(finite) / NOISE) ** 2)
    count = max(LEAST_POINTS, round(len(known) / width))
    cuts = [0, *(known[round(k * len(known) / count)] for k in range(1, count)), len(rows)]
    notes.append(f"{len(known)} rows are read as iterations, averaged into {count} points")
    return [list(range(a, b)) for a, b in pairwise(cuts)]


def _relative_noise(values: Sequence[float]) -> float:
    """Standard deviation of single values around their course over the later half, from second
    differences, which a trend does not touch; relative to their level.
    """
    late = values[len(values) // 2 :]
    bends = [abs(a - 2 * b + c) for a, b, c in zip(late, late[1:], late[2:], strict=False)]
    level = abs(fmean(late)) if late else 0.0
    return MAD * median(bends) / math.sqrt(6) / level if bends and level else 0.0


def points_of(values: Mapping[str, Column], groups: Groups) -> dict[str, list[float]]:
    """One value per group; a group without one leaves the curve out, but for the rate, which stays
    as it was set last.
    """
    curves: dict[str, list[float]] = {}
    for name, column in values.items():
        points = [[v for i in group if (v := column[i]) is not None] for group in groups]
        mean = name.startswith("train")
        if name == "lr":
            points = _carried(points)
        curves[name] = [fmean(point) if mean else point[-1] for point in points if point]
    return {name: points for name, points in curves.items() if points}


def _carried(points: list[list[float]]) -> list[list[float]]:
    last = next((point for point in points if point), [])
    return [last := point or last for point in points]
