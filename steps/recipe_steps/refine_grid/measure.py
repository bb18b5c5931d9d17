"""Full-length trials around the best setting so far."""

import math
from collections.abc import Sequence
from typing import Any

from recipe.plugin import (
    Axis,
    Context,
    Evidence,
    Halving,
    Range,
    Scalar,
    Trial,
    UnaffordableError,
    UsageError,
    best_of,
    listed_values,
    proposed_cells,
    quasi_random,
    random_draws,
    rounded,
    usual_rates,
)
from recipe_steps.coarse_grid.adam import AXES as ADAM_AXES
from recipe_steps.grids import grid_evidence, number, runner_up
from recipe_steps.rate_scales import scaled
from recipe_steps.refine_grid.adoption import decide, pays_for
from recipe_steps.transfer.training_lengths import expected_length

RATES, DECAYS = ("lr", (0.5, 2.0)), ("weight_decay", (3.0, 1 / 3))
"""Neighbours of the centre by factors of its values, in the order in which a budget pays for them.
"""
LENGTH_POWER = 0.32
"""The best rate falls with the length of a training, with this power of it (Bjorck et al. 2024,
"Scaling optimal LR across token horizons", for Adam). Digits with SGD want the same: half the rate
for ten times the epochs."""
PLANNED = 0.9
"""Of what is left of a budget of time that a shorter training is planned for."""
LONGER = 0.8
"""Factor of the rate below which the centre is moved by it, and the rate of the short trainings is
its neighbour."""
MOST_LOWER, LOWER = 2, 1 / math.sqrt(10)
"""Cells below the lowest rate, and their distance, where whole trainings end below short ones."""
WORSE = 2.0
"""Standard errors of a score by which they do."""
LATER = (("weight_decay", (3.0,)),)
"""In later rounds the change itself is what is tested; one neighbour guards against luck. Beside a
centre that was moved, too: of 35 trainings on digits, 32 with three times the decay were within
half a point of the best of 96, 29 with the decay itself, 28 with a third of it."""
PROPOSED = 2
"""Cells of a later round that a model of the trials so far proposes."""
UNTRIED = 4
"""Cells of the first round for what no trial has varied before."""
FIRST_ROUND = Halving(share=1 / 8, keep=0.4, then=Halving(share=0.6, keep=0.5))
"""Two go on after an eighth, one of them after 0.6: a score at a third of a training says little of
its end. Replayed on 35 grids of digits, each cell trained to its end: a second cut at a third was
within half a point of the best of 96 trainings for 80 %, at a half for 89 %, at 0.6 for 97 %."""
LATER_ROUNDS = Halving(share=1 / 3, keep=0.5)


def measure(ctx: Context) -> Evidence:
    """Columns of the refined grid and its best cell; of the trials before where none of them left a
    setting to refine.

    Raises:
        UsageError: nothing was tried, and no rate is declared.
        UnaffordableError: there is a trained model, and no time for one that is trained for longer.

    """
    searched = [trial for trial in ctx.trials if trial.number > 0]
    late = ctx.meter.limits_time and any(trial.status == "stopped" for trial in searched)
    if ctx.experiment.lr is None and searched and best_of(searched) is None and not late:
        return grid_evidence(searched, None, {"none_left": True})
    centre, around = _centre(ctx)
    plan: dict[str, Any] = {"epochs": _whole_length(ctx), **ctx.plan}
    shorter = _paid_length(ctx, plan["epochs"])
    if shorter < plan["epochs"]:
        plan["epochs"], around = shorter, ()
    factor = plan.pop("weight_decay_factor", 1.0)
    decay = number(centre.get("weight_decay"))
    if decay is not None:
        centre["weight_decay"] = rounded(decay * factor)
    cells = (_random if ctx.settings.search == "random" else _cells)(ctx, centre, around)
    if ctx.round == 1:
        cells[1:1] = _untried(ctx, centre) if around else []
    halving = FIRST_ROUND if ctx.round == 1 else LATER_ROUNDS
    count = ctx.decide(
        "cells", lambda: _affordable(ctx.epochs_left, plan["epochs"], len(cells), halving)
    )
    cells = cells[:count]
    before = ctx.best_whole if ctx.round > 1 else None
    ctx.checkpoints.spared = None if before is None else before.key
    earlier = len(ctx.trials)
    trials = ctx.run_trials(cells, halving, **plan)
    if ctx.round == 1 and around:
        trials += _lower(ctx, trials, centre, plan)
    if all(trial.status == "failed" for trial in trials):
        raise UsageError(f"Every trial failed; the first one said: {trials[0].reason}")
    decision = decide(ctx, before, trials) if ctx.round > 1 else {}
    trials = [t for t in ctx.trials[earlier:] if t.repeats is None]  # some are set aside by now
    best = best_of(trials)
    more: dict[str, Scalar] = {
        "epochs_per_trial": plan["epochs"],
        "runner_up_score": runner_up(trials, best),
        "score_error": ctx.score_error(best),
        **decision,
    }
    return grid_evidence(trials, best, more)


