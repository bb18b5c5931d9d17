"""How long trainings are that begin with a pretrained model."""

import math

from recipe.context import PACE, Context
from recipe.training.plan import iterations_per_epoch

LEAST_UPDATES = 300
"""Of a training that is to be compared with others: an epoch of few items is few updates, and what
begins at good features would win because the others are not done."""
TRAININGS = 8
"""Of more than the declared length that a budget has to pay for."""
PATIENCE = 600.0
"""Seconds that so many of them may take, validation left out."""


def enough(ctx: Context) -> int:
    """Epochs of a training: as declared, and not less than some hundred updates."""
    per_epoch = iterations_per_epoch(ctx.data.train, ctx.experiment.batch_size)
    return max(ctx.experiment.epochs or 1, math.ceil(LEAST_UPDATES / per_epoch))


def length(ctx: Context) -> int:
    """Epochs of fine-tuning and of training from scratch: as many updates as the head alone has,
    where the budget pays for some such trainings and they take no more than minutes; else fewer,
    and never less than declared.
    """
    declared = ctx.experiment.epochs or 1
    if enough(ctx) <= declared or not ctx.decide("length", lambda: _fits(ctx, ctx.epochs_left)):
        return declared
    return _in_minutes(ctx)


def expected_length(ctx: Context, left: float | None) -> int:
    """The same, told beforehand, where so many epochs are left."""
    return _in_minutes(ctx) if _fits(ctx, left) else ctx.experiment.epochs or 1


def _fits(ctx: Context, left: float | None) -> int:
    return int(left is None or TRAININGS * enough(ctx) <= left)


def _in_minutes(ctx: Context) -> int:
    declared, long = ctx.experiment.epochs or 1, enough(ctx)
    # As measured when the way to train was found: a resumed run has the same number.
    iteration: float | None = ctx.runner.journal.get(PACE, ctx.runner.fingerprint)
    if iteration is None:
        return long
    pace = iteration * iterations_per_epoch(ctx.data.train, ctx.experiment.batch_size)
    return max(declared, min(long, math.floor(PATIENCE / (TRAININGS * pace))))
