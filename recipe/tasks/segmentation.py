"""A class for every pixel: cross-entropy, judged by the mean intersection over union."""

import math
from contextlib import suppress
from typing import ClassVar

import torch
from torch import Tensor
from torch.nn import functional as F

from recipe.tasks.base import Loss, Task, counts_items, wide
from recipe.tasks.binary import Binary
from recipe.tasks.by_loss import once
from recipe.tasks.classification import Classification

TOLERANCE = 0.05
"""A few pixels along the borders of a memorised mask may be wrong, which rare classes feel most."""
ITEMS, SIDE = 3, 4
"""Made-up masks on which a loss is tried: not as many as classes, which would broadcast."""


class Segmentation(Classification):
    """Outputs [N, C, H, W] (or [N, H, W, C], where the declared loss wants the classes last),
    targets [N, H, W] or [N, 1, H, W] of class indices; any number of axes of space.

    Pixels of the label that the loss ignores do not count. One output per pixel under a logistic
    loss is a `BinarySegmentation`.
    """

    name = "segmentation"
    metric = "mean_iou"
    tolerance = TOLERANCE
    counts_by: ClassVar[str] = "pixels"

    def loss(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """Softmax cross-entropy, averaged over all pixels that count."""
        return F.cross_entropy(outputs, squeezed(outputs, targets))

    def adapted(self, loss: Loss | None) -> Task:
        """As classification; a mask of yes and no under a loss that takes one logit per pixel."""
        if loss is not None and once(_takes_one_logit, loss):
            return BinarySegmentation().adapted(loss)
        return super().adapted(loss)

    @counts_items
    def sums(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """[3 C]: for each class its pixels that were found, that were said, and that there are."""
        targets = squeezed(outputs, targets)
        axis, counted = self.class_axis(outputs, targets), self.counted(targets)
        said, true = outputs.argmax(axis), targets.long().where(counted, 0)
        return torch.cat([
            _counts(true, counted & (said == true), outputs.shape[axis]),
            _counts(said, counted, outputs.shape[axis]),
            _counts(true, counted, outputs.shape[axis]),
        ])  # fmt: skip

    def score(self, sums: Tensor) -> float:
        """Mean, over the classes that occur in targets or answers, of intersection over union
        (the Jaccard index), each taken over all pixels of the data (PASCAL VOC).
        """
        found, said, true = sums.reshape(3, -1)
        union = said + true - found
        occurs = union > 0
        return (found[occurs] / union[occurs]).mean().item() if bool(occurs.any()) else math.nan

    def chance_score(self, targets: Tensor) -> float:
        """Of saying the most frequent class everywhere: its share, and nothing of the others."""
        labels = targets[self.counted(targets)]
        _, counts = torch.unique(labels, return_counts=True)
        return counts.max().item() / len(labels) / len(counts) if len(labels) else 0.0

    def score_error(self, score: float | None, items: int) -> float:  # noqa: ARG002
        """Not known: pixels side by side are no separate answers."""
        return 0.0

    def shape_problem(self, outputs: Tensor, targets: Tensor) -> str | None:
        """As of classification, but for targets [N, 1, H, W]; one output tells no classes apart."""
        if outputs.ndim > 2 and outputs.shape[1] == 1 and outputs.numel() == targets.numel():
            return (
                f"outputs of shape {list(outputs.shape)}, one for each pixel: pass "
                'task="binary_segmentation" for a yes or no, or give an output per class'
            )
        return super().shape_problem(outputs, squeezed(outputs, targets))


class BinarySegmentation(Binary):
    """Outputs [N, 1, H, W] or [N, H, W] of logits, targets 0 or 1 of as many elements."""

    name = "binary_segmentation"
    metric = "iou"
    tolerance = TOLERANCE
    counts_by: ClassVar[str] = "pixels"

    @counts_items
    def sums(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """[pixels found, said, and there to be found]."""
        counted = self.counted(targets).reshape(outputs.shape)
        said = (outputs > self.threshold) & counted
        true = (targets.reshape(outputs.shape) > 0.5) & counted
        return wide(torch.stack([(said & true).sum(), said.sum(), true.sum()]))

    def score(self, sums: Tensor) -> float:
        """Intersection over union of the pixels that are 1, over all pixels of the data."""
        found, said, true = sums.tolist()
        union = said + true - found
        return found / union if union else math.nan

    def chance_score(self, targets: Tensor) -> float:
        """Of saying 1 everywhere; 0 everywhere finds nothing."""
        return targets[self.counted(targets)].float().mean().item()

    def score_error(self, score: float | None, items: int) -> float:  # noqa: ARG002
        """Not known: pixels side by side are no separate answers."""
        return 0.0


def squeezed(outputs: Tensor, targets: Tensor) -> Tensor:
    """Targets [N, 1, H, W] of outputs [N, C, H, W] as [N, H, W]; others as they are."""
    one = targets.ndim == outputs.ndim and targets.ndim > 1 and targets.shape[1] == 1
    return targets.squeeze(1) if one else targets


def _counts(classes: Tensor, counted: Tensor, n: int) -> Tensor:
    """How often each of `n` classes occurs among the pixels that are counted."""
    weights = wide(counted.flatten())
    return weights.new_zeros(n).scatter_add(0, classes.flatten(), weights)


def _takes_one_logit(loss: Loss) -> bool:
    """Whether a loss takes outputs and real targets [N, 1, H, W], and no class indices [N, H, W] of
    two outputs.
    """
    outputs = torch.linspace(0.1, 0.9, 2 * ITEMS * SIDE * SIDE).reshape(ITEMS, 2, SIDE, SIDE)
    yes = torch.arange(ITEMS * SIDE * SIDE).reshape(ITEMS, 1, SIDE, SIDE) % 2
    return _accepts(loss, outputs[:, :1], yes.float()) and not _accepts(loss, outputs, yes[:, 0])


def _accepts(loss: Loss, outputs: Tensor, targets: Tensor) -> bool:
    """Whether it makes one number of them that goes by the targets."""
    with suppress(Exception), torch.no_grad():
        found = [float(loss(outputs, wanted)) for wanted in (targets, torch.ones_like(targets))]
        return all(map(math.isfinite, found)) and found[0] != found[1]
    return False
