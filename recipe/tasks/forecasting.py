"""The next values of a series from those before."""

import math
from collections.abc import Mapping
from typing import ClassVar

import torch
from torch import Tensor

from recipe.core.errors import UsageError
from recipe.tasks.base import Loss, SummedMetric, Task, wide
from recipe.tasks.by_loss import ByLoss, compares_series
from recipe.tasks.regression import Regression


class Forecasting(Regression):
    """Outputs and targets [N, H], or [N, H, D] of several series, for H steps ahead.

    Items are windows in the order of time, so that those held out are the latest. The score is R
    squared by step of the horizon and series: 1 - squared error / squared deviation from the mean.
    `metric="mase"` compares with the naive forecast.
    """

    name = "forecasting"
    ordered: ClassVar[bool] = True

    def __init__(self, season: int = 1) -> None:
        """`season`: steps after which a series repeats itself, such as 24 of hours; the naive
        forecast is the value a season ago.

        Raises:
            UsageError: it is no whole number of at least 1.

        """
        if not isinstance(season, int) or season < 1:
            raise UsageError(
                f"Forecasting(season={season!r}): pass a whole number of steps, at least 1."
            )
        self.season = season

    def adapted(self, loss: Loss | None) -> Task:
        """Scored by the loss itself where outputs are no values of targets, such as quantiles."""
        if loss is None or compares_series(loss):
            return self
        return ForecastByLoss(loss, self.season)

    def n_outputs(self, outputs: Tensor) -> int:
        """Steps of the horizon, times series."""
        return math.prod(outputs.shape[1:])

    def own_metrics(self) -> Mapping[str, SummedMetric]:
        """`mase`."""
        return {"mase": SummedMetric(self.naive_sums, mase)}

    def naive_sums(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """[absolute error, its count, absolute error of the naive forecast, its count].

        The naive forecast of a value is the one a season before it. Targets alone are known here,
        so only steps of the horizon count that have one so far back within their own window.

        Raises:
            UsageError: the horizon is no longer than a season.

        """
        true = wide(targets)
        if targets.ndim < 2 or targets.shape[1] <= self.season:
            horizon = targets.shape[1] if targets.ndim > 1 else 1
            raise UsageError(
                f'metric="mase" compares with the value {self.season} before, which a horizon of '
                f'{horizon} does not reach: predict more steps, or use metric="mae".'
            )
        naive = (true[:, self.season :] - true[:, : -self.season]).abs()
        error = (wide(outputs).reshape(true.shape) - true).abs()
        errors, naives = (torch.full_like(part.sum(), part.numel()) for part in (error, naive))
        return torch.stack([error.sum(), errors, naive.sum(), naives])


def mase(sums: Tensor) -> float:
    """Mean absolute scaled error (Hyndman, Koehler 2006) of the added-up `naive_sums`: below 1 is
    better than the naive forecast from one step, or season, to the next.
    """
    error, errors, naive, naives = sums.tolist()
    return (error / errors) / (naive / naives) if errors and naive else math.nan


class ForecastByLoss(ByLoss, Forecasting):
    """Forecasts whose outputs are quantiles or parameters of a distribution."""

    def __init__(self, declared: Loss, season: int = 1) -> None:
        ByLoss.__init__(self, declared)
        self.season = season

    def adapted(self, loss: Loss | None) -> Task:
        """As for another loss."""
        return self if loss is self.declared else Forecasting(self.season).adapted(loss)
