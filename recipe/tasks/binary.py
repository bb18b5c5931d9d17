"""Yes or no: one logit per item (binary), or one per label (multilabel)."""

import math
from collections.abc import Sequence
from contextlib import suppress
from typing import ClassVar

import torch
from torch import Tensor
from torch.nn import functional as F

from recipe.tasks.base import Loss, TargetKind, Task, counts_items, wide

PERFECT = 1e-4
"""Loss of outputs that are right beyond doubt."""


def _wants_probabilities(loss: Loss | None) -> bool:
    """Whether 0 and 1 themselves are the perfect outputs: no logit is ever without a loss."""
    if loss is None:
        return False
    answers = torch.tensor([0.0, 1.0])
    for shape, wanted in (((2, 1), (2, 1)), ((2,), (2,)), ((1, 2), (1, 2)), ((2, 1), (2,))):
        targets = answers.reshape(wanted)
        with suppress(Exception):  # it was made for another shape
            if abs(float(loss(answers.reshape(shape), targets))) < PERFECT:
                return True
            loss(torch.full(shape, 0.5), targets)
            return _refuses(loss, torch.full(shape, 3.0), targets)
    return False


def _refuses(loss: Loss, outputs: Tensor, targets: Tensor) -> bool:
    try:
        loss(outputs, targets)
    except Exception:  # noqa: BLE001 - probabilities are at most 1
        return True
    return False


class Binary(Task):
    """Outputs [N] or [N, 1] of logits, targets 0 or 1 of the same number of elements."""

    name = "binary"
    metric = "accuracy"
    target_kind: ClassVar[TargetKind] = "zero or one"

    def __init__(self, threshold: float = 0.0) -> None:
        """`threshold`: outputs above it mean yes; 0 for logits, 0.5 for probabilities."""
        self.threshold = threshold

    def adapted(self, loss: Loss | None) -> Task:
        """Probabilities are cut at one half when the loss wants probabilities."""
        return type(self)(0.5) if _wants_probabilities(loss) else self

    def loss(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """Logistic loss; [N, 1] against [N] is matched, never broadcast."""
        targets = targets.reshape(outputs.shape).to(outputs.dtype)
        return F.binary_cross_entropy_with_logits(outputs, targets)

    def together(self, outputs: Sequence[Tensor]) -> Tensor:
        """The mean of the probabilities, as a logit where outputs are logits."""
        several = torch.stack(list(outputs))
        if self.threshold:
            return several.mean(0)
        # log p - log (1 - p), each mean taken in logarithms: no probability rounds to one.
        yes, no = (F.logsigmoid(sign * several).logsumexp(0) for sign in (1, -1))
        return yes - no

    @counts_items
    def sums(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """[correct, counted]."""
        right = (outputs > self.threshold) == (targets.reshape(outputs.shape) > 0.5)
        counted = self.counted(targets).reshape(outputs.shape)
        return wide(torch.stack([(right & counted).sum(), counted.sum()]))

    def score(self, sums: Tensor) -> float:
        """Share of right answers."""
        right, total = sums.tolist()
        return right / total if total else math.nan

    def expected_initial_loss(
        self, targets: Tensor, n_outputs: int, bias: Tensor | None = None
    ) -> float:
        """Log 2 at logit zero; with a declared bias, the cross-entropy that it gives."""
        if bias is None:
            return math.log(2)
        known = self.counted(targets).cpu().reshape(-1, n_outputs)
        targets = targets.detach().cpu().float().reshape(-1, n_outputs)
        logits = bias.detach().cpu().float().reshape(1, n_outputs).expand_as(targets)
        logits, targets = logits[known], targets[known]
        return F.binary_cross_entropy_with_logits(logits, targets).item()

    def chance_score(self, targets: Tensor) -> float:
        """Share of the more frequent answer."""
        share = targets[self.counted(targets)].float().mean().item()
        return max(share, 1 - share)


class Multilabel(Binary):
    """Outputs and targets [N, labels]; each label is a yes or no of its own."""

    name = "multilabel"
    metric = "f1"

    @counts_items
    def sums(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """[true positives, false positives, false negatives]."""
        counted = self.counted(targets).reshape(outputs.shape)
        said = (outputs > self.threshold) & counted
        true = (targets.reshape(outputs.shape) > 0.5) & counted
        return wide(torch.stack([(said & true).sum(), (said & ~true).sum(), (~said & true).sum()]))

    def score(self, sums: Tensor) -> float:
        """Micro-averaged F1, which rare labels cannot hide behind the frequent 'no'."""
        hits, wrong, missed = sums.tolist()
        total = 2 * hits + wrong + missed
        return 2 * hits / total if total else math.nan

    def chance_score(self, targets: Tensor) -> float:
        """F1 of saying yes to everything."""
        share = targets[self.counted(targets)].float().mean().item()
        return 2 * share / (1 + share)
