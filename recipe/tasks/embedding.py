"""Embeddings: what belongs together lies together, by a loss on pairs, triplets or labels."""

import math
from contextlib import suppress
from typing import ClassVar

import torch
from torch import Tensor
from torch.nn import functional as F

from recipe.core.errors import UsageError
from recipe.tasks.base import Loss, TargetKind, Task
from recipe.tasks.by_loss import ByLoss, once

CHUNK = 1 << 24
"""Distances that are held at a time."""
ITEMS, WIDTH, LONGER = 8, 5, 3.0
"""Made-up embeddings on which a loss is tried, and by how much some are made longer."""


class Embedding(Task):
    """Outputs [N, D] with a label for each item, or [N, P, D]: a pair, a triplet or more, of which
    the second belongs to the first and the others do not.

    The loss is the user's own, and the score is minus that loss. What a fresh model's is, and what
    perfect is, nobody knows. `metric="recall_at_1"` (5, 10) says how often the nearest is right.
    """

    name = "embedding"
    metric = "minus_loss"
    target_kind: ClassVar[TargetKind] = "real"

    def loss_problem(self) -> str | None:
        """It has none of its own."""
        return (
            'task="embedding" has no loss of its own: pass loss=..., a function of outputs and '
            "targets, such as a triplet or a contrastive loss."
        )

    def loss(self, outputs: Tensor, targets: Tensor) -> Tensor:  # noqa: ARG002
        """None of its own.

        Raises:
            UsageError: always.

        """
        raise UsageError(self.loss_problem())

    def adapted(self, loss: Loss | None) -> Task:
        """Scored by the declared loss."""
        return self if loss is None else EmbeddingByLoss(loss)

    def sums(self, outputs: Tensor, targets: Tensor) -> Tensor:  # noqa: ARG002
        """There are none without a loss.

        Raises:
            UsageError: always.

        """
        raise UsageError(self.loss_problem())

    def score(self, sums: Tensor) -> float:  # noqa: ARG002
        """Not known without a loss."""
        return math.nan

    def expected_initial_loss(
        self,
        targets: Tensor,  # noqa: ARG002
        n_outputs: int,  # noqa: ARG002
        bias: Tensor | None = None,  # noqa: ARG002
    ) -> float:
        """Not known."""
        return math.nan


class EmbeddingByLoss(ByLoss, Embedding):
    """Embeddings under a declared loss."""

    def loss_problem(self) -> str | None:
        """It has one."""
        return None

    def loss(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """The declared one."""
        return self.declared(outputs, targets)

    def adapted(self, loss: Loss | None) -> Task:
        """As for another loss."""
        return self if loss is None or loss is self.declared else EmbeddingByLoss(loss)


def recall_at(k: int, outputs: Tensor, targets: Tensor, loss: Loss) -> float:
    """The share of items that have one of theirs among the `k` nearest others (Recall@K:
    Jegou et al. 2011, Song et al. 2016); of items that have none at all, nothing is asked.

    Args:
        k: how many are looked at.
        outputs: all embeddings [N, D], or [N, P, D], where the second of each item is looked
            for among all that are not first.
        targets: labels [N] of embeddings [N, D]; else of no account.
        loss: that they are trained by. Near is a small angle where it does not see lengths, and a
            small distance otherwise.

    Raises:
        UsageError: outputs are of another shape, or have no label each.

    """
    by_angle = once(_ignores_lengths, loss)
    outputs = F.normalize(outputs.float(), dim=-1) if by_angle else outputs.float()
    if outputs.ndim == 3 and outputs.shape[1] > 1:
        return _partners_found(outputs, k)
    if outputs.ndim != 2 or targets.numel() != len(outputs):
        raise UsageError(
            f"Recall at {k} needs embeddings [N, D] with a label each, or pairs [N, 2, D]: got "
            f"{list(outputs.shape)} with targets {list(targets.shape)}."
        )
    return _labels_found(outputs, targets.flatten(), k)


def _labels_found(points: Tensor, labels: Tensor, k: int) -> float:
    found = asked = 0
    for start in range(0, len(points), rows := _rows(len(points))):
        part = torch.arange(start, min(len(points), start + rows), device=points.device)
        same = labels[part, None] == labels
        same[part - start, part] = False
        has_any = same.any(1)
        distances = torch.cdist(points[part], points)
        distances[part - start, part] = math.inf  # nobody is its own neighbour
        nearest = distances.topk(min(k, len(points) - 1), largest=False).indices
        found += int(same.gather(1, nearest).any(1).sum())
        asked += int(has_any.sum())
    return found / asked if asked else math.nan


def _partners_found(groups: Tensor, k: int) -> float:
    others = groups[:, 1:]
    flat = others.flatten(0, 1)
    found = 0
    for start in range(0, len(groups), rows := _rows(len(flat))):
        first, second = groups[start : start + rows, 0], others[start : start + rows, 0]
        own = (first - second).norm(dim=-1, keepdim=True)
        # Not the matrix product: its rounding would part an embedding from its own copy.
        nearer = torch.cdist(first, flat, compute_mode="donot_use_mm_for_euclid_dist") < own
        found += int((nearer.sum(1) < k).sum())
    return found / len(groups) if len(groups) else math.nan


def _rows(columns: int) -> int:
    return max(1, CHUNK // max(1, columns))


def _ignores_lengths(loss: Loss) -> bool:
    """Whether a loss stays the same when some embeddings grow longer, as one of cosines does."""
    generator = torch.Generator().manual_seed(0)
    labels = torch.arange(ITEMS) % 2
    for shape in ((ITEMS, WIDTH), (ITEMS, 2, WIDTH), (ITEMS, 3, WIDTH)):
        outputs = torch.randn(shape, generator=generator)
        longer = outputs * torch.linspace(1, LONGER, ITEMS).reshape(-1, *[1] * (len(shape) - 1))
        with suppress(Exception), torch.no_grad():
            plain, changed, other = (
                float(loss(each, labels)) for each in (outputs, longer, outputs.roll(1, -1) ** 3)
            )
            return math.isclose(plain, changed, rel_tol=1e-4) and not math.isclose(plain, other)
    return False
