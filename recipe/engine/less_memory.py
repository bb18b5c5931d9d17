"""A step that runs out of memory is measured again with fewer items at a time."""

from dataclasses import replace

from recipe.core.evidence import Evidence
from recipe.machine.out_of_memory import give_back, is_out_of_memory
from recipe.models.halving import Halving
from recipe.plugin.context import Context
from recipe.plugin.step import Step

LESS = 4
"""Times fewer items."""
LEAST = 1
"""Items of a batch in evaluation mode, below which there is nothing to take away."""


def measured(step: Step, ctx: Context) -> Evidence:
    """What a step measures. Each time that memory runs out, batches in evaluation mode and samples
    have a quarter of the items from then on, and models take a batch in halves where they must.
    """
    trials = len(ctx.trials)
    while True:
        try:
            return step.measure(ctx)
        except Exception as error:
            if not is_out_of_memory(error) or ctx.data.train.eval_size <= LEAST:
                raise
        # Behind the except clause: the error holds the frames of the step, and these its memory.
        give_back(ctx.device)
        del ctx.trials[trials:]
        _lessen(ctx)


def _lessen(ctx: Context) -> None:
    size = max(LEAST, ctx.data.train.eval_size // LESS)
    train, val = (part.evaluated_by(size) for part in (ctx.data.train, ctx.data.val))
    ctx.data = ctx.runner.data = replace(ctx.data, train=train, val=val)
    if not isinstance(ctx.experiment.model, Halving):
        ctx.experiment = replace(ctx.experiment, model=Halving(ctx.experiment.model))
