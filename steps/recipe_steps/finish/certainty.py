"""How far a score may be trusted: other validation items, other seeds, another search of the same
size (Google's tuning playbook: data variance, trial variance, study variance).
"""

from collections.abc import Sequence
from random import Random
from statistics import stdev

import torch

from recipe.plugin import ERRORS, Batch, Context, Scalar, Trial, build_model
from recipe_steps.finish.heldout import interval

RESAMPLES = 200
"""Of the bootstrap (Efron, Tibshirani 1993: enough for an error)."""
FEWEST = 4
"""Trials of which others could have been drawn."""
SMALLER = 0.8
"""Share of the winner's parameters from which a model is a simpler one."""


def certainty_marks(
    ctx: Context, best: Trial, found: Sequence[Batch], seed_spread: float | None
) -> dict[str, Scalar]:
    """The interval of the chosen model's score over other validation items, and by how much it
    differs between seeds and between searches, as far as these are known.

    Args:
        ctx: of the step.
        best: the winner of the search.
        found: outputs and targets of the validation items.
        seed_spread: standard deviation between the final trainings; None where there are none.

    """
    low, high, _ = interval(ctx.experiment, found, ctx.seed_for("validation"), RESAMPLES)
    refined = ctx.evidence("refine_grid")
    if seed_spread is None and refined is not None:
        seed_spread = refined.number("seed_spread")
    return {
        "val_low": low,
        "val_high": high,
        "between_seeds": seed_spread,
        "between_searches": study_spread(_comparable(ctx, best)),
    }


def _comparable(ctx: Context, best: Trial) -> list[Trial]:
    """The other trials of the same length."""
    return [
        t for t in ctx.trials
        if t.planned_epochs == best.planned_epochs and t.number > 0 and t.repeats is None
        and t.val_score is not None
    ]  # fmt: skip


def study_spread(trials: Sequence[Trial]) -> float | None:
    """Standard deviation of the best score of as many trials drawn from these with repetition;
    None for a few.
    """
    scores = [t.val_score for t in trials if t.val_score is not None]
    if len(scores) < FEWEST:
        return None
    source = Random(0)
    return stdev(max(source.choices(scores, k=len(scores))) for _ in range(RESAMPLES))


def simpler_marks(ctx: Context, best: Trial) -> dict[str, Scalar]:
    """A trial of the same length with clearly fewer parameters whose score is too close to
    the best one's to call; and whether the declared setting is. Nothing where neither is.
    """
    if best.val_score is None:
        return {}
    error = ctx.score_error(best)
    near = [
        t for t in _comparable(ctx, best)
        if best.val_score - (t.val_score or 0.0) <= ERRORS * error and not t.set_aside
    ]  # fmt: skip
    found: dict[str, Scalar] = {}
    declared = ctx.baseline_trial
    if declared is not None and declared.val_score is not None and declared.key != best.key:
        found |= {"declared_score": declared.val_score, "best_score": best.val_score}
    sizes = {t.key: _parameters(ctx, t) for t in [best, *near] if _named(ctx, best)}
    smallest = min(near, key=lambda t: sizes[t.key], default=None) if sizes else None
    if smallest is not None and sizes[smallest.key] <= SMALLER * sizes[best.key]:
        found |= {
            "simpler_trial": smallest.number,
            "simpler_score": smallest.val_score,
            "simpler_parameters": sizes[smallest.key],
            "best_parameters": sizes[best.key],
            "best_score": best.val_score,
        }
    return found


def _named(ctx: Context, best: Trial) -> bool:
    """Whether the search varies what the factory makes."""
    return bool(ctx.experiment_of(best).model_args)


def _parameters(ctx: Context, trial: Trial) -> int:
    model = build_model(ctx.experiment_of(trial), 0, torch.device("cpu"))
    return sum(p.numel() for p in model.parameters())
