"""The chosen columns of a sheet as curves with one value per point."""

import math
from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path

from recipe.core.errors import UsageError
from recipe.logs.choosing import Chosen
from recipe.logs.column_names import PERPLEXITIES, words_of
from recipe.logs.log import Choice, Curves, Ending, Log, PointsAre, Unit
from recipe.logs.points import (
    FEW,
    MANY_STEPS,
    Column,
    Groups,
    filled_epochs,
    groups_of,
    points_of,
    rows_elsewhere,
    thinned,
    without_blanks,
)
from recipe.logs.sheet import UNKNOWN, Sheet

PERCENT = 1.5
"""A score above it is one in percent."""
NO_SHARES = frozenset({"psnr", "rew", "reward", "return", "rewards", "returns", "fid", "cider"})
"""Scores that are no shares of anything."""
PART = "\0"
"""Between the name of a part of a loss and the curve of it."""
SHARED = 0.9
"""Share of points that are at places of their own, or the places say nothing."""
LATE = 1.5
"""A curve ended early where what follows its last value is longer than its longest gap by this."""


def curves_of(sheet: Sheet, chosen: Chosen, path: Path) -> Log:
    """The curves of one run.

    Raises:
        UsageError: they hold no value.

    """
    notes = list(sheet.notes)
    choices = dict(chosen.curves) | {
        f"{curve}{PART}{part}": Choice((name,))
        for part, curves in chosen.parts.items() for curve, name in curves.items()
    }  # fmt: skip
    values = _values(sheet, choices, notes)
    epochs = filled_epochs(sheet.epochs) if sheet.epochs is not None else None
    groups = groups_of(values, epochs, notes, stepped=sheet.steps is not None) if values else []
    places, unit = _places(sheet, groups, epochs)
    fine = _finer(sheet, values, groups, epochs, notes)
    if fine is None:
        curves, at = points_of(values, groups, places)
    else:
        curves, at, unit, places = fine
    if not any(not name.startswith("lr") for name in curves):
        names = ", ".join(name for choice in choices.values() for name in choice.columns)
        raise UsageError(f"{str(path)!r} has no value of a loss or score in {names}.")
    _percent(curves, chosen, notes)
    notes += _said_of(sheet, curves, chosen)
    log = Log({n: c for n, c in curves.items() if PART not in n}, notes)
    log.chosen = {n: c for n, c in chosen.curves.items() if n in log.curves}
    log.at, log.unit = at, unit
    log.end = places[-1] if places else None
    log.points_are = _points_are(groups, epochs, sheet.length)
    log.kind = chosen.kind
    log.planned = sheet.planned_epoch if unit == "epoch" else sheet.planned_step
    for name in [name for name in curves if PART in name]:
        curve, _, part = name.partition(PART)
        log.parts.setdefault(part, {})[curve] = curves[name]
        log.at[f"{part}/{curve}"] = log.at.pop(name)
    log.ends = _ends(log)
    log.notes += [
        f"{curve} has no value after {unit or 'row'} {ending.last:g}, and the log goes on to "
        f"{ending.of:g}"
        for curve, ending in log.ends.items() if ending.how == "blank"
    ]  # fmt: skip
    log.split_of = {
        curve: split for curve, choice in log.chosen.items()
        if (split := sheet.columns[choice.columns[0]].split)
    }  # fmt: skip
    return log


def _values(sheet: Sheet, choices: Mapping[str, Choice], notes: list[str]) -> dict[str, Column]:
    """Curve -> its value in each row, None where it has none."""
    values: dict[str, Column] = {}
    filled: list[set[int]] | None = None
    for curve, choice in choices.items():
        column = _sum([sheet.dense(name) for name in choice.columns])
        if any(PERPLEXITIES & {*words_of(name)} for name in choice.columns):
            column = _of_perplexity(column)
            notes.append(f"{curve} is the logarithm of {choice.columns[0]}")
        if any(v is not None and not math.isfinite(v) for v in column):
            filled = _filled(sheet) if filled is None else filled
            column = without_blanks(column, rows_elsewhere(filled, column))
        values[curve] = column
        if len(choice.columns) > 1:
            notes.append(f"{curve} = {' + '.join(choice.columns)}")
    for curve in _never_measured(values):
        notes.append(f"{curve} is NaN in every row and was left out")
        del values[curve]
    return {curve: column for curve, column in values.items() if any(v is not None for v in column)}


