"""What the mean loss of a part of a batch counts in that of the whole batch.

A mean over a batch is no mean of the means of its parts where these hold unequal numbers of items,
of tokens that count, or of items by the weight of their class. What a known loss divides by follows
from the targets alone.
"""

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from recipe.experiment import Experiment
from recipe.tasks import Binary, Classification, Regression, Task
from recipe.tasks.classification import IGNORED
from recipe.tasks.segmentation import Segmentation
from recipe.tasks.tokens import TokenTask
from recipe.training.ignored_labels import LeavesOut
from recipe.training.tree_losses import ModelLoss, Natural

Divisor = Callable[[Tensor], float | Tensor]
"""Of the targets of a batch: what its mean loss divides by."""
_OF_CLASSES = (Classification.loss, TokenTask.loss, Segmentation.loss)
_OF_ITEMS = (Regression.loss, Binary.loss)
_ELEMENTWISE = (
    nn.MSELoss, nn.L1Loss, nn.SmoothL1Loss, nn.HuberLoss, nn.BCELoss, nn.BCEWithLogitsLoss,
    nn.SoftMarginLoss,
)  # fmt: skip
_ELEMENTWISE_FUNCTIONS = (
    F.mse_loss, F.l1_loss, F.smooth_l1_loss, F.huber_loss, F.binary_cross_entropy,
    F.binary_cross_entropy_with_logits, F.soft_margin_loss,
)  # fmt: skip


def shares(experiment: Experiment, targets: Sequence[Any]) -> list[float | Tensor] | None:
    """By what the loss of each part is multiplied so that the sum is the loss of the whole batch;
    None where that does not follow from the targets.

    Args:
        experiment: whose loss.
        targets: of each part of a batch.

    """
    divisor = divisor_of(experiment)
    if divisor is None or not all(isinstance(y, Tensor) for y in targets):
        return None
    if divisor is summed:
        return [1.0] * len(targets)
    counts = [divisor(y) for y in targets]
    whole = sum(counts)  # where nothing counts at all, shares and loss are 0 / 0
    return [count / whole for count in counts]


def weighed(outputs: Any, loss: Tensor, share: float | Tensor) -> Tensor:
    """A part of a loss, times its share. Where nothing counts in a part its loss is 0 / 0, which is
    kept from the gradients of the others, without a look at the share: that would wait for a GPU.
    """
    if not isinstance(share, Tensor):
        return loss * share
    if isinstance(outputs, Tensor) and outputs.requires_grad:
        outputs.register_hook(  # type: ignore[no-untyped-call]
            lambda grad: torch.where(share > 0, grad, 0)
        )
    return torch.where(share > 0, loss * share.to(loss.dtype), share * 0)


def summed(y: Tensor) -> float:  # noqa: ARG001 - it says what the loss does
    """Of a loss that is a sum and no mean."""
    return 1.0


def _items(y: Tensor) -> float:
    return float(y.numel())


def divisor_of(experiment: Experiment) -> Divisor | None:
    """What its mean loss divides by; None where that does not follow from the targets."""
    declared: Any = experiment.loss_function
    if experiment.loss is None:
        return _of_task(experiment.resolved_task)
    while type(declared) in (LeavesOut, Natural):
        if type(declared) is Natural and declared.usual is not None:
            return None
        declared = declared.function
    return of_loss(declared)


def _of_task(task: Task) -> Divisor | None:
    loss = type(task).loss
    if loss in _OF_CLASSES:
        return _classes(IGNORED, None)
    return _items if loss in _OF_ITEMS else None


def of_loss(loss: Any) -> Divisor | None:
    """What a loss of PyTorch's divides by; None of one that is not known here."""
    if loss in (F.cross_entropy, F.nll_loss):
        return _classes(IGNORED, None)
    if loss in _ELEMENTWISE_FUNCTIONS:
        return _items
    if isinstance(loss, ModelLoss) or type(loss) not in (
        nn.CrossEntropyLoss, nn.NLLLoss, *_ELEMENTWISE
    ):  # fmt: skip
        return None
    if loss.reduction == "sum":
        return summed
    if type(loss) in _ELEMENTWISE:
        return _items
    weight = loss.weight if isinstance(loss.weight, Tensor) else None
    return _classes(int(loss.ignore_index), weight)


def _classes(ignored: int, weight: Tensor | None) -> Divisor:
    """Of cross-entropy: the targets that count, by the weights of their classes; of shares of
    classes as targets the items.
    """

    def divisor(y: Tensor) -> float | Tensor:
        if y.is_floating_point():
            return _items(y)
        labels = y.long()
        counted = labels != ignored
        if weight is None:
            return counted.sum()
        known = torch.where(counted, labels, 0)
        return (weight.to(y.device)[known] * counted).sum()

    return divisor


def matches_elementwise(experiment: Experiment, outputs: Any, y: Any) -> bool:
    """Whether a loss that compares values is given as many as there are targets: [N, 1] against
    [N] is broadcast by PyTorch's own losses, and then no sum over items.
    """
    declared: Any = experiment.loss
    while type(declared) in (LeavesOut, Natural):
        declared = declared.function
    compares = type(declared) in _ELEMENTWISE or declared in _ELEMENTWISE_FUNCTIONS
    return not compares or (isinstance(outputs, Tensor) and outputs.shape == y.shape)
