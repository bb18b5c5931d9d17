"""A score over many batches."""

import math

import torch
from torch import Tensor

from recipe.tasks.base import Task

HELD = 65_536
"""Output values (a quarter of a megabyte) that are held back at most before they are scored."""


class Tally:
    """The sums of a task's score, added up over batches.

    Scoring a small batch costs ten calls and next to no arithmetic, so small batches of one shape
    are scored together.
    """

    def __init__(self, task: Task) -> None:
        """Nothing is scored yet."""
        self._task = task
        self._sums: Tensor | None = None
        self._outputs: list[Tensor] = []
        self._targets: list[Tensor] = []
        self._held = 0

    def add(self, outputs: Tensor, targets: Tensor) -> None:
        """Take in a batch: outputs [n, ...] without gradient, and targets [n, ...]."""
        if self._outputs and not (
            outputs.shape[1:] == self._outputs[0].shape[1:]
            and targets.shape[1:] == self._targets[0].shape[1:]
        ):
            self._settle()
        self._outputs.append(outputs)
        self._targets.append(targets)
        self._held += outputs.numel()
        if self._held > HELD or not self._task.counts_items:
            self._settle()

    def score(self) -> float:
        """The score of all batches so far; NaN when there was none, or it is undefined."""
        self._settle()
        return math.nan if self._sums is None else self._task.score(self._sums)

    def _settle(self) -> None:
        if not self._outputs:
            return
        sums = self._task.sums(_joined(self._outputs), _joined(self._targets))
        self._sums = sums if self._sums is None else self._sums + sums
        self._outputs, self._targets, self._held = [], [], 0


def _joined(parts: list[Tensor]) -> Tensor:
    return parts[0] if len(parts) == 1 else torch.cat(parts)
