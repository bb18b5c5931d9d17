"""Problems whose outputs no score of ours can read: the declared loss is the score."""

import math
import warnings
from contextlib import suppress

import torch
from torch import Tensor
from torch.nn import functional as F

from recipe.tasks.base import Loss, Task, wide

MOST_OUTPUTS = 12
"""For one target, that a loss is tried with."""
PROBED, STEP = 8, 0.05
"""Made-up targets on which an own loss is looked at, and how far outputs lie beside them."""
CLASSES, SIZES = 5, (0.3, 3.0)
"""Made-up classes, and logits of little and of no doubt: beyond its margin a loss sees nothing."""


class ByLoss(Task):
    """Of a task: scored by the loss. What perfect and what chance are is not known, so nothing is
    judged by the distance to them.
    """

    metric = "minus_loss"
    counts_items = False

    def __init__(self, declared: Loss) -> None:
        """`declared` takes outputs and targets of any shapes."""
        self.declared = declared

    def sums(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """[summed loss, count]."""
        loss = wide(self.declared(outputs, targets).reshape(()))
        return torch.stack([loss * len(targets), torch.full_like(loss, len(targets))])

    def score(self, sums: Tensor) -> float:
        """Minus the mean loss."""
        total, count = sums.tolist()
        return -total / count if count else math.nan

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
    values = torch.linspace(0.5, 2.0, PROBED)
    for outputs, targets in ((values[:, None], values), (values[:, None], values[:, None]),
                             (values, values)):  # fmt: skip
        with suppress(Exception), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            at, below, above = (
                float(loss(outputs + shift, targets)) for shift in (0.0, -STEP, STEP)
            )
            if (below - at) * (above - at) > 0:
                return True
    return False


def tells_apart(loss: Loss) -> bool:
    """Whether a loss takes several outputs for one target and tells them apart, as the quantiles
    of a distribution: it changes when their order does.
    """
    targets = torch.linspace(0.5, 2.0, PROBED)[:, None]
    for count in range(2, MOST_OUTPUTS + 1):
        outputs = targets + torch.linspace(-1.0, 1.5, count)
        with suppress(Exception), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            one, other = float(loss(outputs, targets)), float(loss(outputs.flip(1), targets))
            if not math.isclose(one, other, rel_tol=1e-4):
                return True
    return False


def compares_items(loss: Loss) -> bool:
    """Whether a loss looks at which items share a label and not at which label that is, as one
    that draws the items of a class together: it stays the same when the outputs change places,
    and not when the labels do.
    """
    labels = torch.arange(3 * CLASSES) % CLASSES
    mixed = labels.roll(1)
    mixed[::3] = labels[::3]
    found = False
    for size in SIZES:
        outputs = size * F.one_hot(labels, CLASSES).float()
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                own, moved, other = (
                    float(loss(made, true))
                    for made, true in (
                        (outputs, labels), (outputs.roll(1, 1), labels), (outputs, mixed)
                    )
                )  # fmt: skip
        except Exception:  # noqa: BLE001 - it wants other outputs
            return False
        if not math.isclose(own, moved, rel_tol=1e-5):
            return False
        found = found or not math.isclose(own, other, rel_tol=1e-3)
    return found


def takes_more_labels(loss: Loss) -> bool:
    """Whether a loss makes a number of a label that has no output, as one for ordered classes
    does, with an output for each step from one class to the next.
    """
    labels = torch.arange(3 * CLASSES) % CLASSES
    for count in range(1, MOST_OUTPUTS + 1):
        outputs = torch.linspace(-1.0, 1.0, len(labels) * count).reshape(len(labels), count)
        with suppress(Exception), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            if math.isfinite(float(loss(outputs, labels % (count + 1)))) and _reads(loss, outputs):
                return True
    return False


def _reads(loss: Loss, outputs: Tensor) -> bool:
    """Whether a label without an output is no ignored one: the loss goes by the outputs, and in
    another way than for the last label.
    """
    last = torch.full((len(outputs),), outputs.shape[1] - 1)
    value, moved, other = (
        float(loss(made, true))
        for made, true in ((outputs, last + 1), (outputs + 1, last + 1), (outputs, last))
    )
    return all(
        math.isfinite(v) and not math.isclose(value, v, rel_tol=1e-4, abs_tol=1e-6)
        for v in (moved, other)
    )
