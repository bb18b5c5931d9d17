"""What `results.png` shows, as plain data: the score beside what it has to beat, the curves, how
answers go with what is true, and the worst of them.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass

from recipe.core.evidence import Curve, Evidence, Sheet
from recipe.core.results import RunResult
from recipe.report.panels import Series
from recipe.report.score_words import interval
from recipe.report.wording import humanise

MOST_WORST = 8
"""Items that are shown of the worst."""
TITLE = "The result in one picture"
CAPTION = (
    "The score with its 95 % interval beside what it has to beat; the curves of the best training; "
    "what the model answers by what is true; and its worst answers."
)


@dataclass(frozen=True)
class Bar:
    """A score, with its interval where it is known."""

    label: str
    score: float
    ends: tuple[float, float] | None = None
    main: bool = False


@dataclass(frozen=True)
class Confusion:
    """How often each answer was given, by what is true: counts by row."""

    names: tuple[str, ...]
    counts: tuple[tuple[float, ...], ...]


@dataclass(frozen=True)
class ResultsPanel:
    """Up to four parts; what was not measured is left out."""

    title: str
    metric: str
    bars: tuple[Bar, ...]
    curves: tuple[Series, ...] = ()
    kept: float | None = None
    """The epoch whose weights were kept."""
    curves_of: str = "loss"
    confusion: Confusion | None = None
    points: tuple[tuple[float, float], ...] = ()
    """Of amounts, what is true and what was answered."""
    unit: str = ""
    """What the amounts are."""
    worst: Sheet | None = None


def results_panel(result: RunResult) -> ResultsPanel | None:
    """None where there is no score."""
    bars = _bars(result)
    if not any(bar.main for bar in bars):
        return None
    curves, kept, of = _curves(result)
    target = next((column.name for column in result.columns if column.use == "target"), "value")
    return ResultsPanel(
        title=f"{result.name}: {humanise(result.metric)}",
        metric=humanise(result.metric),
        bars=bars,
        curves=curves,
        kept=kept,
        curves_of=of,
        confusion=_confusion(result),
        points=_points(result),
        unit=target,
        worst=_worst(result),
    )


def found_in(result: RunResult, name: str) -> Evidence | None:
    """The evidence, the latest step's first, in which a scalar, a curve or a sheet is found."""
    for step in reversed(result.latest_steps):
        e = step.evidence
        if e.scalars.get(name) is not None or name in e.curves or name in e.sheets:
            return e
    return None


def trivial_of(result: RunResult) -> tuple[float, str] | None:
    """The score of an answer that looks at nothing, and what it answers; None where unknown."""
    found = found_in(result, "trivial_score")
    score = found.number("trivial_score") if found else None
    if found is None or score is None:
        return None
    return score, found.text("trivial_answer") or "the best constant answer"


def final_score(result: RunResult) -> float | None:
    """Of the model to use: the chosen one, else the best setting."""
    if result.chosen is not None and result.chosen.val_score is not None:
        return result.chosen.val_score
    return result.best.val_score if result.best else None


def _bars(result: RunResult) -> tuple[Bar, ...]:
    bars, score = [], final_score(result)
    if (trivial := trivial_of(result)) is not None:
        bars.append(Bar(f"trivial ({trivial[1]})", trivial[0]))
    base = result.baseline.val_score if result.baseline else None
    if base is not None and not result.only_declared and base != score:
        bars.append(Bar("as declared", base, interval(result, base)))
    if score is not None:
        bars.append(Bar("this run, validation", score, interval(result, score), main=True))
    test = result.chosen.test if result.chosen else None
    if test is not None and test.score is not None:
        known = test.low is not None and test.high is not None
        ends = (float(test.low or 0.0), float(test.high or 0.0)) if known else None
        bars.append(Bar("this run, test data", test.score, ends, main=True))
    return tuple(bars)


def _curves(result: RunResult) -> tuple[tuple[Series, ...], float | None, str]:
    """Loss of the best run, where the step that reads curves has it, else of the best trial."""
    found = found_in(result, "best_val_loss")
    if found is not None:
        pairs = (("training", "best_train_loss"), ("validation", "best_val_loss"))
        return (
            _series((label, found.curve(name)) for label, name in pairs),
            found.number("best_kept_epoch"), "loss",
        )  # fmt: skip
    known = [trial for trial in result.trials if trial.val_score is not None]
    best = max(known, key=lambda trial: trial.val_score or 0.0, default=None)
    if best is None:
        return (), None, "loss"
    kept = None if best.best_epoch is None else float(best.best_epoch + 1)
    pairs = (("training", "train_loss"), ("validation", "val_loss"))
    return _series((label, best.curves.get(name, ())) for label, name in pairs), kept, "loss"


def _series(named: Iterable[tuple[str, Curve]]) -> tuple[Series, ...]:
    return tuple(
        Series(label, tuple(map(float, range(1, len(values) + 1))), values)
        for label, values in named
        if any(value is not None for value in values)
    )


def _confusion(result: RunResult) -> Confusion | None:
    found = found_in(result, "confusion")
    names = json.loads(found.text("shown_classes") or "[]") if found else []
    counts = found.curve("confusion") if found else ()
    side = len(names)
    if not side or len(counts) != side * side:
        return None
    whole = [value or 0.0 for value in counts]
    rows = tuple(tuple(whole[row * side : (row + 1) * side]) for row in range(side))
    return Confusion(tuple(map(str, names)), rows)


def _points(result: RunResult) -> tuple[tuple[float, float], ...]:
    found = found_in(result, "predicted_value")
    if found is None:
        return ()
    pairs = zip(found.curve("true_value"), found.curve("predicted_value"), strict=False)
    return tuple((true, said) for true, said in pairs if true is not None and said is not None)


def _worst(result: RunResult) -> Sheet | None:
    found = found_in(result, "mistakes")
    sheet = found.sheets.get("mistakes") if found else None
    if sheet is None:
        return None
    return Sheet(
        sheet.labels[:MOST_WORST], sheet.pictures[:MOST_WORST], sheet.lines[:MOST_WORST],
        sheet.rows[:MOST_WORST], sheet.header, min(4, sheet.across), sheet.note,
    )  # fmt: skip