def _sum(columns: Sequence[Column]) -> Column:
    if len(columns) == 1:
        return columns[0]
    return [
        None if None in row else math.fsum(v for v in row if v is not None)
        for row in zip(*columns, strict=True)
    ]


def _filled(sheet: Sheet) -> list[set[int]]:
    """Of each row, which columns hold a finite number."""
    filled: list[set[int]] = [set() for _ in range(sheet.length)]
    for place, column in enumerate(sheet.columns.values()):
        for row, value in zip(column.rows, column.values, strict=True):
            if math.isfinite(value):
                filled[row].add(place)
    for place, said in enumerate((sheet.epochs, sheet.steps), len(sheet.columns)):
        for row, value in enumerate(said or ()):
            if math.isfinite(value):
                filled[row].add(place)
    return filled


def _of_perplexity(column: Column) -> Column:
    """The losses that perplexities are the exponentials of."""
    return [v if v is None or not v > 0 else math.log(v) for v in column]


def _never_measured(values: Mapping[str, Column]) -> list[str]:
    """Curves without a finite value, where training has some: logged, but never measured."""
    finite = {c for c, column in values.items() if any(map(_is_finite, column))}
    losses = finite & {"train_loss", "val_loss"}
    return [
        curve
        for curve, column in values.items()
        if losses and curve not in finite and any(v is not None for v in column)
        if curve != "train_loss"
    ]


def _is_finite(value: float | None) -> bool:
    return value is not None and math.isfinite(value)


def _places(
    sheet: Sheet, groups: Groups, epochs: Sequence[float] | None
) -> tuple[list[float], Unit]:
    """Where each point is, which rises from point to point, and what that counts."""
    if epochs is not None:
        at = _apart([max(epochs[i] for i in group) for group in groups])
        if at is not None:
            return at, "epoch"
    if sheet.steps is not None:
        last = UNKNOWN
        places = []
        for group in groups:
            last = max((s for i in group if math.isfinite(s := sheet.steps[i])), default=last)
            places.append(last)
        at = _apart(places)
        if at is not None:
            return at, "step"
    return [float(group[-1] + 1) for group in groups], ""


def _finer(
    sheet: Sheet, values: Mapping[str, Column], groups: Groups, epochs: Sequence[float] | None,
    notes: list[str],
) -> tuple[Curves, Curves, Unit, list[float]] | None:  # fmt: skip
    """Curves of a training of few epochs: training by its steps, validation where it was, so that
    the same place in both is not the same time. None where epochs or evaluations are enough.
    """
    train = {n: c for n, c in values.items() if n.startswith("train") or n == "lr"}
    known = [i for i in range(sheet.length) if any(c[i] is not None for c in train.values())]
    if len(groups) >= FEW or len(known) < FEW + len(groups):
        return None
    first = next(iter(train.values()))
    rows = thinned(first, range(sheet.length), notes, most=MANY_STEPS) or [[i] for i in known]
    rest = {n: c for n, c in values.items() if n not in train}
    ways: list[tuple[Sequence[float], Unit]] = [(range(1, sheet.length + 1), "")]
    if epochs is not None:
        ways.insert(0, (epochs, "epoch"))
    if sheet.steps is not None and all(math.isfinite(sheet.steps[i]) for i in known):
        ways.insert(0, (filled_epochs(sheet.steps), "step"))
    for at, unit in ways:
        fine = _apart([at[group[-1]] for group in rows])
        coarse = _apart([at[group[-1]] for group in groups])
        if fine is not None and coarse is not None:
            curves, places = points_of(train, rows, fine)
            others, beside = points_of(rest, groups, coarse)
            end = [float(max(at[-1], fine[-1], coarse[-1]))]
            return {**curves, **others}, {**places, **beside}, unit, end
    return None


