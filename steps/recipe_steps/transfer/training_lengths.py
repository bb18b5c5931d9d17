"""How long trainings are that begin with a pretrained model."""

import math

from recipe.plugin import PACE, Context, iterations_per_epoch
from recipe_steps.transfer.advice import LEAST_UPDATES

TRAININGS = 8
"""Of more than the declared length that a budget has to pay for."""
PATIENCE = 600.0
"""Seconds that so many of them may take, validation left out."""


def enough(ctx: Context) -> int:
    """Epochs of a training: as declared, and not less than some hundred updates."""
    per_epoch = iterations_per_epoch(ctx.data.train, ctx.experiment.batch_size)
    return max(ctx.experiment.epochs or 1, math.ceil(LEAST_UPDATES / per_epoch))


def updates(ctx: Context, epochs: int) -> int:
    """Of the weights, in so many epochs."""
    return epochs * iterations_per_epoch(ctx.data.train, ctx.experiment.batch_size)


def length(ctx: Context) -> int:
    """Epochs of fine-tuning and of training from scratch: as many updates as the head alone has,
    where the budget pays for some such trainings and they take no more than minutes; else as many
    as it pays for, and never less than declared.
    """
    return ctx.decide("epochs of a training", lambda: expected_length(ctx, ctx.epochs_left))


def expected_length(ctx: Context, left: float | None) -> int:
    """The same, told beforehand, where so many epochs are left."""
    declared, long = ctx.experiment.epochs or 1, enough(ctx)
    if left is not None:
        long = min(long, math.floor(left / TRAININGS))
    # As measured when the way to train was found: a resumed run has the same number.
    iteration: float | None = ctx.runner.journal.get(PACE, ctx.runner.fingerprint)
    if iteration is not None:
        long = min(long, math.floor(PATIENCE / (TRAININGS * iteration * updates(ctx, 1))))
    return max(declared, long)
