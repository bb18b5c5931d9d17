"""How long an iteration takes, measured on as few as tell."""

import math
import time
from collections.abc import Callable
from itertools import pairwise

import torch

from recipe.machine.device import wait_for

LEAST, MOST = 3, 12
"""Iterations of one measurement, the first being warm-up."""
LONG_ENOUGH = 0.03
"""Seconds after which a measurement ends, once it has its least number of iterations."""


class Stopwatch:
    """Times iterations and says when there were enough."""

    def __init__(
        self,
        device: torch.device,
        together: Callable[[], object] = lambda: None,
        hopeless: tuple[float, float] = (math.inf, math.inf),
    ) -> None:
        """Begin to count.

        Args:
            device: what is waited for.
            together: called after the first iteration.
            hopeless: seconds of the first and of a later iteration beyond which no more are needed.

        """
        self.device, self.together, self.hopeless = device, together, hopeless
        self.began = time.perf_counter()
        self.first = 0.0
        self.ticks: list[float] = []

    def tick(self) -> bool:
        """An iteration is done; True when no more are needed."""
        wait_for(self.device)
        now = time.perf_counter()
        if not self.ticks:
            self.first = now - self.began
            self.together()
            self.ticks.append(time.perf_counter())
            return self.first > self.hopeless[0]
        self.ticks.append(now)
        if now - self.ticks[-2] > self.hopeless[1]:
            return True
        enough = len(self.ticks) >= LEAST and self.ticks[-1] - self.ticks[0] > LONG_ENOUGH
        return enough or len(self.ticks) == MOST

    @property
    def seconds(self) -> float:
        """Of the fastest iteration: what disturbs a measurement makes it longer."""
        return min((b - a for a, b in pairwise(self.ticks)), default=self.first)
