"""A score over many batches."""

import math

import torch
from torch import Tensor

from recipe.data.trees import Tree, Values
from recipe.tasks.base import Task, adds_up
from recipe.training.ranks import Ranks

HELD = 65_536
"""Values of outputs and targets that are held back at most: a quarter of a megabyte."""


class RunningScore:
    """The sums of a task's score, added up over batches.

    Scoring a small batch costs ten calls and next to no arithmetic, so small batches of one shape
    are scored together.
    """

    def __init__(self, task: Task) -> None:
        """Nothing is scored yet."""
        self._task = task
        self._joins = adds_up(task)
        self._sums: Tensor | None = None
        self._outputs: list[Tensor] = []
        self._targets: list[Tensor] = []
        self._held = 0

    def add(self, outputs: Values, targets: Values) -> None:
        """Take in a batch: outputs [n, ...] without gradient, and targets [n, ...]."""
        outputs = self._task.looked_at(outputs)
        if isinstance(outputs, Tree) or isinstance(targets, Tree):
            self._add_sums(self._task.sums(outputs, targets))
            return
        size = outputs.numel() + targets.numel()
        alone = (
            size > HELD // 4 or not self._joins or not outputs.ndim or len(outputs) != len(targets)
        )
        if alone or self._held + size > HELD or not self._fits(outputs, targets):
            self._settle()
        # A copy: a model may write its next outputs into the same memory, or give out a corner of
        # a large tensor.
        self._outputs.append(outputs if alone else outputs.clone())
        self._targets.append(targets)
        self._held += size
        if alone:
            self._settle()

    def _fits(self, outputs: Tensor, targets: Tensor) -> bool:
        """Whether this batch can be joined to those that are held."""
        return not self._outputs or (
            outputs.shape[1:] == self._outputs[0].shape[1:]
            and targets.shape[1:] == self._targets[0].shape[1:]
        )

    def joined(self, ranks: Ranks) -> "RunningScore":
        """Add what other processes saw."""
        self._settle()
        if ranks.world > 1:
            told = ranks.of_all(None if self._sums is None else self._sums.cpu())
            self._sums = None
            for sums in told:
                if sums is not None:
                    self._add_sums(sums)
        return self

    def score(self) -> float:
        """The score of all batches so far; NaN when there was none, or it is undefined."""
        self._settle()
        return math.nan if self._sums is None else self._task.score(self._sums)

    def _add_sums(self, sums: Tensor) -> None:
        self._sums = sums if self._sums is None else self._sums + sums

    def _settle(self) -> None:
        if not self._outputs:
            return
        self._add_sums(self._task.sums(_joined(self._outputs), _joined(self._targets)))
        self._outputs, self._targets, self._held = [], [], 0


def _joined(parts: list[Tensor]) -> Tensor:
    return parts[0] if len(parts) == 1 else torch.cat(parts)