def _lower(
    ctx: Context, trials: Sequence[Trial], centre: dict[str, Scalar], plan: dict[str, Any]
) -> list[Trial]:
    """Lower rates, while the best whole training scores less than a short one did: what a short
    training bears is too much for the end of a long one.
    """
    short = best_of([t for t in ctx.trials if t.planned_epochs < plan["epochs"]])
    lowest = min(rate for t in trials if (rate := number(t.params.get("lr"))) is not None)
    more: list[Trial] = []
    while len(more) < MOST_LOWER and _ends_below(ctx, short, [*trials, *more]):
        if not ctx.decide(f"lower {len(more)}", lambda: pays_for(ctx, plan["epochs"])):
            break
        lowest = rounded(lowest * LOWER)
        first = len(trials) + len(more) + 1
        more += ctx.run_trials([{**centre, "lr": lowest}], first=first, **plan)
    return more


def _ends_below(ctx: Context, short: Trial | None, trials: Sequence[Trial]) -> bool:
    """Whether the best of whole trainings, or all of them, scored less than a short one, for
    certain. Unknown where nobody knows the error of a score.
    """
    if short is None or short.val_score is None or all(t.status == "failed" for t in trials):
        return False
    best, error = best_of(trials), ctx.score_error(short)
    reached = -math.inf if best is None or best.val_score is None else best.val_score
    return error > 0 and short.val_score - reached > WORSE * error


Around = Sequence[tuple[str, Sequence[float]]]
"""Names, and factors of the centre's values that lead to its neighbours."""


def _centre(ctx: Context) -> tuple[dict[str, Scalar], Around]:
    """The best setting so far, and its neighbours: of the refined trials from the second round on,
    of the coarse grid before, of the declaration when there was no grid.
    """
    searched: list[Trial] = [trial for trial in ctx.trials if trial.number > 0]
    refined = [trial for trial in searched if trial.step == ctx.step]
    best = best_of(refined) or best_of(searched)
    own: dict[str, Scalar] = {
        "lr": ctx.experiment.lr,
        "weight_decay": ctx.experiment.weight_decay,
    }
    if own["lr"] is None and searched:  # none had the time for a score
        own = dict(searched[0].params)
    centre = dict(best.params) if best else own
    for name in ("epochs", "schedule", "warmup"):
        if name not in ctx.experiment.space:
            centre.pop(name, None)
    lr = number(centre.get("lr"))
    if lr is None and ctx.meter.limits_time and ctx.evidence("coarse_grid") is None:
        lr = centre["lr"] = usual_rates(ctx.experiment)[0]  # the time was up before any was found
    if lr is None:
        raise UsageError(
            "The refined grid needs a setting to start from: let step coarse_grid run, "
            "or declare lr=..."
        )
    if ctx.round > 1:
        return centre, LATER
    longer = _longer(ctx, best)
    if longer < LONGER:
        return {**centre, "lr": rounded(lr * longer)}, (("lr", (1 / longer,)), *LATER)
    return centre, (RATES, DECAYS)


def _whole_length(ctx: Context) -> int:
    """Epochs of a whole training: as declared, or as the best one so far where that was longer."""
    declared, best = ctx.experiment.epochs or 1, best_of(ctx.trials)
    if best is None or "epochs" in ctx.experiment.space:
        return declared
    return max(declared, best.planned_epochs)


def _paid_length(ctx: Context, whole: int) -> int:
    """Epochs of a whole training; of a shorter one where a budget of time does not pay for more,
    and no trial was trained for as long.
    """
    if not ctx.meter.limits_time:
        return whole
    scored = [trial.trained for trial in ctx.trials if trial.val_score is not None]

    def paid() -> int:
        left = ctx.epochs_left
        if left is None or left >= whole:
            return whole
        shorter = math.floor(PLANNED * left)
        return shorter if not scored or shorter > max(scored) else 0

    length = ctx.decide("length", paid)
    if not length and scored:
        raise UnaffordableError(
            f"one training takes {ctx.lasts(whole):.0f} s, {ctx.meter.left:.0f} s are left"
        )
    if length < whole:
        ctx.meter.leave_out(f"{ctx.step}: trainings of {whole} epochs")
    return max(1, length)


