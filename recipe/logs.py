"""Learning curves written by others: a table of epochs with columns that are guessed or named."""

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import fmean

from recipe.errors import UsageError
from recipe.logfiles import is_number, number, read_table
from recipe.results import Evidence, Scalar

CURVES = ("train_loss", "val_loss", "train_score", "val_score", "lr")
_VALIDATION = ("val", "valid", "validation", "test", "dev", "eval", "metrics")
_TRAINING = ("train", "training")
_SCORES = ("acc", "accuracy", "score", "f1", "auc", "auroc", "r2", "top1", "map", "ap", "ap50",
           "map50", "miou", "iou", "dice", "bleu", "precision", "recall")  # fmt: skip
"""The last two only where there is nothing better: each can be had at the cost of the other."""
_RATES = ("lr", "learning_rate", "learningrate", "rate")
_ORDER = ("epoch", "step", "iteration", "time", "wall_time", "global_step")
_PARTS = ("box", "cls", "obj", "dfl", "mask", "kl", "recon", "rpn", "pose", "kobj")
"""Losses that are summed, where there is no total."""
PERCENT = 1.5
"""A score above it is one in percent."""
FEW = 6
"""Epochs below which a curve has no shape."""


@dataclass
class Log:
    """Curves by our names, one point per epoch, and what was done to read them."""

    curves: dict[str, list[float]]
    notes: list[str] = field(default_factory=list)


def read_log(path: Path, columns: Mapping[str, str] | None = None) -> dict[str, list[float]]:
    """The curves alone; see `read`."""
    return read(path, columns).curves


def read(path: Path, columns: Mapping[str, str] | None = None) -> Log:
    """The curves of a file by our names, in the order of epochs.

    Rows of the same epoch are one point (training is averaged, of the others the last value
    counts), as loggers write training and validation in rows of their own; without an epoch,
    rows up to the next validation are one. Of several runs in one file the last is read; epochs
    repeated after a restart count once. NaN and infinite values stay.

    Args:
        path: a table with a header row, or JSON.
        columns: curve -> column, over what is guessed.

    Raises:
        UsageError: the file cannot be read, or has no column that is a loss or score.

    """
    header, rows = read_table(path)
    chosen = _chosen(header, rows, dict(columns or {}), path)
    notes: list[str] = []
    epochs = _epochs(header, rows)
    if epochs is not None:
        rows, epochs = _one_run(rows, epochs, notes)
    values = {
        curve: [_sum(row, header, names, path) for row in rows] for curve, names in chosen.items()
    }
    curves = _points(values, _groups(values, epochs))
    _unit(curves, notes)
    shortest = min(len(points) for points in curves.values()) if curves else 0
    if shortest < FEW:
        notes.append(f"{shortest} epochs: too few for most of the rules, which need {FEW}")
    summed = [f"{curve} = {' + '.join(names)}" for curve, names in chosen.items() if len(names) > 1]
    return Log(curves, [*summed, *notes])


def _chosen(
    header: list[str], rows: list[list[str]], named: dict[str, str], path: Path
) -> dict[str, list[str]]:
    """Curve -> columns to add up."""
    for curve, name in named.items():
        if curve not in CURVES:
            raise UsageError(f"--columns {curve}={name}: curves are {', '.join(CURVES)}.")
        if name not in header:
            raise UsageError(f"{str(path)!r} has no column {name!r}; it has {', '.join(header)}.")
    filled = {name: sum(bool(row[i]) for row in rows) for i, name in reversed([*enumerate(header)])}
    chosen = guess_all(header, filled) | {curve: [name] for curve, name in named.items()}
    if not chosen.keys() - {"lr"}:
        raise UsageError(
            f"No column of {str(path)!r} looks like a loss or score ({', '.join(header)}): "
            "name them with --columns train_loss=COLUMN,val_loss=COLUMN."
        )
    return chosen


def guess(header: list[str]) -> dict[str, str]:
    """Curve -> column, by the usual names."""
    return {curve: names[0] for curve, names in guess_all(header).items()}


def guess_all(header: list[str], filled: Mapping[str, int] | None = None) -> dict[str, list[str]]:
    """Curve -> columns, by the usual names: one, or the parts of a loss that has no total.

    Of several candidates the best known name counts, then the one with more values (`filled`):
    a summary of the whole run, written once at its end, is no curve.
    """
    words = {name: _words(name) for name in header}
    explicit = any(set(w) & set(_TRAINING) and "loss" in w for w in words.values())
    found: dict[str, list[tuple[int, int, int, str]]] = {}
    for place, name in enumerate(header):
        curve = _curve_of(words[name], unmarked_is_val=explicit)
        if curve is not None:
            worth = -(filled or {}).get(name, 0)
            found.setdefault(curve, []).append((_order(words[name], curve), worth, place, name))
    return {curve: _best(candidates, words) for curve, candidates in found.items()}


