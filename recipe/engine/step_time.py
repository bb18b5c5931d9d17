"""How long a step may take where the budget is one of time: what later steps need is left to them.

What is exact and cheap runs whatever the load, if only for a moment; of the rest each step ends
where the shares of those behind it begin.
"""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from recipe.core.budget import Meter
from recipe.core.clock import check, working_until
from recipe.plugin.step import Step, is_always, needs_of

MOST_KEPT = 0.5
"""Of a budget: what is kept for later steps at most."""
LEAST_SHARE, LEAST = 0.05, 5.0
"""Of a budget, and seconds at most, that a step of always has even where nothing is left."""


@contextmanager
def time_before(meter: Meter, later: Sequence[Step]) -> Iterator[None]:
    """Work inside ends in time for the steps `later`."""
    with meter.keeping(min(MOST_KEPT, sum(map(needs_of, later)))):
        with working_until(meter.deadline):
            yield


@contextmanager
def time_for(meter: Meter, step: Step, later: Sequence[Step]) -> Iterator[None]:
    """The same for a step; one of always keeps nothing for others.

    Raises:
        TimeUp: nothing is left for this step.

    """
    if meter.budget is None or not is_always(step):
        with time_before(meter, later):
            check()
            yield
        return
    least = time.monotonic() + min(LEAST_SHARE * meter.budget.amount, LEAST)
    with working_until(None if meter.deadline is None else max(meter.deadline, least)):
        yield
