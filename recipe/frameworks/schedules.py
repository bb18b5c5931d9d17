"""The learning-rate schedule of another framework: stepped once over a whole training and read."""

import hashlib
import math
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from torch.optim import Optimizer

from recipe.experiment import DEFAULT_EPOCHS
from recipe.training.schedules import SCHEDULES

SAME = 1e-6
"""Difference of factors up to which a schedule is the one of a name."""
TOTALS = ("T_max", "total_steps", "total_iters")
"""Attributes in which a scheduler keeps how long it is made for."""
BY_STEP = ("OneCycleLR", "CyclicLR")
"""Schedulers that are always stepped after every step of the optimizer."""
NAMED = ("constant", "linear", "cosine")


@dataclass(frozen=True)
class ScheduleRead:
    """A schedule as an experiment declares it."""

    schedule: str | Callable[[float], float]
    lr: float
    """What its factors are of: the highest rate."""
    said: str


class Stepped:
    """A schedule that was read from a scheduler: progress in [0, 1] -> factor of the rate.

    A scheduler stepped once per epoch keeps its rate within an epoch, as it does there.
    """

    def __init__(self, factors: Sequence[float], name: str) -> None:
        """`factors` of equal stretches of the training, in order."""
        self.factors = tuple(factors)
        self.__name__ = name
        kept = hashlib.blake2b(repr(self.factors).encode(), digest_size=6).hexdigest()
        self.__qualname__ = f"{name} {kept}"

    def __call__(self, progress: float) -> float:
        """The factor."""
        place = int(progress * len(self.factors) + 1e-9)  # 3 / 10 * 10 is a little less than 3
        return self.factors[min(place, len(self.factors) - 1)]


def stepped_rates(scheduler: Any, optimizer: Optimizer, count: int, group: int = 0) -> list[float]:
    """The rate of a group after every step of a scheduler, which is used up by that.

    Args:
        scheduler: at its beginning.
        optimizer: whose rates it sets; no step of it is made.
        count: how many rates are wanted; fewer where the scheduler ends before.
        group: whose rate.

    """
    rates = [float(optimizer.param_groups[group]["lr"])]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that the optimizer made no step
        while len(rates) < count:
            try:
                scheduler.step()
            except ValueError:  # OneCycleLR has a last step
                break
            rates.append(float(optimizer.param_groups[group]["lr"]))
    return rates


def read_schedule(rates: Sequence[float], name: str, *, by_step: bool) -> ScheduleRead:
    """Rates over equal stretches of a training as a schedule.

    Args:
        rates: in order.
        name: of the scheduler.
        by_step: whether they are of every step of the optimizer, as those of a schedule by name
            are; else of every epoch.

    """
    lr = max(rates)
    if not lr > 0 or not math.isfinite(lr):
        return ScheduleRead("constant", lr, "a constant rate")
    factors = [rate / lr for rate in rates]
    for known in NAMED if by_step else NAMED[:1]:
        shape = SCHEDULES[known]
        if all(abs(f - shape(i / len(factors))) <= SAME for i, f in enumerate(factors)):
            return ScheduleRead(known, lr, known)
    return ScheduleRead(Stepped(factors, name), lr, name)


def depends_on_validation(scheduler: Any) -> bool:
    """Whether its rates follow from scores, so that they cannot be read ahead."""
    return any("Plateau" in base.__name__ for base in type(scheduler).__mro__)


@dataclass(frozen=True)
class SchedulerRead:
    """A scheduler of torch, read over a whole training."""

    read: ScheduleRead
    epochs: int | None
    """What it is made for, where nothing else says it."""
    notes: tuple[str, ...]


def read_scheduler(
    scheduler: Any, optimizer: Optimizer, epochs: int | None, steps: int, *,
    by_step: bool | None = None, every: int = 1,
) -> SchedulerRead:  # fmt: skip
    """What a scheduler of torch does; it is used up by that.

    Args:
        scheduler: at its beginning.
        optimizer: whose rates it sets.
        epochs: of the training; None where nothing says it.
        steps: of the optimizer in an epoch.
        by_step: whether it is stepped after every step; None where only it itself tells.
        every: epochs or steps between two of its own.

    """
    name = type(scheduler).__name__
    totals = [getattr(scheduler, attribute, None) for attribute in TOTALS]
    made_for = next((total for total in totals if isinstance(total, int) and total > 1), None)
    if by_step is None:
        planned = (epochs or DEFAULT_EPOCHS) * steps
        by_step = name in BY_STEP or (made_for is not None and steps > 1 and made_for >= planned)
    if epochs is None and made_for is not None:
        epochs = max(1, round(made_for / steps)) if by_step else made_for
    units = (epochs or DEFAULT_EPOCHS) * (steps if by_step else 1)
    groups = optimizer.param_groups
    group = max(range(len(groups)), key=lambda g: float(groups[g].get("initial_lr", 0)))
    rates = stepped_rates(scheduler, optimizer, math.ceil(units / every), group)
    rates = [rate for rate in rates for _ in range(every)][:units]
    notes = []
    if len(rates) < units:
        notes.append(f"{name} ends after {len(rates)} steps and keeps its last rate from there.")
        rates += [rates[-1]] * (units - len(rates))
    read = read_schedule(rates, name, by_step=by_step)
    if getattr(scheduler, "cycle_momentum", False):
        notes.append(f"{name} moves the momentum too; here it stays as it begins.")
    taken = f", taken as {read.said}." if isinstance(read.schedule, str) else "."
    per = "step" if by_step else "epoch"
    notes.insert(0, f"Schedule: {name}, stepped once per {per}{taken}")
    return SchedulerRead(read, epochs, tuple(notes))