def _apart(places: Sequence[float]) -> list[float] | None:
    """The places of points, strictly rising; of points that share one, the later lie a bit behind.
    None where they do not rise, or many share one.
    """
    if not places or not all(map(math.isfinite, places)):
        return None
    if any(a > b for a, b in pairwise(places)) or len(set(places)) < SHARED * len(places):
        return None
    apart: list[float] = []
    for place in places:
        before = apart[-1] if apart else -math.inf
        apart.append(float(place) if place > before else math.nextafter(before, math.inf))
    return apart


def _points_are(groups: Groups, epochs: Sequence[float] | None, length: int) -> PointsAre:
    if epochs is not None and len(groups) == len(
        {math.ceil(e) for e in epochs if math.isfinite(e)}
    ):
        return "epochs"
    return "steps" if len(groups) == length or epochs is None else "evaluations"


def _percent(curves: Curves, chosen: Chosen, notes: list[str]) -> None:
    """Scores in percent become shares."""
    names = [
        name for name in curves if name.endswith("score")
        and not NO_SHARES & {w for c in chosen.curves[name].columns for w in words_of(c)}
    ]  # fmt: skip
    finite = [v for name in names for v in curves[name] if math.isfinite(v)]
    if finite and max(finite) > PERCENT and min(finite) >= 0 and max(finite) <= 100:
        notes.append("scores above 1 are read as percent")
        for name in names:
            if max((v for v in curves[name] if math.isfinite(v)), default=0.0) > 1:
                curves[name] = [v / 100 for v in curves[name]]


def _said_of(sheet: Sheet, curves: Curves, chosen: Chosen) -> list[str]:
    """What else is to be said of the curves."""
    names = [n for choice in chosen.curves.values() for n in choice.columns if n in sheet.odd]
    said = [f"a cell of {n} is not a number ({sheet.odd[n]!r}) and was left out" for n in names]
    shortest = min(map(len, curves.values()))
    if shortest < FEW:
        points = "point" if shortest == 1 else "points"
        said.append(f"{shortest} {points}: too few for most of the rules, which need {FEW}")
    if chosen.kind == "reinforcement":
        said.append(
            "this is reinforcement learning, whose losses need not fall: its reward alone is read"
        )
    if chosen.kind == "adversarial":
        said.append(
            "a generator and a discriminator are trained against each other: neither loss need fall"
        )
    elif chosen.kind == "summed":
        said.append("losses here are sums over the words since the last row, which need not fall")
    elif chosen.parts:
        said.append(f"no total of the losses {', '.join(chosen.parts)}: each is judged by itself")
    said += [s for name in ("train_loss", "val_loss") if (s := _infinite(name, curves))]
    return said


def _infinite(name: str, curves: Mapping[str, list[float]]) -> str | None:
    losses = curves.get(name, [])
    first = next((i for i, v in enumerate(losses) if not math.isfinite(v)), None)
    return None if first is None else f"{name} is not finite from point {first + 1} on"


def _ends(log: Log) -> dict[str, Ending]:
    """Curves that end before the log does, blank or not finite."""
    found: dict[str, Ending] = {}
    if log.end is None:
        return found
    for name, values in log.curves.items():
        at = log.at[name]
        finite = [i for i, v in enumerate(values) if math.isfinite(v)]
        if name == "lr" or not finite:
            continue
        last = finite[-1]
        if last < len(values) - 1:
            found[name] = Ending(at[last], log.end, last, "nan")
            continue
        gaps = [b - a for a, b in pairwise(at)]
        if gaps and log.end - at[-1] > LATE * max(gaps):
            found[name] = Ending(at[-1], log.end, last, "blank")
    return found
