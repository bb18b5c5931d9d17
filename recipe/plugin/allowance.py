"""A share of the budget that one step may spend: it asks before each part of its work, and ends
with what it has.
"""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from recipe.training.plan import iterations_per_epoch

if TYPE_CHECKING:
    from recipe.plugin.context import Context

PACE = "pace"
"""In the journal: seconds that an iteration takes, by the fingerprint of the experiment."""


@dataclass
class Allowance:
    """What a step may spend. Its answers are kept, so that a resumed run gets the same ones."""

    ctx: "Context"
    share: float
    """Of what is left of the budget at the beginning."""
    _begin: tuple[float, float] = field(init=False)
    """Epochs and seconds at the beginning."""
    _amount: float | None = field(init=False)
    """In the unit of the budget; None without one."""

    def __post_init__(self) -> None:
        meter = self.ctx.meter
        self._begin = meter.epochs, meter.seconds
        self._amount = None if meter.left is None else self.share * meter.left

    def pays(self, what: str, iterations: float) -> bool:
        """Whether so many more iterations are paid for.

        Args:
            what: a name for the question; each is asked once in a step.
            iterations: of training, that it would take.

        """
        return bool(self.ctx.decide(f"pays for {what}", lambda: self._iterations() >= iterations))

    def iterations(self, what: str, trainings: float, *, least: int, most: int) -> int:
        """How long `trainings` of equal length may be.

        Args:
            what: a name for the question; each is asked once in a step.
            trainings: how many; one without backward passes is a part of one.
            least: iterations of each, whatever is left.
            most: iterations of each, however much is left.

        """

        def longest() -> int:
            paid = self._iterations() / trainings
            return most if paid >= most else max(least, int(paid))

        return self.ctx.decide(f"length of {what}", longest)

    def _iterations(self) -> float:
        """That the rest pays for; without end where there is no budget, or nobody knows how long
        one takes.
        """
        if self._amount is None or self.ctx.meter.budget is None:
            return float("inf")
        epochs, seconds = self._begin
        per_epoch = iterations_per_epoch(self.ctx.data.train, self.ctx.experiment.batch_size)
        done = self.ctx.meter.epochs - epochs
        if self.ctx.meter.budget.unit == "epochs":
            return (self._amount - done) * per_epoch
        passed = self.ctx.meter.seconds - seconds
        known: float | None = self.ctx.runner.journal.get(PACE, self.ctx.runner.fingerprint)
        so_far = passed / (done * per_epoch) if done * per_epoch >= 1 else None
        pace = so_far or known
        return (self._amount - passed) / pace if pace else float("inf")
