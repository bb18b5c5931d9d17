"""Learning curves written by others: whatever the file is, as curves by our names."""

import math
from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path

from recipe.core.errors import UsageError
from recipe.core.files import why
from recipe.logs.choosing import Chosen, choose
from recipe.logs.column_names import CURVES, kind_of, words_of
from recipe.logs.evidence import as_evidence
from recipe.logs.folders import runs_in
from recipe.logs.log import Choice, Log, Series
from recipe.logs.opening import sheet_of_file
from recipe.logs.points import filled_epochs, run_starts, without_repeats
from recipe.logs.sheet import Sheet
from recipe.logs.values import curves_of

__all__ = ["Log", "as_evidence", "listed", "read", "read_log"]

NAMED = 8
"""Runs, or columns, that are named in a sentence."""


def read_log(path: Path, columns: Mapping[str, str] | None = None) -> dict[str, list[float]]:
    """The curves alone; see `read`."""
    return read(path, columns).curves


def read(path: Path, columns: Mapping[str, str] | None = None, run: str = "") -> Log:
    """The curves of a log by our names, in the order of epochs.

    Rows of the same epoch are one point (training is averaged, of the others the last value
    counts), as loggers write training and validation in rows of their own; without an epoch,
    rows up to the next validation are one, and hundreds of iterations become some fifty points. Of
    several runs the last is read, or the one that is named; epochs repeated after a restart count
    once. NaN and infinite values stay where no finite value follows: others are what pandas writes
    for blanks.

    Args:
        path: a file or folder of any kind that `opening` and `folders` know.
        columns: curve -> column, over what is chosen.
        run: the name of one of the runs.

    Raises:
        UsageError: the file cannot be read, or has no column that is a loss or score.

    """
    sheet, names, name = _run_of(path, run)
    chosen = _chosen(sheet, dict(columns or {}), path)
    log = curves_of(sheet, chosen, path)
    log.runs, log.run = names, name
    if len(names) > 1:
        several = f"{len(names)} runs ({_some(names)}): "
        which = "the last is read" if not run else f"{name} is read"
        log.notes.insert(0, f"{several}{which}; --run NAME reads another one")
    return log


def listed(path: Path) -> list[Series]:
    """Every curve of a log, of each of its runs.

    Raises:
        UsageError: the file cannot be read.

    """
    return [
        Series(column.name, len(column), column.values[0], column.values[-1], column.split, name)
        for name, sheet in _all_runs(path) for column in sheet.columns.values() if len(column)
    ]  # fmt: skip


def _some(names: Sequence[str]) -> str:
    if len(names) <= NAMED:
        return ", ".join(names)
    return ", ".join([*names[: NAMED - 1], "...", names[-1]])


def _run_of(path: Path, run: str) -> tuple[Sheet, tuple[str, ...], str]:
    """The sheet of one run, the names of all, and the one that was taken."""
    runs = _all_runs(path)
    names = tuple(name for name, _ in runs)
    if not run:
        name, sheet = runs[-1]
        return sheet, names if len(runs) > 1 else (), name if len(runs) > 1 else ""
    known = [r for r in runs if r[0] == run] or [r for r in runs if run in r[0]]
    if len(known) != 1:
        what = "no run" if not known else "several runs"
        has = _some(names) if any(names) else "one"
        raise UsageError(f"{str(path)!r} has {what} called {run!r}; it has {has}.")
    return known[0][1], names, known[0][0]


def _all_runs(path: Path) -> list[tuple[str, Sheet]]:
    """Every run of a file or folder by its name, the last one last."""
    try:
        opened = runs_in(path) if path.is_dir() else [("", sheet_of_file(path))]
    except UsageError as error:
        raise UsageError(f"{str(path)!r} {error}") from error
    except OSError as error:
        raise UsageError(f"{str(path)!r} cannot be read ({why(error)}).") from error
    found: list[tuple[str, Sheet]] = []
    for name, sheet in opened:
        for inner, part in _parted(sheet):
            found.append(("/".join(filter(None, (name, inner))), part))
    return found


