"""How long a step may take where the budget is one of time: what later steps need is left to them.

What is exact and cheap runs whatever the load, if only for a moment; of the rest each step ends
where the shares of those behind it begin.
"""

import math
import time
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager

from recipe.core.clock import check, working_until
from recipe.plugin.context import Context
from recipe.plugin.step import Goto, Step, is_always, needs_of

TRAININGS = 2.0
"""Whole trainings that are kept for later steps at most."""
TO_TRAIN = 0.1
"""Share that a step needs from which it is one that leaves a model."""
LEAST_SHARE, LEAST = 0.05, 5.0
"""Of a budget, and seconds at most, that such steps have even where nothing is left."""


@contextmanager
def time_before(ctx: Context, later: Sequence[Step]) -> Iterator[None]:
    """Work inside ends in time for the steps `later`: for the shares that they need, or where it is
    known that they take less, for that.
    """
    with _keeping(ctx, later), working_until(ctx.meter.deadline):
        yield


@contextmanager
def half_of_time(ctx: Context) -> Iterator[None]:
    """Work inside leaves half of the rest of a budget of time to what comes after it."""
    meter = ctx.meter
    half = (meter.left or 0.0) / 2 if meter.limits_time else 0.0
    with meter.keeping(1.0, half), working_until(meter.deadline):
        yield


@contextmanager
def time_for(ctx: Context, step: Step, later: Sequence[Step]) -> Iterator[None]:
    """The same for a step. One of always keeps nothing for others and runs in any case, and so does
    one that is to train as long as there is no model.

    Raises:
        TimeUp: nothing is left for this step.

    """
    always, meter = is_always(step), ctx.meter
    owed = always or (needs_of(step) >= TO_TRAIN and ctx.best_trial is None)
    with _keeping(ctx, () if always else later):
        end = meter.deadline
        if end is not None and meter.budget is not None and owed:
            least = min(LEAST_SHARE * meter.budget.amount, LEAST)
            end = max(end, time.monotonic() + least)
        with working_until(end):
            check()
            yield


def pays_for_round(ctx: Context, goto: Goto) -> bool:
    """Whether the budget pays for another round, which takes a whole training or more."""

    def paid() -> int:
        left = ctx.epochs_left if ctx.meter.limits_time else None
        return int(not ctx.meter.spent and (left is None or left >= (ctx.experiment.epochs or 1)))

    if ctx.decide("another round", paid):
        return True
    if ctx.meter.limits_time:
        ctx.meter.leave_out(f"another round, {goto.hypothesis}")
    return False


def _keeping(ctx: Context, later: Sequence[Step]) -> AbstractContextManager[None]:
    whole = ctx.lasts(TRAININGS * (ctx.experiment.epochs or 1)) or math.inf
    return ctx.meter.keeping(sum(map(needs_of, later)), whole)
