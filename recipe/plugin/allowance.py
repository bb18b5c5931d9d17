"""A share of the budget that one step may spend: it asks before each part of its work, and ends
with what it has.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, field

from recipe.core.budget import Meter

PACE = "pace"
"""In the journal: seconds that an iteration takes, by the fingerprint of the experiment."""


@dataclass
class Allowance:
    """What a step may spend. Its answers are kept, so that a resumed run gets the same ones."""

    meter: Meter
    share: float
    """Of what is left of the budget at the beginning."""
    per_epoch: int
    """Iterations of an epoch."""
    pace: float | None
    """Seconds that an iteration takes, as known before; None where nobody knows."""
    decide: Callable[[str, Callable[[], int]], int]
    """See `Context.decide`."""
    only_time: bool = False
    """Whether a budget of epochs limits nothing here."""
    _begin: tuple[float, float] = field(init=False)
    """Epochs and seconds at the beginning."""
    _amount: float | None = field(init=False)
    """In the unit of the budget; None without one."""

    def __post_init__(self) -> None:
        left = self.meter.left
        self._begin = self.meter.epochs, self.meter.seconds
        self._amount = None if left is None else self.share * left

    def pays(self, what: str, iterations: float) -> bool:
        """Whether so many more iterations are paid for.

        Args:
            what: a name for the question; each is asked once in a step.
            iterations: of training, that it would take.

        """
        return bool(self.decide(f"pays for {what}", lambda: int(self._left() >= iterations)))

    def iterations(self, what: str, trainings: float, *, least: int, most: int) -> int:
        """How long `trainings` of equal length may be.

        Args:
            what: a name for the question; each is asked once in a step.
            trainings: how many; one without backward passes is a part of one.
            least: iterations of each, whatever is left.
            most: iterations of each, however much is left.

        """
        return self.decide(
            f"length of {what}",
            lambda: max(least, math.floor(min(most, self._left() / trainings))),
        )

    def _left(self) -> float:
        """Iterations that the rest pays for; without end where there is no budget, or where it is
        one of time and nobody knows how long an iteration takes. What the step has measured of that
        itself is the better guide.
        """
        budget = self.meter.budget
        if self._amount is None or budget is None:
            return math.inf
        if self.only_time and budget.unit == "epochs":
            return math.inf
        epochs, seconds = self._begin
        done = (self.meter.epochs - epochs) * self.per_epoch
        if budget.unit == "epochs":
            return self._amount * self.per_epoch - done
        passed = self.meter.seconds - seconds
        pace = passed / done if done >= 1 else self.pace
        return (self._amount - passed) / pace if pace else math.inf