def _longer(ctx: Context, best: Trial | None) -> float:
    """Factor of the rate of a trial for a training of full length."""
    epochs = ctx.experiment.epochs
    if best is None or not epochs or "epochs" in ctx.experiment.space:
        return 1.0
    return math.pow(min(1.0, best.planned_epochs / epochs), LENGTH_POWER)


def _cells(ctx: Context, centre: dict[str, Scalar], around: Around) -> list[dict[str, Scalar]]:
    cells = [centre]
    for name, factors in around:
        value = number(centre.get(name))
        if value:
            cells += [{**centre, name: rounded(value * factor)} for factor in factors]
    if ctx.round == 1:
        return cells
    kept = {name: centre[name] for name in ADAM_AXES if name in centre}
    return [*cells, *({**kept, **cell} for cell in _proposed(ctx, centre))]


def _untried(ctx: Context, centre: dict[str, Scalar]) -> list[dict[str, Scalar]]:
    """The centre with other values of what is searched by name and no trial has had yet: where
    another step came in place of the coarse grid, or it was left out.
    """
    known = {*centre, *(name for trial in ctx.trials for name in trial.params)}
    axes = {name: axis for name, axis in ctx.experiment.space.items() if name not in known}
    if not axes:
        return []
    if len(axes) == 1:
        ((name, axis),) = axes.items()
        cells = [{name: value} for value in listed_values(axis)[:UNTRIED]]
    else:
        cells = quasi_random(axes, UNTRIED, ctx.seed_for("untried"))
    rates = {name: value for name, value in centre.items() if name in ("lr", "weight_decay")}
    return [{**centre, **scaled(ctx.experiment, {**rates, **cell})} for cell in cells]


def _proposed(ctx: Context, centre: dict[str, Scalar]) -> list[dict[str, Scalar]]:
    """Where more than rate and decay are searched: cells that all trials so far speak for."""
    space = ctx.experiment.space
    known = [
        ({n: v for n, v in t.params.items() if n in centre or n in space}, t.val_score)
        for t in ctx.trials if t.val_score is not None and t.number > 0
    ]  # fmt: skip
    if not space or not known or not all({"lr", "weight_decay"} <= p.keys() for p, _ in known):
        return []
    axes: dict[str, Axis] = {name: _tried(name, known) for name in ("lr", "weight_decay")}
    return proposed_cells({**axes, **space}, known, PROPOSED, ctx.seed_for("proposed", ctx.round))


def _tried(name: str, known: Sequence[tuple[dict[str, Scalar], float]]) -> Axis:
    """From the smallest to the largest value so far."""
    values = [v for params, _ in known if (v := number(params[name]))]
    low, high = min(values, default=0.0), max(values, default=0.0)
    return (
        Range(low, high, log=True) if 0 < low < high else [params[name] for params, _ in known[:1]]
    )


def _random(ctx: Context, centre: dict[str, Scalar], around: Around) -> list[dict[str, Scalar]]:
    """The centre, and log-uniform draws within the reach of the grid's neighbours."""
    ranges = {}
    for name, reach in (("lr", 2.0), ("weight_decay", 3.0)):
        value = number(centre.get(name))
        if value:
            ranges[name] = Range(value / reach, value * reach, log=True)
    count = sum(len(factors) for _, factors in around)
    draws = random_draws(ranges, count, ctx.seed_for("draws", ctx.round))
    return [centre, *({**centre, **draw} for draw in draws)]


def expects(ctx: Context, left: float | None) -> float:
    """Epochs of the first round: after a grid of shorter trainings, or after whole ones of a
    pretrained model, which have neighbours on all sides.
    """
    moved = ctx.experiment.head is not None
    epochs = expected_length(ctx, left) if moved else ctx.experiment.epochs or 1
    around = (RATES, DECAYS) if moved else (("lr", (1.0,)), *LATER)
    cells = 1 + sum(len(factors) for _, factors in around)
    return epochs * FIRST_ROUND.cost(_affordable(left, epochs, cells, FIRST_ROUND))


def _affordable(left: float | None, epochs: int, cells: int, halving: Halving) -> int:
    """How many cells the rest of the budget pays for; at least one."""
    if left is None:
        return cells
    paid = (n for n in range(cells, 1, -1) if epochs * halving.cost(n) <= left)
    return next(paid, 1)
