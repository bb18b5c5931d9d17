"""Problems whose outputs no score of ours can read: the declared loss is the score."""

import math
import warnings
from collections.abc import Callable, Sequence
from contextlib import suppress
from copy import deepcopy
from functools import lru_cache
from typing import Any, TypeVar

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from recipe.tasks.base import Loss, Task, wide

Found = TypeVar("Found")
PROBED, STEP = 8, 0.05
"""Made-up targets on which an own loss is looked at, and how far outputs lie beside them."""
CLASSES, SIZES = 5, (0.3, 3.0)
"""Made-up classes, or steps of a series; and logits of little and of no doubt: beyond its margin a
loss sees nothing."""


class ByLoss(Task):
    """Of a task: scored by the loss. What perfect and what chance are is not known, so nothing is
    judged by the distance to them.
    """

    metric = "minus_loss"

    def __init__(self, declared: Loss) -> None:
        """`declared` takes outputs and targets of any shapes."""
        self.declared = declared

    def sums(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """[summed loss, count]."""
        loss = wide(self.declared(outputs, targets).detach().reshape(()))
        return torch.stack([loss * len(targets), torch.full_like(loss, len(targets))])

    def score(self, sums: Tensor) -> float:
        """Minus the mean loss."""
        total, count = sums.tolist()
        return -total / count if count else math.nan

    def together(self, outputs: Sequence[Tensor]) -> Tensor:
        """The mean: what the outputs stand for is not known."""
        return torch.stack(list(outputs)).mean(0)

    def score_error(self, score: float | None, items: int) -> float:  # noqa: ARG002
        """Not known."""
        return 0.0

    def chance_score(self, targets: Tensor) -> float:  # noqa: ARG002
        """Not known; as if there were no room above it."""
        return 1.0

    def perfect_score(self, inputs: Tensor, targets: Tensor) -> float:  # noqa: ARG002
        """Not known."""
        return math.nan

    def shape_problem(self, outputs: Tensor, targets: Tensor) -> str | None:  # noqa: ARG002
        """The loss itself says what it takes."""
        return None


def compares_values(loss: Loss) -> bool:
    """Whether a loss has an extreme value where outputs equal targets, as an error has (and the
    negative of one). False where it takes no outputs in the shape of its targets.
    """
    return once(_compares_values, loss)


def compares_series(loss: Loss) -> bool:
    """As `compares_values`, of outputs and targets [N, H] or [N, H, D]."""
    return once(_compares_series, loss)


def compares_items(loss: Loss) -> bool:
    """Whether a loss looks at which items share a label and not at which label that is, as one
    that draws the items of a class together: it stays the same when the outputs change places,
    and not when the labels do.
    """
    return once(_compares_items, loss)


def shares(targets: Tensor) -> bool:
    """Whether targets [N, C] are shares of classes: what several people said, or a mixture."""
    return (
        targets.is_floating_point()
        and targets.shape[1] > 1
        and bool((targets >= 0).all())
        and torch.allclose(targets.sum(1), torch.ones((), dtype=targets.dtype), atol=1e-3)
    )


def loss_accepts(loss: Loss, outputs: Tensor, targets: Tensor) -> bool:
    """Whether a loss makes a number of them, be it infinite: a first loss that is, is another
    matter.
    """
    return bool(_values(loss, [(outputs, targets)], finite=False))


def tells_apart(loss: Loss, outputs: Tensor, targets: Tensor) -> bool:
    """Whether a loss takes the outputs [N, D] for one target each and tells them apart, as the
    quantiles of a distribution: it changes when their order does.
    """
    spread = targets.float().std() + 1
    made_up = targets.float().reshape(-1, 1) + spread * torch.linspace(-1.0, 1.5, outputs.shape[1])
    found = _values(loss, [(made_up, targets), (made_up.flip(1), targets)])
    return bool(found) and not math.isclose(*found, rel_tol=1e-4)


def takes_label(loss: Loss, outputs: Tensor) -> bool:
    """Whether a loss makes a number of the label behind the last of the outputs [N, D], as one for
    ordered classes does, with an output for each step from one class to the next: a number that
    goes by the outputs, and is another than that of the last label.
    """
    last = torch.full((len(outputs),), outputs.shape[1] - 1)
    found = _values(loss, [(outputs, last + 1), (outputs + 1, last + 1), (outputs, last)])
    return bool(found) and not any(
        math.isclose(found[0], value, rel_tol=1e-4, abs_tol=1e-6) for value in found[1:]
    )


def once(test: Callable[[Loss], Found], loss: Loss) -> Found:
    """What a test finds of a loss, called once: a module may remember what it is called with, so
    a copy is called.
    """
    try:
        found: Found = _tested(test, loss)
    except TypeError:  # no key of a table
        return test(loss)
    return found


@lru_cache(maxsize=64)
def _tested(test: Callable[[Loss], Any], loss: Loss) -> Any:
    return test(deepcopy(loss) if isinstance(loss, nn.Module) else loss)


def _values(loss: Loss, calls: list[tuple[Tensor, Tensor]], *, finite: bool = True) -> list[float]:
    """Of every call; nothing when one of them fails or, where it has to be, is not finite."""
    with suppress(Exception), torch.no_grad(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = [float(loss(outputs, targets)) for outputs, targets in calls]
        if not finite or all(map(math.isfinite, found)):
            return found
    return []


def _compares_values(loss: Loss) -> bool:
    values = torch.linspace(0.5, 2.0, PROBED)
    pairs = (values[:, None], values), (values[:, None], values[:, None]), (values, values)
    return any(_extreme_where_equal(loss, *pair) for pair in pairs)


def _compares_series(loss: Loss) -> bool:
    values = torch.linspace(0.5, 2.0, PROBED * CLASSES).reshape(PROBED, CLASSES)
    several = torch.stack([values, -values], -1)
    return any(_extreme_where_equal(loss, each, each) for each in (values, several))


def _extreme_where_equal(loss: Loss, outputs: Tensor, targets: Tensor) -> bool:
    found = _values(loss, [(outputs + shift, targets) for shift in (0.0, -STEP, STEP)])
    return bool(found) and (found[1] - found[0]) * (found[2] - found[0]) > 0


def _compares_items(loss: Loss) -> bool:
    labels = torch.arange(3 * CLASSES) % CLASSES
    mixed = labels.roll(1)
    mixed[::3] = labels[::3]
    differs = False
    for size in SIZES:
        outputs = size * F.one_hot(labels, CLASSES).float()
        found = _values(loss, [(outputs, labels), (outputs.roll(1, 1), labels), (outputs, mixed)])
        if not found or not math.isclose(found[0], found[1], rel_tol=1e-5):
            return False
        differs = differs or not math.isclose(found[0], found[2], rel_tol=1e-3)
    return differs
