"""Classes that count alike: weighed in the loss, and judged one by one."""

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from recipe.plugin import Remedy, RemedyInput

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import Tensor

    from recipe.plugin import Experiment

    Loss = Callable[[Tensor, Tensor], Tensor]

IGNORED = -100
"""The label that PyTorch's cross-entropy leaves out."""


def _weighed(subject: RemedyInput) -> "Experiment | None":
    """Weights in inverse proportion to the number of items (King, Zeng 2001), and the mean of the
    classes' recalls as score; None for a loss that is weighed already, or is not known.
    """
    from torch import nn

    experiment, train = subject.experiment, subject.data.train
    loss, kind = experiment.loss, experiment.resolved_task.target_kind
    targets = getattr(train, "y", None)
    by_tokens = experiment.resolved_task.counts_by == "tokens"  # whose classes stand elsewhere
    if targets is None or experiment.update is not None or len(targets) == 0 or by_tokens:
        return None
    weighed = any(getattr(loss, name, None) is not None for name in ("weight", "pos_weight"))
    if kind == "class index" and _is(loss, nn.CrossEntropyLoss) and not weighed:
        ignored = getattr(loss, "ignore_index", IGNORED)
        weighted = _cross_entropy(targets, getattr(loss, "label_smoothing", 0.0), ignored)
        return replace(experiment, loss=weighted, metric=_recall_of_all_but(ignored))
    if kind == "zero or one" and _is(loss, nn.BCEWithLogitsLoss) and not weighed:
        return replace(experiment, loss=_logistic(targets), metric=balanced_accuracy)
    return None


def _is(loss: object, kind: type) -> bool:
    """Whether it is the task's own loss, declared or not."""
    return loss is None or type(loss) is kind


def _cross_entropy(targets: "Tensor", smoothing: float, ignored: int) -> "Loss":
    from torch.nn import functional as F

    labels = targets.reshape(-1)
    counts = labels[(labels >= 0) & (labels != ignored)].bincount()
    weights = counts.sum() / (counts.count_nonzero() * counts.clamp(min=1))

    def weighted_cross_entropy(outputs: "Tensor", targets: "Tensor") -> "Tensor":
        known = F.pad(weights, (0, outputs.shape[1] - len(weights)), value=1.0)
        return F.cross_entropy(
            outputs, targets, weight=known.to(outputs), label_smoothing=smoothing,
            ignore_index=ignored,
        )  # fmt: skip

    return weighted_cross_entropy


def _logistic(targets: "Tensor") -> "Loss":
    from torch.nn import functional as F

    positive = targets.float().mean().clamp(1e-6, 1 - 1e-6)
    weight = (1 - positive) / positive

    def weighted_logistic_loss(outputs: "Tensor", targets: "Tensor") -> "Tensor":
        targets = targets.reshape(outputs.shape).to(outputs)
        return F.binary_cross_entropy_with_logits(outputs, targets, pos_weight=weight.to(outputs))

    return weighted_logistic_loss


def _recall_of_all_but(ignored: int) -> "Callable[[Tensor, Tensor], float]":
    """The score, as a metric of that name."""
    if ignored == IGNORED:
        return balanced_accuracy

    def metric(outputs: "Tensor", targets: "Tensor") -> float:
        return balanced_accuracy(outputs, targets.where(targets != ignored, IGNORED))

    metric.__name__ = balanced_accuracy.__name__
    return metric


def balanced_accuracy(outputs: "Tensor", targets: "Tensor") -> float:
    """Mean over the classes of the share of their items that are recognised."""
    if outputs.shape == targets.shape or outputs.shape[1:].numel() == targets.shape[1:].numel():
        answers, targets = (outputs > 0).reshape(-1).long(), targets.reshape(-1).long()
    else:
        answers, targets = outputs.argmax(1).reshape(-1), targets.reshape(-1)
    return mean_recall(answers, targets).mean


@dataclass(frozen=True)
class Recall:
    """Mean share of the items of a class that are recognised: a frequent class counts no more than
    a rare one.
    """

    mean: float
    """NaN without any class."""
    chance: float
    """Of answers that have nothing to do with the items."""
    error: float
    """Standard error of the mean at chance: binomial for each class."""


def mean_recall(answers: "Tensor", targets: "Tensor") -> Recall:
    """Over the classes that occur; with several yes-or-no labels, over these of all labels.

    Args:
        answers: in the shape of the targets.
        targets: class indices, negative where none counts; or zero and one, in a column per label.

    """
    labels = targets.is_floating_point() and targets.ndim > 1
    columns = targets.flatten(1).T if labels else targets.reshape(1, -1)
    given = answers.flatten(1).T if labels else answers.reshape(1, -1)
    recalls: list[float] = []
    chances: list[float] = []
    squares: list[float] = []
    for said, true in zip(given, columns, strict=True):
        counted = true >= 0
        classes, place, items = true[counted].unique(return_inverse=True, return_counts=True)
        right = place[said[counted] == true[counted]].bincount(minlength=len(classes))
        chance = 1 / max(1, len(classes))
        recalls += (right / items).tolist()
        chances += [chance] * len(classes)
        squares += (chance * (1 - chance) / items).tolist()
    n = len(recalls)
    if n == 0:
        return Recall(math.nan, math.nan, math.nan)
    return Recall(sum(recalls) / n, sum(chances) / n, math.sqrt(sum(squares)) / n)


weigh_classes = Remedy("weigh the classes, judged by their mean recall", _weighed)
