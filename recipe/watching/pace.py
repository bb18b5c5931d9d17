"""Which iterations are looked at more closely: as many as a share of the time pays for."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from statistics import median

SHARE = 0.03
"""Of the time, at most."""
ROOM = 0.8
"""Of the share that is used: the rest is for what nobody can measure, such as memory that is read
again in the iteration behind a look."""
IDLE = 5.0
"""Looks that may be saved up while nothing is trained, as in a long validation."""
FIRST = 3
"""The first iteration that is looked at: those before it are slow ones."""
WARM, LAST = 2, 0.3
"""Looks that do what is done once; and the weight of the last one in the mean of what they cost."""
TIMED = 16
"""Iterations in which what is done in every iteration is timed, and how much of the hooks of the
model and the optimizer, which cannot be timed from within, come to that."""
HOOKS, QUICK = 3.0, 0.4
"""And what is left of it where losses alone are taken."""
SMALL = 0.4
"""Of the share, what may be done in every iteration; where it is more, the hooks go."""

SOONER, LONGEST = 0.7, 1000
"""Part of the time until a look is paid for, behind which that is asked again; and iterations."""


@dataclass
class Pace:
    """Counts what watching has cost, and says when the next look is paid for."""

    share: float = SHARE
    clock: Callable[[], float] = time.perf_counter
    """Seconds: of this thread, where the work is done by the processor, so that other work beside
    it counts for nothing; else those of the wall."""
    began: float = 0.0
    spent: float = 0.0
    cost: float = 0.0
    """Seconds of a look, about."""
    iterations: int = 0
    looks: int = 0
    running: float = 0.0
    """Seconds of the look that has not ended."""
    always: float = 0.0
    """Seconds that are spent in every iteration, about, but for hooks."""
    dense: bool = True
    """Whether hooks are called in every iteration."""
    next: int = 0
    """The iteration in which it is asked again whether a look is paid for."""
    _booked: int = FIRST
    """Iterations whose `always` is spent."""
    _timed: list[float] = field(default_factory=list)

    def due(self) -> bool:
        """Whether the next iteration is to be looked at; asked once in every iteration."""
        self.iterations += 1
        if self.iterations < self.next:
            return False
        now = self.clock()
        if self.iterations < FIRST:
            self.began = now
            return False
        if not self.looks:
            return True
        each = self.always * (1 + HOOKS if self.dense else QUICK)
        self.spent += each * (self.iterations - self._booked)
        self._booked = self.iterations
        paid = ROOM * self.share * (now - self.began)
        self.spent = max(self.spent, paid - IDLE * self.cost)
        missing = self.spent + self.cost - paid
        if missing <= 0:
            return True
        gained = paid / (self.iterations - FIRST + 1) - each
        wait = int(SOONER * missing / gained) if gained > 0 else LONGEST
        self.next = self.iterations + max(1, min(LONGEST, wait))
        return False

    @property
    def timing(self) -> bool:
        """Whether iterations are still timed."""
        return len(self._timed) < TIMED

    def time(self, seconds: float) -> None:
        """What was done in this iteration, as in every one, took so long."""
        self._timed.append(seconds)
        self.always = median(self._timed)

    @property
    def too_dense(self) -> bool:
        """Whether hooks in every iteration cost too much of it."""
        if self.timing or self.iterations <= FIRST:
            return False
        each = (self.clock() - self.began) / (self.iterations - FIRST + 1)
        return self.always * (1 + HOOKS) > SMALL * self.share * each

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
        paid = ROOM * self.share * (self.clock() - self.began) if self.began else 0.0
        return self.spent + self.cost + seconds <= paid
