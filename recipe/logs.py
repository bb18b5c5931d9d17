"""Learning curves written by others: a table of epochs with columns that are guessed or named."""

import csv
import math
import re
from collections.abc import Mapping
from pathlib import Path

from recipe.errors import UsageError
from recipe.results import Evidence, Scalar

CURVES = ("train_loss", "val_loss", "train_score", "val_score", "lr")
_VALIDATION = ("val", "valid", "validation", "test", "dev", "eval")
_SCORES = ("acc", "accuracy", "score", "f1", "auc", "r2", "top1")
_RATES = ("lr", "learning_rate", "learningrate", "rate")
_ORDER = ("epoch", "step", "iteration", "time", "wall_time", "global_step")


def read_log(path: Path, columns: Mapping[str, str] | None = None) -> dict[str, list[float]]:
    """The curves of a CSV file by our names, in the order of its rows.

    Rows in which a cell is blank leave that curve out, as loggers do that write training and
    validation in rows of their own. NaN and infinite values stay.

    Args:
        path: with a header row; commas, semicolons or tabs.
        columns: curve -> column, over what is guessed.

    Raises:
        UsageError: the file cannot be read, or has no column that is a loss or score.

    """
    rows = _rows(path)
    header = [name.strip() for name in rows[0]]
    chosen = guess(header) | dict(columns or {})
    for curve, name in chosen.items():
        if curve not in CURVES:
            raise UsageError(f"--columns {curve}={name}: curves are {', '.join(CURVES)}.")
        if name not in header:
            raise UsageError(f"{str(path)!r} has no column {name!r}; it has {', '.join(header)}.")
    if not chosen.keys() - {"lr"}:
        raise UsageError(
            f"No column of {str(path)!r} looks like a loss or score ({', '.join(header)}): "
            "name them with --columns train_loss=COLUMN,val_loss=COLUMN."
        )
    curves: dict[str, list[float]] = {}
    for curve, name in chosen.items():
        place = header.index(name)
        cells = [row[place].strip() for row in rows[1:] if len(row) > place]
        curves[curve] = [_number(cell, path, name) for cell in cells if cell]
    return {curve: values for curve, values in curves.items() if values}


def _rows(path: Path) -> list[list[str]]:
    try:
        text = path.read_text("utf-8-sig")
    except OSError as error:
        raise UsageError(f"{str(path)!r} cannot be read ({error.strerror}).") from error
    except UnicodeDecodeError as error:
        raise UsageError(f"{str(path)!r} is no text file: export the curves as CSV.") from error
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    if len(lines) < 2:
        raise UsageError(f"{str(path)!r} has no rows below a header.")
    counts = {separator: lines[0].count(separator) for separator in ",;\t"}
    return list(csv.reader(lines, delimiter=max(counts, key=counts.__getitem__)))


def _number(cell: str, path: Path, column: str) -> float:
    try:
        return float(cell.replace(",", "."))
    except ValueError:
        raise UsageError(f"{str(path)!r}, column {column!r}: {cell!r} is not a number.") from None


def guess(header: list[str]) -> dict[str, str]:
    """Curve -> column, by the usual names."""
    found: dict[str, str] = {}
    for name in header:
        words = [word for word in re.split(r"[^a-z0-9]+", _snake(name)) if word]
        if not words or "_".join(words) in _ORDER:
            continue
        part = "val" if any(word in _VALIDATION for word in words) else "train"
        if "_".join(words) in _RATES or words[0] == "lr":
            curve = "lr"
        elif "loss" in words or "error" in words:
            curve = f"{part}_loss"
        elif any(word in _SCORES for word in words):
            curve = f"{part}_score"
        else:
            continue
        found.setdefault(curve, name)
    return found


def _snake(name: str) -> str:
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower()


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
