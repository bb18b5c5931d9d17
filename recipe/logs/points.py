"""Rows of a log as points: one per epoch, per validation, or per stretch of iterations."""

import math
from collections.abc import Mapping, Sequence
from itertools import pairwise
from statistics import fmean, median

from recipe.logs.sheet import UNKNOWN

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


def filled_epochs(epochs: Sequence[float]) -> list[float]:
    """The epoch of each row; one that says none has that of the next row that says it."""
    later = UNKNOWN
    filled: list[float] = []
    for value in reversed(epochs):
        later = value if math.isfinite(value) else later
        filled.append(later)
    filled.reverse()
    last = next((value for value in reversed(epochs) if math.isfinite(value)), UNKNOWN)
    return [value if math.isfinite(value) else last for value in filled]


def run_starts(places: Sequence[float]) -> list[int]:
    """Rows where a run begins anew: its epoch, or step, is that of the first row or before it, and
    goes on from there.
    """
    backs = [i for i in range(1, len(places)) if places[i] < places[i - 1]]
    starts = [0]
    for i in backs:
        if places[i] <= places[starts[-1]] and i - starts[-1] > 1:
            starts.append(i)
    if len(starts) > 1 and len(places) - starts[-1] < 2:
        starts.pop()
    return starts


def without_repeats(places: Sequence[float]) -> list[int]:
    """Rows that count where a run was resumed: of places that were gone through twice the last."""
    kept: list[int] = []
    least = math.inf  # of the places that a later restart goes back to
    for i in range(len(places) - 1, -1, -1):
        if places[i] < least:
            kept.append(i)
        if i and places[i] < places[i - 1]:
            least = min(least, places[i])
    kept.reverse()
    return kept


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
    values: Mapping[str, Column], epochs: Sequence[float] | None, notes: list[str], *,
    stepped: bool,
) -> Groups:  # fmt: skip
    """Rows that are one point together.

    Args:
        values: of each curve, the value in each row.
        epochs: of each row.
        notes: what is said of it is added.
        stepped: a column counts steps, so that rows are not likely to be epochs.

    """
    rows = range(len(next(iter(values.values()))))
    val = [v for name, v in values.items() if name.startswith("val")]
    checked = [i for i in rows if any(v[i] is not None for v in val)]
    train = next((v for name, v in values.items() if name.startswith("train")), None)
    if epochs is not None:
        groups = _by_epoch(epochs)
        if len(groups) >= FEW or (checked and len(groups) >= len(checked)):
            return _aligned(values, groups, notes)
    if train is not None and len(checked) < FEW:
        stretches = thinned(train, rows, notes, most=MANY_STEPS if stepped else MANY)
        if stretches:
            return stretches
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
    parted = any(epoch % 1 for epoch in epochs)
    whole = [math.ceil(epoch) for epoch in epochs] if parted else epochs
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
    if len(joined) == len(groups):
        return groups
    notes.append(
        f"training and validation were not logged in the same epochs: {len(groups)} are read as "
        f"{len(joined)} points"
    )
    return joined


def _side(values: Mapping[str, Column], side: str) -> Column | None:
    return values.get(f"{side}_loss") or values.get(f"{side}_score")


def thinned(train: Column, rows: range, notes: list[str], *, most: int) -> Groups | None:
    """Stretches of iterations, of which there are so many that no row is an epoch; None for no
    more than `most`.
    """
    known = [i for i in rows if train[i] is not None]
    if len(known) <= most:
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


def points_of(
    values: Mapping[str, Column], groups: Groups, places: Sequence[float]
) -> tuple[dict[str, list[float]], dict[str, list[float]]]:
    """One value per group and where it is; a group without one leaves the curve out, but for the
    rate, which stays as it was set last.

    Args:
        values: of each curve, the value in each row.
        groups: rows that are one point together.
        places: of each group, its epoch or step.

    """
    curves: dict[str, list[float]] = {}
    at: dict[str, list[float]] = {}
    others = [column for name, column in values.items() if name != "lr"]
    known = [any(column[i] is not None for column in others for i in group) for group in groups]
    alone = not any(known)
    for name, column in values.items():
        points = [[v for i in group if (v := column[i]) is not None] for group in groups]
        mean = name.startswith("train")
        kept = [(p, x) for p, x in zip(points, places, strict=True) if p]
        if name == "lr":
            carried = zip(_carried(points), places, known, strict=True)
            kept = [(p, x) for p, x, beside in carried if p and (beside or alone)]
        if kept:
            curves[name] = [fmean(point) if mean else point[-1] for point, _ in kept]
            at[name] = [x for _, x in kept]
    return curves, at


def _carried(points: list[list[float]]) -> list[list[float]]:
    last = next((point for point in points if point), [])
    return [last := point or last for point in points]
