"""Runs beside each other: what they found, at which setting, and whether the scores differ."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from recipe.core.results import RunResult
from recipe.report import wording
from recipe.report.score_words import lead_of
from recipe.report.wording import duration, humanise

LEAST_WIDTH, DOTS = 12, "..."
SILENT = ("out", "target", "against")
"""Settings that say nothing about the result."""

Row = tuple[str, ...]
MISSING = "-"
"""A terminal may know no dash."""


def comparison(results: Sequence[RunResult]) -> list[Row]:
    """A table: the runs as columns; the first row is its header.

    Settings and parameters that all runs share are left out.
    """
    metric = " / ".join(dict.fromkeys(humanise(r.metric) for r in results))
    facts: dict[str, Callable[[RunResult], str]] = {
        "verdict": lambda r: r.verdict,
        "diagnosis": lambda r: ", ".join(r.diagnosis) or "nothing",
        f"best val {metric}": lambda r: show(r.best.val_score if r.best else None),
        "best val loss": lambda r: show(r.best.val_loss if r.best else None),
        "best epoch": _best_epoch,
        f"declared val {metric}": lambda r: show(r.baseline.val_score if r.baseline else None),
        "trials": lambda r: str(r.cost.trials),
        "epochs": lambda r: f"{r.cost.epochs:g}",
        "time": lambda r: duration(r.cost.seconds),
    }
    rows: list[Row] = [("", *names(results))]
    rows += [(what, *map(tell, results)) for what, tell in facts.items()]
    rows += _differing("best", [dict(r.best.params) if r.best else {} for r in results])
    rows += _differing("setting", [_settings(r) for r in results])
    rows += _differing("environment", [dict(r.environment) for r in results])
    return rows


def show(value: Any) -> str:
    """As in reports, in plain characters."""
    return MISSING if value is None else wording.show(value)


def names(results: Sequence[RunResult]) -> list[str]:
    """Of the run folders, with the folder above where two have the same name."""
    folders = [r.folder.resolve() if r.folder else Path(r.name) for r in results]
    plain = [folder.name for folder in folders]
    if len(set(plain)) == len(plain):
        return plain
    return [f"{folder.parent.name}/{folder.name}" for folder in folders]


def _best_epoch(result: RunResult) -> str:
    epoch = result.best.epoch if result.best else None
    return MISSING if epoch is None else str(epoch + 1)


def _settings(result: RunResult) -> dict[str, Any]:
    return {name: value for name, value in result.settings.items() if name not in SILENT}


def _differing(kind: str, columns: Sequence[Mapping[str, Any]]) -> list[Row]:
    """A row for each name whose values are not the same in all columns."""
    rows = []
    for name in dict.fromkeys(name for column in columns for name in column):
        values = [show(column.get(name)) for column in columns]
        if len(set(values)) > 1:
            rows.append((f"{kind}: {humanise(name)}", *values))
    return rows


def verdict(first: RunResult, other: RunResult) -> str:
    """One sentence: which of the two scores better, and whether that may be luck."""
    called = names([first, other])
    scores = [r.best.val_score if r.best else None for r in (first, other)]
    if scores[0] is None or scores[1] is None:
        missing = called[0] if scores[0] is None else called[1]
        return f"{missing} has no score, so the two cannot be compared."
    if first.metric != other.metric:
        return (
            f"{called[0]} is scored by {humanise(first.metric)} and {called[1]} by "
            f"{humanise(other.metric)}: these cannot be compared."
        )
    gain = scores[1] - scores[0]
    if not gain:
        return f"Both score {show(scores[0])}."
    lead = lead_of(first, scores[0], other, scores[1])
    one, two = (f"{name} scores {show(score)}" for name, score in zip(called, scores, strict=True))
    return f"{one}, {two}: the second is {lead}."


def table_lines(rows: Sequence[Row], width: int | None = None) -> list[str]:
    """The table as aligned text, columns cut to what `width` characters allow, if that is given."""
    columns = len(rows[0])
    label = max(len(row[0]) for row in rows)
    widths = [label, *(max(len(row[k]) for row in rows) for k in range(1, columns))]
    if width is not None:
        room = max(LEAST_WIDTH, (width - label) // max(1, columns - 1) - 2)
        widths = [label, *(min(room, size) for size in widths[1:])]
    cut = [[_cut(text, size) for text, size in zip(row, widths, strict=True)] for row in rows]
    return [
        "  ".join(text.ljust(size) for text, size in zip(row, widths, strict=True)).rstrip()
        for row in cut
    ]


def _cut(text: str, width: int) -> str:
    """In the middle: run folders differ at their ends."""
    if len(text) <= width:
        return text
    tail = (width - len(DOTS) + 1) // 2
    return text[: width - len(DOTS) - tail] + DOTS + text[-tail:]
