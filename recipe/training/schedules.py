"""Learning-rate schedules: pure functions of training progress to a factor of the base rate.

The shapes are the lecture's (EECS 498-007, lecture 11, "Learning Rate Decay").
"""

import math
from collections.abc import Callable, Sequence

from recipe.border.faults import declared_at, said_of
from recipe.core.errors import UsageError

Schedule = Callable[[float], float]

STEP_DROPS = (0.5, 0.75)
"""Progress at which the step schedule drops (ResNet: epochs 30, 60, 90 of 120)."""
STEP_FACTOR = 0.1
INVERSE_SQRT_SPAN = 100.0
"""The factor falls to 1 / sqrt(span) at the end: lr / sqrt(t) over that many units of time."""


def constant(_: float) -> float:
    """No decay."""
    return 1.0


def step(progress: float) -> float:
    """A tenth of the rate after each drop."""
    return STEP_FACTOR ** sum(progress >= drop for drop in STEP_DROPS)


def cosine(progress: float) -> float:
    """Half a cosine from 1 to 0 (Loshchilov and Hutter 2017, without restarts)."""
    return 0.5 * (1 + math.cos(math.pi * progress))


def linear(progress: float) -> float:
    """A straight line from 1 to 0."""
    return 1 - progress


def inverse_sqrt(progress: float) -> float:
    """1 / sqrt(t) (Vaswani et al. 2017), t from 1 to INVERSE_SQRT_SPAN."""
    return 1 / math.sqrt(1 + progress * (INVERSE_SQRT_SPAN - 1))


SCHEDULES: dict[str, Schedule] = {
    "constant": constant,
    "step": step,
    "cosine": cosine,
    "linear": linear,
    "inverse_sqrt": inverse_sqrt,
}


def with_warmup(schedule: str | Schedule, warmup: float = 0.0) -> Schedule:
    """The schedule, preceded by a linear rise over the first `warmup` share of training.

    The decay runs over what is left after the warm-up, so its shape is kept.
    """
    shape = SCHEDULES[schedule] if isinstance(schedule, str) else _checked(schedule)
    if not warmup:
        return shape

    def factor(progress: float) -> float:
        if progress < warmup:
            return progress / warmup
        return shape((progress - warmup) / (1 - warmup))

    return factor


def _checked(schedule: Schedule) -> Schedule:
    """A schedule of the user's, which has to return factors.

    Raises:
        UsageError: when it is called and raises, or returns something else.

    """

    def factor(progress: float) -> float:
        try:
            returned = schedule(progress)
            value = math.nan if returned is None else float(returned)
        except Exception as error:
            otherwise = "it is called as schedule(progress), from 0 to 1, and returns a factor"
            raise UsageError(said_of(error, "The schedule", otherwise)) from error
        if not math.isfinite(value) or value < 0:
            place = declared_at(schedule)
            raise UsageError(
                f"The schedule returned {returned!r} at progress {progress:.3g}"
                f"{f' ({place})' if place else ''}: return a factor of the rate, zero or more, "
                "such as 1 - progress."
            )
        return value

    return factor


def restart_rates(lr: float, warmup: float, cycles: Sequence[int]) -> list[float]:
    """The rate of every iteration where it falls like a cosine in every cycle and then jumps back
    (Loshchilov and Hutter 2017; Huang et al. 2017 keep a snapshot at the end of each).

    Args:
        lr: at the start of each cycle.
        warmup: share of the first cycle in which it rises.
        cycles: their lengths in iterations.

    """
    each = (
        schedule_rates(lr, cosine, 0.0 if number else warmup, length)
        for number, length in enumerate(cycles)
    )
    return [rate for cycle in each for rate in cycle]


def schedule_rates(
    lr: float, schedule: str | Schedule, warmup: float, iterations: int
) -> list[float]:
    """The learning rate of every iteration. The first of a warm-up is above zero."""
    factor = with_warmup(schedule, warmup)
    shift = 0.5 if warmup else 0.0
    return [lr * factor((i + shift) / iterations) for i in range(iterations)]
