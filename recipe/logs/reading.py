"""Learning curves written by others: a table of epochs with columns that are guessed or named."""

import math
from collections.abc import Mapping, Sequence
from pathlib import Path

from recipe.core.errors import UsageError
from recipe.logs.column_names import CURVES, PERPLEXITIES, curve_of, guess_all, words_of
from recipe.logs.evidence import as_evidence
from recipe.logs.log import Choice, Log
from recipe.logs.points import (
    FEW,
    Column,
    epochs_of,
    groups_of,
    one_run,
    points_of,
    rows_elsewhere,
    without_blanks,
)
from recipe.logs.tables import is_number, number, read_table

__all__ = ["Log", "as_evidence", "read", "read_log"]

PERCENT = 1.5
"""A score above it is one in percent."""
TENSORBOARD = ["wall time", "step", "value"]
"""Columns of the CSV that TensorBoard saves for one curve; which one only the file's name says."""


def read_log(path: Path, columns: Mapping[str, str] | None = None) -> dict[str, list[float]]:
    """The curves alone; see `read`."""
    return read(path, columns).curves


def read(path: Path, columns: Mapping[str, str] | None = None) -> Log:
    """The curves of a file by our names, in the order of epochs.

    Rows of the same epoch are one point (training is averaged, of the others the last value
    counts), as loggers write training and validation in rows of their own; without an epoch,
    rows up to the next validation are one, and hundreds of iterations become some fifty points. Of
    several runs in one file the last is read; epochs repeated after a restart count once. NaN and
    infinite values stay where no finite value follows: others are what pandas writes for blanks.

    Args:
        path: a table with a header row, or JSON.
        columns: curve -> column, over what is guessed.

    Raises:
        UsageError: the file cannot be read, or has no column that is a loss or score.

    """
    header, rows = read_table(path)
    chosen = _chosen(header, rows, dict(columns or {}), path)
    notes: list[str] = []
    epochs = epochs_of(header, rows)
    if epochs is not None:
        rows, epochs = one_run(rows, epochs, notes)
    values = _values(header, rows, chosen, path, notes)
    curves = points_of(values, groups_of(values, epochs, header, notes)) if values else {}
    if not curves.keys() - {"lr"}:
        names = ", ".join(name for columns in chosen.values() for name in columns)
        raise UsageError(f"{str(path)!r} has no value of a loss or score in {names}.")
    _unit(curves, notes)
    shortest = min(map(len, curves.values()))
    if shortest < FEW:
        notes.append(f"{shortest} epochs: too few for most of the rules, which need {FEW}")
    notes += [said for name in ("train_loss", "val_loss") if (said := _infinite(name, curves))]
    summed = [f"{curve} = {' + '.join(names)}" for curve, names in chosen.items() if len(names) > 1]
    taken = {curve: Choice(tuple(names)) for curve, names in chosen.items() if curve in curves}
    return Log(curves, [*summed, *notes], taken)


def _infinite(name: str, curves: Mapping[str, list[float]]) -> str | None:
    losses = curves.get(name, [])
    first = next((i for i, v in enumerate(losses) if not math.isfinite(v)), None)
    return None if first is None else f"{name} is not finite from point {first + 1} on"


def _chosen(
    header: list[str], rows: list[list[str]], named: dict[str, str], path: Path
) -> dict[str, list[str]]:
    """Curve -> columns to add up."""
    for curve, name in named.items():
        if curve not in CURVES:
            raise UsageError(f"--columns {curve}={name}: curves are {', '.join(CURVES)}.")
        if name not in header:
            raise UsageError(f"{str(path)!r} has no column {name!r}; it has {', '.join(header)}.")
    if not named and [name.lower() for name in header] == TENSORBOARD:
        return _one_curve(header[-1], path)
    filled = {name: sum(is_number(row[i]) for row in rows) for i, name in enumerate(header)}
    chosen = guess_all(header, filled) | {curve: [name] for curve, name in named.items()}
    if not chosen.keys() - {"lr"}:
        raise UsageError(
            f"No column of {str(path)!r} looks like a loss or score ({', '.join(header)}): "
            "name them with --columns train_loss=COLUMN,val_loss=COLUMN."
        )
    return chosen


def _one_curve(column: str, path: Path) -> dict[str, list[str]]:
    curve = curve_of(words_of(path.stem))
    if curve is None or curve == "lr":
        raise UsageError(
            f"{str(path)!r} holds one curve, and its name does not say which: add "
            f"--columns train_loss={column} (or val_loss, train_score, val_score)."
        )
    return {curve: [column]}


def _values(
    header: list[str],
    rows: list[list[str]],
    chosen: Mapping[str, list[str]],
    path: Path,
    notes: list[str],
) -> dict[str, Column]:
    """Curve -> its value in each row, None where it has none."""
    values: dict[str, Column] = {}
    filled = [{place for place, cell in enumerate(row) if is_number(cell)} for row in rows]
    for curve, names in chosen.items():
        column = [_sum(row, header, names, path) for row in rows]
        if any(PERPLEXITIES & {*words_of(name)} for name in names):
            column = _of_perplexity(column)
            notes.append(f"{curve} is the logarithm of {names[0]}")
        values[curve] = without_blanks(column, rows_elsewhere(filled, column))
    for curve in _never_measured(values):
        notes.append(f"{curve} is NaN in every row and was left out")
        del values[curve]
    return values


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


def _sum(row: list[str], header: list[str], names: Sequence[str], path: Path) -> float | None:
    """The value of a curve in a row, None where a part of it is blank."""
    total = 0.0
    for name in names:
        cell = row[header.index(name)]
        try:
            value = number(cell)
        except ValueError:
            raise UsageError(f"{str(path)!r}, column {name!r}: {cell!r} is not a number.") from None
        if value is None:
            return None
        total += value
    return total


def _unit(curves: dict[str, list[float]], notes: list[str]) -> None:
    """Scores in percent become shares."""
    scores = [name for name in curves if name.endswith("score")]
    finite = [v for name in scores for v in curves[name] if math.isfinite(v)]
    if finite and max(finite) > PERCENT and min(finite) >= 0 and max(finite) <= 100:
        notes.append("scores above 1 are read as percent")
        for name in scores:
            curves[name] = [v / 100 for v in curves[name]]
