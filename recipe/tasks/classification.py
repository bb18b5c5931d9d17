"""One class per item, cross-entropy over C logits."""

import math
from typing import ClassVar

import torch
from torch import Tensor
from torch.nn import functional as F

from recipe.tasks.base import TargetKind, Task, wide

IGNORED = -100
"""The label that PyTorch's cross-entropy leaves out."""


class Classification(Task):
    """Outputs [N, C, ...], targets [N, ...] of class indices."""

    name = "classification"
    metric = "accuracy"
    target_kind: ClassVar[TargetKind] = "class index"

    def loss(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """Softmax cross-entropy."""
        return F.cross_entropy(outputs, targets)

    def losses(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """As `Task.losses`, without the detour of a batched gather."""
        if type(self).loss is not Classification.loss:
            return super().losses(outputs, targets)
        each = F.cross_entropy(
            outputs.flatten(0, 1), targets.repeat(len(outputs), *[1] * (targets.ndim - 1)),
            reduction="none",
        )  # fmt: skip
        counted = (targets != IGNORED).sum()
        return each.reshape(len(outputs), -1).sum(1) / counted

    def sums(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """[correct, counted]."""
        right = (outputs.argmax(1) == targets).sum()
        return wide(torch.stack([right, torch.full_like(right, targets.numel())]))

    def score(self, sums: Tensor) -> float:
        """Share of items whose largest logit is the right class."""
        right, total = sums.tolist()
        return right / total if total else math.nan

    def expected_initial_loss(
        self, targets: Tensor, n_outputs: int, bias: Tensor | None = None
    ) -> float:
        """Log C for equal logits (CS231n, "sanity checks"); with a declared bias, its loss."""
        if bias is None:
            return math.log(n_outputs)
        logits = bias.detach().cpu().float().log_softmax(0)
        return -logits[targets.reshape(-1).cpu().long()].mean().item()

    def chance_score(self, targets: Tensor) -> float:
        """Share of the most frequent class."""
        counts = torch.bincount(targets.reshape(-1).cpu())
        return counts.max().item() / max(1, targets.numel())

    def shape_problem(self, outputs: Tensor, targets: Tensor) -> str | None:
        """Outputs need a class axis, and otherwise the shape of the targets."""
        if outputs.ndim < 2 or outputs.shape[:1] + outputs.shape[2:] != targets.shape:
            return (
                f"outputs of shape {list(outputs.shape)} against class indices of shape "
                f"{list(targets.shape)}"
            )
        return None
