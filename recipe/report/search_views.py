"""What the search tried, as data: importance, slices, coverage, funnel and rounds.

Only trials that were planned for the same length are compared: a short one scores less.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from statistics import fmean

from recipe.core.evidence import Evidence, Scalar
from recipe.core.leads import Lead
from recipe.core.results import RunResult
from recipe.core.trials import Trial
from recipe.ranges import Axis, Range
from recipe.report.panels import LinePanel, Series
from recipe.report.search_panels import (
    Bar,
    BarPanel,
    CoveragePanel,
    ParallelPanel,
    Scale,
    SearchPanel,
    Slice,
    SlicePanel,
    share_of,
)
from recipe.report.searched import FEWEST, Searched, searched
from recipe.report.trial_views import curves_of_all, isolation
from recipe.report.wording import count, humanise, show


def importance(found: Searched, shares: Mapping[str, float]) -> BarPanel | None:
    """How much of the variance each parameter explains, see `importances`; None for a single
    parameter.
    """
    if len(found.scales) < 2:
        return None
    what, trials = _judged(found)
    bars = tuple(Bar(humanise(name), share, f"{share:.0%}") for name, share in shares.items())
    title = f"Which parameter matters ({count(len(trials), 'trial')})"
    return BarPanel(title, f"share of the variance of the {what}", bars)


def importances(found: Searched) -> dict[str, float]:
    """Shares of the variance by name, the largest first (Hutter et al. 2014, fANOVA), as Optuna
    computes them; equal where all trials are alike.
    """
    from optuna.importance import FanovaImportanceEvaluator, get_param_importances

    from recipe.report.trial_export import study_of

    _, trials = _judged(found)
    names = [scale.name for scale in found.scales]
    # A parameter that a condition left out of some trials cannot be weighed with the others.
    common = [name for name in names if all(name in trial.params for trial in trials)]
    if len({trial.val_score for trial in trials}) < 2 or not common:
        return {name: 1 / len(names) for name in names}
    shares = get_param_importances(
        study_of(trials), evaluator=FanovaImportanceEvaluator(seed=0), params=common
    )
    return dict(sorted(shares.items(), key=lambda pair: -pair[1]))


def _judged(found: Searched) -> tuple[str, Sequence[Trial]]:
    """What trials are weighed by: their training losses at the cut, where all that went that far
    were compared there, since those that were stopped have no score; their scores otherwise.
    """
    losses = [(trial, trial.curves.get("rung_loss", ())) for trial in found.placed]
    cut = [
        replace(trial, val_score=-fmean(known))
        for trial, values in losses if (known := [v for v in values if v is not None])
    ]  # fmt: skip
    return ("training loss", cut) if len(cut) > len(found.trials) else ("score", found.trials)


def slices(found: Searched) -> SlicePanel:
    """Scores over each parameter."""
    parts = []
    for scale in found.scales:
        rows = [k for k, trial in enumerate(found.trials) if scale.name in trial.params]
        if not rows:  # all that had it were stopped before they had a score
            continue
        xs = tuple(scale.place(found.trials[k].params[scale.name]) for k in rows)
        ys = tuple(found.scores[k] for k in rows)
        parts.append(Slice(scale, xs, ys, ys.index(max(ys))))
    return SlicePanel("Scores over each parameter", found.metric, tuple(parts))


def parallel(found: Searched) -> ParallelPanel | None:
    """Every trial as a line; None where two parameters say it all on a map."""
    if len(found.scales) < 3:
        return None
    lines = tuple(
        tuple(
            share_of(scale, trial.params[scale.name]) if scale.name in trial.params else None
            for scale in found.scales
        )
        for trial in found.trials
    )
    title = f"All parameters of {count(len(lines), 'trial')}"
    return ParallelPanel(title, found.metric, found.scales, lines, found.scores, found.best)


def coverage(found: Searched, shares: Mapping[str, float], seed: int) -> CoveragePanel | None:
    """How many values of the most important parameter a grid and a random search try with the same
    number of trials (Bergstra, Bengio 2012); the run's own trials beside the other way to place
    them. None where fewer than two parameters are numbers.
    """
    numbers = [scale for scale in found.scales if scale.numeric]
    names = [name for name in shares if name in [s.name for s in numbers]]
    if len(names) < 2:
        return None
    first, second = (next(s for s in numbers if s.name == name) for name in names[:2])
    cells = [trial.params for trial in found.placed]
    tried = _points([(cell.get(first.name), cell.get(second.name)) for cell in cells])
    own = len({x for x, _ in tried})
    grid = own < len(tried) and len({y for _, y in tried}) < len(tried)
    other = _points(_elsewhere(first, second, len(tried), seed, grid=not grid))
    name = humanise(first.name)
    captions = [
        f"{'the grid' if grid else 'this search'}: {count(own, 'value')} of {name}",
        f"{'random search' if grid else 'a grid'}: {count(len({x for x, _ in other}), 'value')}",
    ]
    title = f"The same {count(len(tried), 'trial')}, placed in two ways"
    return CoveragePanel(title, (first, second), tuple(zip(captions, (tried, other), strict=True)))


def _points(pairs: Sequence[tuple[Scalar, Scalar]]) -> tuple[tuple[float, float], ...]:
    return tuple(
        (float(x), float(y))
        for x, y in pairs
        if isinstance(x, int | float) and isinstance(y, int | float)
    )


def _elsewhere(
    first: Scale, second: Scale, number: int, seed: int, *, grid: bool
) -> list[tuple[Scalar, Scalar]]:
    from recipe.search.space import random_draws

    if grid:
        columns = max(2, round(math.sqrt(number)))
        rows = max(1, number // columns)
        return [(x, y) for x in _spread(first, columns) for y in _spread(second, rows)]
    axes: dict[str, Axis] = {scale.name: _range(scale) for scale in (first, second)}
    drawn = random_draws(axes, number, seed)
    return [(cell[first.name], cell[second.name]) for cell in drawn]


def _range(scale: Scale) -> Range:
    low, high = (v for v in (scale.values[0], scale.values[-1]) if isinstance(v, int | float))
    return Range(low, high, log=scale.log)


def _spread(scale: Scale, number: int) -> list[Scalar]:
    if number == 1:
        return [_range(scale).at(0.5)]
    return [_range(scale).at(k / (number - 1)) for k in range(number)]


def schedules(found: Searched) -> LinePanel | None:
    """The best trial of every schedule, where schedules were searched."""
    scale = next((s for s in found.scales if s.name == "schedule"), None)
    if scale is None:
        return None
    series = []
    for value in scale.values:
        trials = [t for t in found.trials if t.params.get("schedule") == value]
        if not trials:
            continue
        best = max(trials, key=lambda t: t.val_score or -math.inf)
        scores = best.curves.get("val_score", ())
        label = f"{humanise(str(value))}: {show(best.val_score)}"
        series.append(Series(label, tuple(float(k + 1) for k in range(len(scores))), scores))
    return LinePanel(
        "The best trial of every schedule", "epoch", found.metric, tuple(series), whole_x=True
    )


def funnel(result: RunResult) -> BarPanel | None:
    """How many trials began and how many went on behind each cut, in the order of the run."""
    bars: list[Bar] = []
    stages = dict.fromkeys((t.step, t.round) for t in result.trials if t.number > 0)
    for step, round_ in stages:
        trials = [t for t in result.trials if (t.step, t.round) == (step, round_) and t.number > 0]
        again = [t for t in trials if t.repeats is not None]
        first = [t for t in trials if t.repeats is None]
        name = humanise(step) + (f", round {round_}" if round_ > 1 else "")
        bars.append(_stage(f"{name}: began", first))
        cuts = sorted({t.trained for t in first if t.status == "stopped"})
        for cut in cuts[:-1]:  # behind the last one are those that went to the end
            later = [t for t in first if t.status == "finished" or t.trained > cut]
            unit = "epoch" if cut == 1 else "epochs"
            bars.append(_stage(f"{name}: after {cut:.3g} {unit}", later))
        ended = [t for t in first if t.status != "finished"]
        if ended and len(ended) < len(first):
            finished = [t for t in first if t.status == "finished"]
            bars.append(_stage(f"{name}: to the end", finished))
        if again:
            bars.append(_stage(f"{name}: from fresh seeds", again))
    if len(bars) < 2 or len(result.trials) < FEWEST:
        return None
    return BarPanel("The funnel of the search", "trials", tuple(bars), centred=True)


def _stage(label: str, trials: Sequence[Trial]) -> Bar:
    epochs = sum(trial.trained for trial in trials)
    return Bar(label, float(len(trials)), f"{len(trials)} ({epochs:.3g} epochs)")


def rounds(result: RunResult) -> list[tuple[str, ...]]:
    """For every round that was asked for: its number, what it tests, its trials and what came."""
    rows: list[tuple[str, ...]] = []
    for step in result.steps:
        trials = [t for t in result.trials if (t.step, t.round) == (step.name, step.round)]
        own = [t for t in trials if t.repeats is None]
        if not step.hypothesis or not own:
            continue
        scores = [t.val_score for t in own if t.val_score is not None]
        epochs = sum(trial.trained for trial in trials)
        work = f"{count(len(trials), 'trial')}, {epochs:.3g} epochs"
        rows.append((str(step.round), step.hypothesis, work, _outcome(step.evidence, scores)))
    return rows


def _outcome(evidence: Evidence, scores: Sequence[float]) -> str:
    best = show(max(scores, default=None))
    before = evidence.number("score_before")
    if before is None:
        return best
    text = f"{best}, {show(before)} before: {'' if evidence.flag('adopted') else 'not '}adopted"
    gain, spread = evidence.number("gain"), evidence.number("seed_spread")
    if gain is not None and spread is not None:
        seeds = evidence.number("fresh_seeds") or 0
        text += f"; on {seeds:.0f} fresh seeds {Lead(gain, spread)}"
    return text


def views(result: RunResult) -> list[tuple[str, SearchPanel | LinePanel]]:
    """What can be shown of a run's search, by name."""
    found = searched(result)
    seed = result.settings.get("seed")
    shown: list[tuple[str, SearchPanel | LinePanel | None]] = [("funnel", funnel(result))]
    if found is not None:
        shares = importances(found)
        shown += [
            ("importance", importance(found, shares)),
            ("slices", slices(found)),
            ("isolation", isolation(found)),
            ("curves", curves_of_all(found)),
            ("parallel", parallel(found)),
            ("coverage", coverage(found, shares, seed if isinstance(seed, int) else 0)),
            ("schedules", schedules(found)),
        ]
    return [(name, panel) for name, panel in shown if panel is not None]
