"""One class per item, cross-entropy over C logits."""

import math
from collections.abc import Sequence
from contextlib import suppress
from copy import copy
from typing import ClassVar

import torch
from torch import Tensor
from torch.nn import functional as F

from recipe.tasks.base import Loss, TargetKind, Task, counts_items, wide
from recipe.tasks.by_loss import ByLoss, compares_items, once

IGNORED = -100
"""The label that PyTorch's cross-entropy leaves out."""
ITEMS, CLASSES, ROUNDING = 2, 5, 1e-5
"""Of made-up outputs that show which axis an own loss takes for the classes, and how far apart
two values of it may lie that are the same.
"""


class Classification(Task):
    """Outputs [N, C, ...], targets [N, ...] of class indices.

    A loss of the user's own may want the classes last, [N, ..., C], and may leave out targets of
    an `ignore_index`, as `nn.CrossEntropyLoss` does; so does the score.
    """

    name = "classification"
    metric = "accuracy"
    target_kind: ClassVar[TargetKind] = "class index"
    own: Loss | None = None
    """The declared loss."""
    classes_last: bool | None = None
    """Whether it wants the classes last; None where made-up outputs do not tell."""
    ignored: int = IGNORED

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

    def together(self, outputs: Sequence[Tensor]) -> Tensor:
        """The mean of the softmax probabilities, as logarithms: logits of just these."""
        several = torch.stack([each.log_softmax(self._axis_alone) for each in outputs])
        return several.logsumexp(0) - math.log(len(several))

    @property
    def _axis_alone(self) -> int:
        """The axis of the classes where no targets are there to tell."""
        return -1 if self.classes_last else 1

    def adapted(self, loss: Loss | None) -> Task:
        """Scored on the axis and on the targets that the declared loss looks at; by the loss
        itself where its outputs are no scores of classes.
        """
        if loss is None:
            return self
        if type(self) is Classification and compares_items(loss):
            return LossOfClasses(loss)
        task = copy(self)
        task.own, task.classes_last = loss, once(_wants_classes_last, loss)
        ignored = getattr(loss, "ignore_index", IGNORED)
        task.ignored = ignored if isinstance(ignored, int) else IGNORED
        return task

    def counted(self, targets: Tensor) -> Tensor:
        """All but the ignored ones."""
        labels = targets.long()  # a byte holds no -100
        counted = labels != IGNORED
        for label in {self.ignored, *self.left_out} - {IGNORED}:
            counted = counted & (labels != label)
        return counted

    @counts_items
    def sums(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """[correct, counted]."""
        counted = self.counted(targets)
        right = outputs.argmax(self.class_axis(outputs, targets)) == targets
        if max(self.ignored, *self.left_out, IGNORED) >= 0:  # no answer is ever negative
            right &= counted
        return wide(torch.stack([right.sum(), counted.sum()]))

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
        return -logits[targets[self.counted(targets)].cpu().long()].mean().item()

    def chance_score(self, targets: Tensor) -> float:
        """Share of the most frequent class."""
        labels = targets[self.counted(targets)]
        _, counts = torch.unique(labels, return_counts=True)
        return counts.max().item() / len(labels) if len(labels) else 0.0

    def n_outputs(self, outputs: Tensor) -> int:
        """The number of classes."""
        last = self.classes_last
        if last is None and self.own is not None and outputs.ndim > 2:
            shape = outputs.shape
            last = not _accepts(self.own, outputs, shape[:1] + shape[2:]) and _accepts(
                self.own, outputs, shape[:-1]
            )
        return outputs.shape[-1] if last and outputs.ndim > 1 else super().n_outputs(outputs)

    def shape_problem(self, outputs: Tensor, targets: Tensor) -> str | None:
        """Outputs need a class axis, and otherwise the shape of the targets."""
        if outputs.ndim > 1 and outputs.shape[:1] + outputs.shape[2:] == targets.shape:
            return None
        last = outputs.ndim > 1 and outputs.shape[:-1] == targets.shape
        if last and self.own is not None and _accepts(self.own, outputs, targets.shape):
            return None
        return (
            f"outputs of shape {list(outputs.shape)} against class indices of shape "
            f"{list(targets.shape)}"
        )

    def class_axis(self, outputs: Tensor, targets: Tensor) -> int:
        """Where both axes of outputs [N, T, T] fit, the one that the declared loss takes."""
        if self.classes_last and outputs.shape[:-1] == targets.shape:
            return outputs.ndim - 1
        return super().class_axis(outputs, targets)


def _wants_classes_last(loss: Loss) -> bool | None:
    """Whether the classes of outputs [N, T, T] stand on the last axis and not on the one behind N.

    Whoever normalises over the classes does not see what is added to all of them. Other losses
    may take one of [N, T, C] and [N, C, T] and refuse the other; None where nothing tells.
    """
    weight = getattr(loss, "weight", None)
    classes = len(weight) if isinstance(weight, Tensor) and weight.ndim else CLASSES
    like = weight if isinstance(weight, Tensor) else torch.zeros(())
    source = torch.Generator().manual_seed(0)
    outputs = torch.rand(ITEMS, classes, classes, generator=source).to(like)
    shift = torch.rand(ITEMS, classes, generator=source).to(like)
    targets = torch.arange(ITEMS * classes, device=like.device).reshape(ITEMS, -1) % classes
    with suppress(Exception):
        plain, last, behind = (
            float(loss(outputs + by, targets)) for by in (0.0, shift[..., None], shift[:, None])
        )
        ignores_last, ignores_behind = (
            math.isclose(plain, moved, rel_tol=ROUNDING) for moved in (last, behind)
        )
        if ignores_last != ignores_behind:
            return ignores_last
    shape = (ITEMS, classes + 1)
    takes_last = _accepts(loss, like.new_zeros(*shape, classes), shape)
    takes_behind = _accepts(loss, like.new_zeros(ITEMS, classes, classes + 1), shape)
    return takes_last if takes_last != takes_behind else None


def _accepts(loss: Loss, outputs: Tensor, shape: tuple[int, ...]) -> bool:
    """Whether it computes anything for these outputs and targets of class 0 in this shape."""
    with suppress(Exception):
        loss(outputs.detach(), torch.zeros(shape, dtype=torch.long, device=outputs.device))
        return True
    return False


class LossOfClasses(ByLoss, Classification):
    """Classes whose outputs are no scores of them: an embedding in which the items of a class lie
    together, or the steps from one ordered class to the next.
    """

    def adapted(self, loss: Loss | None) -> Task:
        """As for another loss."""
        return self if loss is self.declared else Classification().adapted(loss)