def _parted(sheet: Sheet) -> list[tuple[str, Sheet]]:
    """The runs in one file: by name, or where epochs begin anew."""
    if sheet.runs is not None:
        rows: dict[str, list[int]] = {}
        for row, run in enumerate(sheet.runs):
            rows.setdefault(run, []).append(row)
        parts = sheet.parted(list(rows.values()))
        return [(run, _resumed(part)) for run, part in zip(rows, parts, strict=True)]
    places = _places(sheet)
    if places is None:
        return [("", sheet)]
    at, known = places
    if len(at) > 1 and at[0] > at[-1] and list(at) == sorted(at, reverse=True):
        turned = sheet.within(range(sheet.length - 1, -1, -1))
        turned.notes.append("the rows run backwards and were turned round")
        return [("", turned)]
    starts = [0, *(known[i] for i in run_starts(at)[1:]), sheet.length]
    if len(starts) == 2:
        return [("", _resumed(sheet))]
    parts = sheet.parted([range(a, b) for a, b in pairwise(starts)])
    return [(str(k), _resumed(part)) for k, part in enumerate(parts, 1)]


def _places(sheet: Sheet) -> tuple[list[float], list[int]] | None:
    """Epochs, or steps, and the rows that say them."""
    if sheet.epochs is not None:
        return filled_epochs(sheet.epochs), list(range(sheet.length))
    if sheet.steps is None:
        return None
    known = [i for i, step in enumerate(sheet.steps) if math.isfinite(step)]
    return [sheet.steps[i] for i in known], known


def _resumed(sheet: Sheet) -> Sheet:
    """The rows that count of a run that was resumed."""
    places = _places(sheet)
    if places is None:
        return sheet
    at, known = places
    kept = without_repeats(at)
    if len(kept) == len(at):
        return sheet
    lost = {known[i] for i in set(range(len(at))) - set(kept)}
    resumed = sheet.within([row for row in range(sheet.length) if row not in lost])
    what = "epochs" if sheet.epochs is not None else "steps"
    resumed.notes.append(f"{what} that were run again after a restart count once")
    return resumed


def _chosen(sheet: Sheet, named: dict[str, str], path: Path) -> Chosen:
    """The curves and their columns, those the user names before those that are guessed."""
    for curve, name in named.items():
        if curve not in CURVES:
            raise UsageError(f"--columns {curve}={name}: curves are {', '.join(CURVES)}.")
        if name not in sheet.columns:
            raise UsageError(
                f"{str(path)!r} has no column {name!r}; it has {_some(sheet.names) or 'none'}."
            )
    chosen = choose(sheet.columns)
    if named:
        chosen.curves |= {curve: Choice((name,)) for curve, name in named.items()}
        if {"train_loss", "val_loss"} & named.keys():
            chosen.parts, chosen.kind = {}, ""
    if not chosen.parts and not chosen.curves.keys() - {"lr"}:
        raise _nothing(sheet, path)
    return chosen


def _nothing(sheet: Sheet, path: Path) -> UsageError:
    """What is said where nothing looks like a loss."""
    odd = next((n for n in sheet.odd if kind_of(words_of(n))), None)
    if odd is not None and odd not in sheet.columns:
        return UsageError(f"{str(path)!r}, column {odd!r}: {sheet.odd[odd]!r} is not a number.")
    if not sheet.columns:
        return UsageError(
            f"{str(path)!r} holds no number with the name of a loss or score: name the file that "
            "the training wrote, or export its curves as CSV."
        )
    if all(map(str.isdecimal, sheet.names)):
        return UsageError(
            f"{str(path)!r} begins with a row of numbers: write the names of the columns above it, "
            "as in epoch,train_loss,val_loss, or say them by place: --columns train_loss=2."
        )
    if list(map(str.lower, sheet.names)) in (["wall time", "value"], ["value"]):
        return UsageError(
            f"{str(path)!r} holds one curve, and its name does not say which: add "
            f"--columns train_loss={sheet.names[-1]} (or val_loss, train_score, val_score)."
        )
    return UsageError(
        f"No column of {str(path)!r} looks like a loss or score ({_some(sheet.names)}): "
        "name them with --columns train_loss=COLUMN,val_loss=COLUMN."
    )
