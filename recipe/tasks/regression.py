"""Real-valued targets, mean squared error."""

import math
from typing import ClassVar

import torch
from torch import Tensor
from torch.nn import functional as F

from recipe.tasks.base import Loss, TargetKind, Task, counts_items, wide
from recipe.tasks.by_loss import ByLoss, compares_values

ROUNDING = 1e-12
"""Share of the sum of squares below which a spread is rounding error: the targets are constant."""


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
        if type(self) is not Regression or loss is None or compares_values(loss):
            return self
        return LossAsScore(loss)

    @counts_items
    def sums(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """[squared error] and, per value, counts and the sums of y and of y squared (float64).

        Targets are kept as float64, so that the difference of the two large sums in `score`
        stays exact enough for targets in the thousands.
        """
        true = wide(targets).reshape(len(targets), -1)
        said = wide(outputs).reshape(true.shape)
        if self.left_out:
            counted = self.counted(targets).reshape(true.shape)
            true, said = true.where(counted, 0.0), said.where(counted, 0.0)
            counts = counted.sum(0).to(true.dtype)
        else:
            counts = true.new_full(true.shape[1:], float(len(true)))
        error = (said - true).square().sum().reshape(1)
        return torch.cat([error, counts, true.sum(0), true.square().sum(0)])

    def score(self, sums: Tensor) -> float:
        """R squared: 1 - squared error / squared deviation from the mean."""
        error, *rest = sums.tolist()
        width = len(rest) // 3
        columns = list(zip(*(rest[k * width : (k + 1) * width] for k in range(3)), strict=True))
        spread = sum(squares - total * total / n for n, total, squares in columns if n)
        return 1 - error / spread if spread > ROUNDING * sum(rest[2 * width :]) else math.nan

    def expected_initial_loss(
        self, targets: Tensor, n_outputs: int, bias: Tensor | None = None
    ) -> float:
        """The variance of the targets around the zero (or the declared bias) a model starts at."""
        true = targets.detach().cpu().double().reshape(-1, n_outputs)
        start = bias.detach().cpu().double().reshape(1, -1) if bias is not None else 0.0
        counted = self.counted(targets).cpu().reshape(true.shape)
        return (true - start)[counted].square().mean().item()


class LossAsScore(ByLoss, Regression):
    """Regression whose outputs are parameters of a distribution, by a loss of the user's own."""

    def adapted(self, loss: Loss | None) -> Task:
        """As for another loss."""
        return self if loss is self.declared else Regression().adapted(loss)
