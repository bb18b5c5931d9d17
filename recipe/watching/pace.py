"""Which iterations are looked at more closely: as many as a share of the time pays for."""

import time
from dataclasses import dataclass

SHARE = 0.03
"""Of the time, at most."""
ROOM = 0.75
"""Of the share that measuring may take: the rest is for what is done in every iteration, and for
what a look at other memory costs the iteration behind it."""
IDLE = 5.0
"""Looks that may be saved up while nothing is trained, as in a long validation."""
WARM, LAST = 2, 0.3
"""Looks that do what is done once; and the weight of the last one in the mean of what they cost."""
FIRST = 3
"""The first iteration that is looked at: those before it are slow ones."""


@dataclass
class Pace:
    """Counts what looking has cost, and says when the next look is paid for."""

    share: float = SHARE
    began: float = 0.0
    spent: float = 0.0
    cost: float = 0.0
    """Seconds of a look, about."""
    iterations: int = 0
    looks: int = 0
    running: float = 0.0
    """Seconds of the look that has not ended."""

    def due(self) -> bool:
        """Whether the next iteration is to be looked at; asked once in every iteration."""
        self.iterations += 1
        now = time.perf_counter()
        if self.iterations < FIRST:
            self.began = now
            return False
        if not self.looks:
            return True
        paid = ROOM * self.share * (now - self.began)
        self.spent = max(self.spent, paid - IDLE * self.cost)
        return self.spent + self.cost <= paid

    @property
    def per_iteration(self) -> float:
        """Seconds that an iteration takes, about."""
        trained = self.iterations - FIRST + 1
        return (time.perf_counter() - self.began) / trained if trained > 0 else 0.0

    def book(self, seconds: float) -> None:
        """Seconds that were spent, on a look or a part of one."""
        self.spent += seconds
        self.running += seconds

    def looked(self) -> None:
        """A look has ended."""
        self.looks += 1
        warm = self.looks <= WARM
        self.cost = self.running if warm else LAST * self.running + (1 - LAST) * self.cost
        self.running = 0.0

    def pays(self, seconds: float) -> bool:
        """Whether so many seconds more are within the share, beside the next look."""
        paid = ROOM * self.share * (time.perf_counter() - self.began) if self.began else 0.0
        return self.spent + self.cost + seconds <= paid