def _best(candidates: list[tuple[int, int, int, str]], words: Mapping[str, list[str]]) -> list[str]:
    parts = [name for *_, name in candidates if set(words[name]) & set(_PARTS)]
    if len(parts) == len(candidates) > 1:
        return parts
    whole = [c for c in candidates if c[-1] not in parts]
    return [min(whole or candidates)[-1]]


def _curve_of(words: list[str], *, unmarked_is_val: bool) -> str | None:
    """The curve a column holds, by the words of its name."""
    if not words or "_".join(words) in _ORDER:
        return None
    val = any(word in _VALIDATION for word in words)
    if "_".join(words) in _RATES or words[0] == "lr":
        return "lr"
    if "loss" in words or "error" in words:
        return "val_loss" if val else "train_loss"
    if any(word in _SCORES for word in words):
        # beside a loss that is called that of training, a score without a mark is of validation
        marked = any(word in _TRAINING for word in words)
        return "val_score" if val or (unmarked_is_val and not marked) else "train_score"
    return None


def _order(words: list[str], curve: str) -> int:
    """How well known the name is: whole epochs before steps, better scores first."""
    if curve.endswith("score"):
        return min(_SCORES.index(word) for word in words if word in _SCORES)
    return {"epoch": -1, "step": 1}.get(words[-1], 0)


def _words(name: str) -> list[str]:
    snake = re.sub(r"(?<=[a-z]{2})(?=[A-Z])", "_", name).lower()
    return [word for word in re.split(r"[^a-z0-9]+", snake) if word]


def _epochs(header: list[str], rows: list[list[str]]) -> list[float] | None:
    """The epoch of each row; one that is blank has that of the next row that says it."""
    names = [name for name in header if _words(name) in (["epoch"], ["epochs"])]
    if not names:
        return None
    place = header.index(names[0])
    known = [number(row[place]) if is_number(row[place]) else None for row in rows]
    later: float | None = None
    filled: list[float | None] = []
    for value in reversed(known):
        later = value if value is not None else later
        filled.append(later)
    filled.reverse()
    last = next((value for value in reversed(known) if value is not None), None)
    return None if last is None else [last if value is None else value for value in filled]


def _one_run(
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


def _groups(
    values: Mapping[str, list[float | None]], epochs: Sequence[float] | None
) -> list[list[int]]:
    """Rows that are one point together."""
    rows = range(len(next(iter(values.values()))))
    val = [v for name, v in values.items() if name.startswith("val")]
    checked = [i for i in rows if any(v[i] is not None for v in val)]
    if epochs is not None:
        whole = [math.ceil(e) if any(x % 1 for x in epochs) else e for e in epochs]
        groups: dict[float, list[int]] = {}
        for i, epoch in zip(rows, whole, strict=True):
            groups.setdefault(epoch, []).append(i)
        if len(groups) >= FEW or len(groups) >= len(checked):
            return list(groups.values())
    mixed = len(checked) < len(rows) and any(
        v[i] is not None for name, v in values.items() if name.startswith("train") for i in rows
        if i not in set(checked)
    )  # fmt: skip
    if not checked or not mixed:
        return [[i] for i in rows]
    starts = [0, *(i + 1 for i in checked[:-1])]
    return [list(range(a, b + 1)) for a, b in zip(starts, checked, strict=True)]


def _points(
    values: Mapping[str, list[float | None]], groups: Sequence[Sequence[int]]
) -> dict[str, list[float]]:
    """One value per group; a group without one leaves the curve out."""
    curves: dict[str, list[float]] = {}
    for name, column in values.items():
        points = [[v for i in group if (v := column[i]) is not None] for group in groups]
        mean = name.startswith("train")
        curves[name] = [fmean(point) if mean else point[-1] for point in points if point]
    return {name: points for name, points in curves.items() if points}


def _unit(curves: dict[str, list[float]], notes: list[str]) -> None:
    """Scores in percent become shares."""
    scores = [name for name in curves if name.endswith("score")]
    finite = [v for name in scores for v in curves[name] if math.isfinite(v)]
    if finite and max(finite) > PERCENT and min(finite) >= 0 and max(finite) <= 100:
        notes.append("scores above 1 are read as percent")
        for name in scores:
            curves[name] = [v / 100 for v in curves[name]]


def as_evidence(curves: Mapping[str, list[float]]) -> Evidence:
    """The evidence that rules about curves read, of one run called `best`."""
    losses = curves.get("train_loss") or curves.get("val_loss") or []
    diverged = any(not math.isfinite(loss) for loss in losses)
    scalars: dict[str, Scalar] = {
        "best_label": "Here",
        "best_status": "diverged" if diverged else "finished",
        "best_epochs": len(losses),
    }
    return Evidence(scalars, {f"best_{name}": tuple(values) for name, values in curves.items()})
