"""Several models as one, and which of them to take."""

import math
from collections.abc import Callable, Sequence
from itertools import combinations
from typing import Any

import torch
from torch import Tensor, nn

from recipe.core.evidence import finite
from recipe.data.collating import IGNORED
from recipe.data.joining import join
from recipe.data.trees import Values
from recipe.experiment import Experiment
from recipe.training.early_stopping import rank
from recipe.training.evaluation import lead_error, loss_and_score, part_sums

MOST_ITEMS = 5000
"""On which errors are compared."""
Together = Callable[[Sequence[Tensor]], Tensor]


class Ensemble(nn.Module):
    """Models that answer together; what comes out is read like the output of one of them."""

    def __init__(self, members: Sequence[nn.Module], together: Together) -> None:
        """Take these models in.

        Args:
            members: models of one task.
            together: what makes one output of theirs, such as `Task.together`.

        """
        super().__init__()
        self.members = nn.ModuleList(members)
        self.together = together

    def forward(self, x: Any) -> Tensor:
        """Outputs in the shape of those of one member."""
        return self.together([member(x) for member in self.members])


class OutputPool:
    """Outputs of several models on the same items, of which some are taken together."""

    def __init__(self, experiment: Experiment, targets: Sequence[Values]) -> None:
        """`targets`: batch by batch."""
        self.experiment, self.targets = experiment, list(targets)
        self.outputs: list[list[Any]] = []

    def add(self, outputs: Sequence[Any]) -> int:
        """Take in the outputs of a model, batch by batch; its place in the pool."""
        self.outputs.append(list(outputs))
        return len(self.outputs) - 1

    def loss_and_score(self, members: Sequence[int]) -> tuple[float, float]:
        """Loss and score of these models together."""
        return loss_and_score(self.experiment, self._answers(members))

    def lead_error(
        self, together: Sequence[int], others: Sequence[int], *, as_one: bool = False
    ) -> float | None:
        """Standard error of what these models together score more than each of the others does on
        average, or the others `as_one`, over the items that all of them answered; None where the
        score does not add up.
        """
        items = sum(len(targets) for targets in self.targets)
        apart = [others] if as_one else [[member] for member in others]
        sides = [self._answers(members) for members in (together, *apart)]
        sums = [part_sums(self.experiment, side, items) for side in sides]
        known = [part for part in sums if part is not None]
        if len(known) < len(sides) or len(known) < 2 or len(known[0]) < 2:
            return None
        beside = torch.stack([part.double() for part in known[1:]]).mean(0)
        task = self.experiment.resolved_task
        return finite(lead_error(task, known[0].double(), beside, seed=0))

    def _answers(self, members: Sequence[int]) -> list[tuple[Any, Any]]:
        """Outputs of these models together and the targets, batch by batch."""
        together = self.experiment.resolved_task.together
        batches = zip(*(self.outputs[m] for m in members), strict=True)
        return [
            (several[0] if len(several) == 1 else together(several), y)
            for several, y in zip(batches, self.targets, strict=True)
        ]

    def greedy(self, candidates: Sequence[int]) -> list[int]:
        """Models in the order in which each of them adds most to those before, as long as it adds
        something (forward selection: Caruana et al. 2004, without repetition).

        The first one is the best alone. Of equal scores the lower loss wins, then the earlier one.
        """
        chosen: list[int] = []
        best: tuple[float, float] | None = None
        while rest := [c for c in candidates if c not in chosen]:
            found = [(self._rank([*chosen, c]), c) for c in rest]
            top, member = max(found, key=lambda pair: pair[0])
            if best is not None and top <= best:
                break
            chosen.append(member)
            best = top
        return chosen

    def _rank(self, members: Sequence[int]) -> tuple[float, float]:
        loss, score = self.loss_and_score(members)
        return rank(finite(score), finite(loss))

    def error_correlation(self, members: Sequence[int]) -> float | None:
        """Mean correlation, over all pairs, of where two models are wrong; of their losses where
        answers are not right or wrong. None for one model, or where nothing varies.
        """
        errors = [self._errors(member) for member in members]
        found = [_correlation(a, b) for a, b in combinations(errors, 2)]
        known = [value for value in found if value is not None]
        return sum(known) / len(known) if known else None

    def _errors(self, member: int) -> Tensor:
        """How wrong a model is about each of the items, or about an even choice of many."""
        task = self.experiment.resolved_task
        counted = task.metric == "accuracy" and self.experiment.metric is None
        outputs, targets = join(self.outputs[member]), join(self.targets, IGNORED)
        found = []
        for i in range(0, len(targets), math.ceil(len(targets) / MOST_ITEMS)):
            item = outputs[i : i + 1], targets[i : i + 1]
            found.append(
                1 - task.score(task.sums(*item)) if counted
                else self.experiment.loss_function(*item).item()
            )  # fmt: skip
        return torch.tensor(found, dtype=torch.float64)


def _correlation(a: Tensor, b: Tensor) -> float | None:
    # An item whose targets are all ignored is neither right nor wrong.
    known = ~(a.isnan() | b.isnan())
    a, b = a[known], b[known]
    a, b = a - a.mean(), b - b.mean()
    size = (a.square().sum() * b.square().sum()).sqrt()
    return None if not torch.isfinite(size) or size == 0 else float((a * b).sum() / size)
