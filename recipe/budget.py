"""What a run may spend, and what it has spent."""

import time
from dataclasses import dataclass, field

from recipe.settings import Budget


@dataclass
class Meter:
    """Counts epochs and seconds against a budget; no budget never runs out."""

    budget: Budget | None = None
    epochs: float = 0.0
    started: float = field(default_factory=time.monotonic)

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
