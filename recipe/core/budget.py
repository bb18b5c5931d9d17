"""What a run may spend, and what it has spent."""

import time
from dataclasses import dataclass, field

from recipe.core.settings import Budget

GRAIN = 2.0**-24
"""Parts of an epoch are booked in multiples of this. Their sums are exact, so a run that was
resumed has spent to the last digit what it would have without: parts then add up in other order."""


@dataclass
class Meter:
    """Counts epochs and seconds against a budget; no budget never runs out."""

    budget: Budget | None = None
    epochs: float = 0.0
    started: float = field(default_factory=time.monotonic)
    _mark: tuple[float, float] | None = None
    """Epochs and seconds when trainings began."""

    def spend(self, epochs: float) -> None:
        """Book epochs, or parts of one."""
        self.epochs += round(epochs / GRAIN) * GRAIN

    def mark(self) -> None:
        """From here on, time is spent on training."""
        self._mark = self.epochs, self.seconds

    @property
    def pace(self) -> float | None:
        """Seconds an epoch has taken since the mark, all that comes with it included; None before
        the first one is done.
        """
        if self._mark is None or self.epochs - self._mark[0] < 1:
            return None
        return (self.seconds - self._mark[1]) / (self.epochs - self._mark[0])

    @property
    def seconds(self) -> float:
        """Wall time since the run started."""
        return time.monotonic() - self.started

    @property
    def left(self) -> float | None:
        """What is left in the budget's own unit; None without a budget."""
        if self.budget is None:
            return None
        spent = self.epochs if self.budget.unit == "epochs" else self.seconds
        return max(0.0, self.budget.amount - spent)

    @property
    def spent(self) -> bool:
        """Whether nothing is left."""
        return self.left == 0.0
