"""Real-valued targets, mean squared error."""

import math
import warnings
from contextlib import suppress
from typing import ClassVar

import torch
from torch import Tensor
from torch.nn import functional as F

from recipe.tasks.base import Loss, TargetKind, Task, wide

ROUNDING = 1e-12
"""Share of the sum of squares below which a spread is rounding error: the targets are constant."""


PROBED, STEP = 8, 0.05
"""Made-up targets on which an own loss is looked at, and how far outputs lie beside them."""


class Regression(Task):
    """Outputs [N, D] (or [N] for one value), targets of the same number of elements."""

    name = "regression"
    metric = "r2"
    target_kind: ClassVar[TargetKind] = "real"
    tolerance = 0.02

    def loss(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """Mean squared error; [N, 1] against [N] is matched, never broadcast."""
        return F.mse_loss(outputs, targets.reshape(outputs.shape).to(outputs.dtype))

    def adapted(self, loss: Loss | None) -> Task:
        """Scored by the loss itself where outputs are no values of the targets: the logarithm of
        a rate, a mean and a variance.
        """
        return self if loss is None or compares_values(loss) else LossAsScore(loss)

    def sums(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """[squared error, count] and, per value, the sums of y and y squared (float64).

        Targets are kept as float64, so that the difference of the two large sums in `score`
        stays exact enough for targets in the thousands.
        """
        true = wide(targets).reshape(len(targets), -1)
        error = (wide(outputs).reshape(true.shape) - true).square().sum()
        count = torch.tensor(float(len(true)), device=true.device, dtype=true.dtype)
        return torch.cat([torch.stack([error, count]), true.sum(0), true.square().sum(0)])

    def score(self, sums: Tensor) -> float:
        """R squared: 1 - squared error / squared deviation from the mean."""
        error, count, *rest = sums.tolist()
        width = len(rest) // 2
        if not count:
            return math.nan
        spread = sum(q - s * s / count for s, q in zip(rest[:width], rest[width:], strict=True))
        return 1 - error / spread if spread > ROUNDING * sum(rest[width:]) else math.nan

    def expected_initial_loss(
        self, targets: Tensor, n_outputs: int, bias: Tensor | None = None
    ) -> float:
        """The variance of the targets around the zero (or the declared bias) a model starts at."""
        true = targets.detach().cpu().double().reshape(-1, n_outputs)
        start = bias.detach().cpu().double().reshape(1, -1) if bias is not None else 0.0
        return (true - start).square().mean().item()


class LossAsScore(Regression):
    """Regression whose outputs are parameters of a distribution, by a loss of the user's own.

    What perfect and what chance are is not known, so nothing is judged by the distance to them.
    """

    metric = "minus_loss"
    counts_items = False

    def __init__(self, own: Loss) -> None:
        """`own` takes outputs and targets of any shapes."""
        self.own = own

    def adapted(self, loss: Loss | None) -> Task:
        """As for another loss."""
        return Regression().adapted(loss)

    def sums(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """[summed loss, count]."""
        loss = wide(self.own(outputs, targets).reshape(()))
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
