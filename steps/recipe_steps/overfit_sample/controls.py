"""Controls: the sample without its inputs, and the same training twice."""

from dataclasses import replace

from recipe.plugin import (
    Context,
    Experiment,
    Scalar,
    TensorData,
    Training,
    usual_rates,
)
from recipe_steps.overfit_sample.attempts import Attempt, attempt, share_of_way

BLIND_PASSES = 10
"""Passes without inputs at most: what labels alone tell is learnt in a few."""
TWICE = 4
"""Updates of a training that is made twice."""


def without_inputs(
    ctx: Context, bare: Experiment, sample: TensorData, best: Attempt, perfect: float
) -> dict[str, Scalar]:
    """The score on the sample once every item has the inputs of the first one: what can be had from
    the labels alone, in as many passes as the real sample took, at the same rate. Its losses are
    kept in the attempt.
    """
    if len(sample) < 2 or not best.losses:
        return {}
    passes = min(max(2, best.passes), BLIND_PASSES)
    same = sample.part([0] * len(sample))
    blind = replace(sample, x=same.x)
    tried = attempt(ctx, replace(bare, epochs=passes), blind, float("inf"))
    best.blind_losses = tried.losses
    chance = ctx.task.chance_score(sample.y)
    return {
        "blind_score": tried.best,
        "blind_loss": min(tried.losses, default=None),
        "blind_progress": share_of_way(tried.best, chance, perfect),
    }


def same_twice(ctx: Context) -> dict[str, Scalar]:
    """The largest relative difference between the losses of two trainings of a few updates as
    declared, from the same seed: 0 on most machines.
    """
    rate = ctx.experiment.lr if ctx.experiment.lr is not None else usual_rates(ctx.experiment)[0]
    courses = []
    for _ in range(2):
        training = Training(
            replace(ctx.experiment, lr=rate), ctx.data, seed=ctx.seed_for("twice"),
            device=ctx.device, rates=[rate] * TWICE, mode=ctx.careful_mode,
        )  # fmt: skip
        courses.append(training.losses(lambda losses: len(losses) >= TWICE))
        ctx.spend(len(courses[-1]))
    first, second = courses
    if not first or len(first) != len(second):
        return {"same_twice": False} if len(first) != len(second) else {}
    apart = [abs(a - b) / max(abs(a), abs(b), 1e-12) for a, b in zip(first, second, strict=True)]
    return {"same_twice": max(apart) == 0.0, "twice_apart": max(apart)}
