"""The trials of a search by their best: at each value of a parameter, and by epoch."""

import math
from collections.abc import Sequence

from recipe.core.evidence import Scalar
from recipe.core.trials import Trial
from recipe.report.panels import LinePanel, Series
from recipe.report.search_panels import Scale, Slice, SlicePanel, share_of
from recipe.report.searched import FEWEST, Searched
from recipe.report.wording import show

BINS = 6
"""Parts of an axis with more values than that: the best trial of each is shown."""
BEST_FEW = 3
"""Trials whose curves are told apart."""


def isolation(found: Searched) -> SlicePanel | None:
    """The best score at each value of a parameter, all others being the best ones that were tried
    with it (Google's tuning playbook, "isolation plots"); of many values, in each part of the axis.
    None where no value has a second trial: then the slices show the same.
    """
    parts = [part for scale in found.scales if (part := _best_at_each(found, scale)) is not None]
    shown = sum(len(part.xs) for part in parts)
    if not parts or shown == sum(_having(found, part.scale) for part in parts):
        return None
    title = "The best score at each value, all else tuned"
    return SlicePanel(title, found.metric, tuple(parts), joined=True)


def _having(found: Searched, scale: Scale) -> int:
    return sum(scale.name in trial.params for trial in found.trials)


def _best_at_each(found: Searched, scale: Scale) -> Slice | None:
    best: dict[float, tuple[float, float]] = {}
    for trial, score in zip(found.trials, found.scores, strict=True):
        if scale.name not in trial.params:
            continue
        value = trial.params[scale.name]
        point = (scale.place(value), score)
        part = _part(scale, value)
        best[part] = max(best.get(part, point), point, key=lambda each: each[1])
    if len(best) < 2:
        return None
    xs, ys = zip(*(best[part] for part in sorted(best)), strict=True)
    return Slice(scale, xs, ys, ys.index(max(ys)))


def _part(scale: Scale, value: Scalar) -> float:
    """The value's place, or where there are many of them the number of its part of the axis."""
    if not scale.numeric or len(scale.values) <= BINS:
        return scale.place(value)
    return float(min(BINS - 1, math.floor(share_of(scale, value) * BINS)))


def curves_of_all(found: Searched) -> LinePanel | None:
    """Validation scores by epoch of all trials of one length, the best few told apart: what the
    best ones have in common, and whether one that was cut was on its way.
    """
    drawn = [(trial, trial.curves.get("val_score", ())) for trial in found.placed]
    drawn = [(trial, curve) for trial, curve in drawn if any(v is not None for v in curve)]
    if len(drawn) < FEWEST or max(len(curve) for _, curve in drawn) < 2:
        return None
    ranked = sorted(found.trials, key=_score, reverse=True)
    leaders = [trial.key for trial in ranked[:BEST_FEW]]
    drawn.sort(key=lambda pair: _place(leaders, pair[0]))
    series = [
        Series(
            _label(trial, leaders), tuple(float(k + 1) for k in range(len(curve))), curve,
            "normal" if trial.key in leaders else "behind",
        )
        for trial, curve in drawn
    ]  # fmt: skip
    title = "Scores by epoch of all trials, the best few in colour"
    return LinePanel(title, "epoch", found.metric, tuple(series), whole_x=True)


def _score(trial: Trial) -> float:
    return -math.inf if trial.val_score is None else trial.val_score


def _place(leaders: Sequence[str], trial: Trial) -> int:
    return leaders.index(trial.key) if trial.key in leaders else len(leaders)


def _label(trial: Trial, leaders: Sequence[str]) -> str:
    """Of the leaders alone; a name that begins with an underscore is in no legend."""
    if trial.key in leaders:
        return f"trial {trial.number}: {show(trial.val_score)}"
    return f"_trial {trial.number}"
