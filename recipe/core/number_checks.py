"""Numbers that a user declared, each within its limits."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from recipe.core.errors import UsageError


@dataclass(frozen=True)
class Limits:
    """What a number may be.

    Attributes:
        wanted: the same in words, for the message.
        least: the smallest one.
        below: all are smaller than that.
        whole: whole numbers only.
        needed: None is none either.

    """

    wanted: str
    least: float
    below: float = math.inf
    whole: bool = False
    needed: bool = False

    def allow(self, value: Any) -> bool:
        """Whether the value is such a number; a boolean is none."""
        if value is None:
            return not self.needed
        number = isinstance(value, int if self.whole else int | float)
        if not number or isinstance(value, bool) or not math.isfinite(value):
            return False
        return bool(self.least <= value < self.below)


EXPERIMENT = {
    "freeze": Limits("a whole number of blocks, zero or more", 0, whole=True, needed=True),
    "batch_size": Limits("a whole number of at least 1", 1, whole=True, needed=True),
    "accumulate": Limits("a whole number of at least 1", 1, whole=True, needed=True),
    "processes": Limits("a whole number of at least 1", 1, whole=True),
    "epochs": Limits("a whole number of at least 1", 1, whole=True),
    "epoch_items": Limits("a whole number of at least 2", 2, whole=True),
    "lr": Limits("a positive number", 1e-300),
    "weight_decay": Limits("zero or a positive number", 0),
    "warmup": Limits("a share of training in [0, 1)", 0, below=1, needed=True),
    "momentum": Limits("a number in [0, 1)", 0, below=1),
    "beta2": Limits("a number in [0, 1)", 0, below=1),
    "epsilon": Limits("a positive number", 1e-300),
    "clip_norm": Limits("a positive number", 1e-300),
}
"""Of an experiment."""


def check_numbers(owner: Any, limits: Mapping[str, Limits]) -> None:
    """Complain about the first attribute of `owner` that is not within its limits.

    Raises:
        UsageError: names it, with its value.

    """
    for name, limit in limits.items():
        value = getattr(owner, name)
        if not limit.allow(value):
            raise UsageError(f"{type(owner).__name__}({name}={value!r}): pass {limit.wanted}.")
