import math

import pytest
import torch
from torch import nn

from recipe import Experiment, UsageError
from recipe.tasks import TASKS, Forecasting, Regression
from recipe.tasks.forecasting import ForecastByLoss, mase
from recipe.tasks.metrics import NamedMetric

TASK = Forecasting()
SOURCE = torch.Generator().manual_seed(0)
TARGETS = torch.randn(30, 6, 2, generator=SOURCE).cumsum(1) + 50
OUTPUTS = TARGETS + torch.randn(30, 6, 2, generator=SOURCE)


@pytest.mark.parametrize("dims", [2, 3])
def test_the_score_is_that_of_a_regression_on_every_step(dims):
    outputs, targets = (part[..., 0] if dims == 2 else part for part in (OUTPUTS, TARGETS))
    spread = (targets - targets.mean(0)).square().sum()
    expected = 1 - ((outputs - targets).square().sum() / spread).item()
    assert TASK.score(TASK.sums(outputs, targets)) == pytest.approx(expected)
    n = TASK.n_outputs(outputs)
    assert n == targets[0].numel()
    zeros = TASK.loss(torch.zeros_like(outputs), targets).item()
    assert zeros == pytest.approx(TASK.expected_initial_loss(targets, n), rel=1e-5)
    assert TASK.chance_score(targets) == 0
    assert TASK.perfect_score(outputs, targets) == 1


def slow_mase(outputs, targets, season):
    errors = naive = steps = 0
    for said, true in zip(outputs.tolist(), targets.tolist(), strict=True):
        for h, row in enumerate(true):
            for d, value in enumerate(row):
                errors += abs(said[h][d] - value)
                if h >= season:
                    naive += abs(true[h - season][d] - value)
                    steps += 1
    return (errors / targets.numel()) / (naive / steps)


@pytest.mark.parametrize("season", [1, 3])
def test_mase_compares_with_the_naive_forecast(season):
    task = Forecasting(season=season)
    metric, expected = NamedMetric("mase", task), slow_mase(OUTPUTS, TARGETS, season)
    assert metric(OUTPUTS, TARGETS) == pytest.approx(-expected)
    assert metric.__name__ == "minus_mase"
    running = metric.running()
    for part in zip(OUTPUTS.split([7, 23]), TARGETS.split([7, 23]), strict=True):
        running.add(*part)
    assert running.score() == pytest.approx(-expected)


def test_the_naive_forecast_itself_has_a_mase_of_one():
    series = torch.randn(500, generator=SOURCE).cumsum(0)
    windows = series.unfold(0, 5, 1)
    naive = windows.roll(1, 1)
    naive[:, 0] = windows[:, 0] - (windows[:, 1:] - windows[:, :-1]).abs().mean()
    assert NamedMetric("mase", TASK)(naive, windows) == pytest.approx(-1, rel=1e-3)
    assert math.isnan(mase(torch.tensor([1.0, 1.0, 0.0, 1.0])))  # of a constant series


@pytest.mark.parametrize("targets", [TARGETS[:, :1, 0], TARGETS[:, 0, 0]])
def test_a_horizon_has_to_reach_back_a_season(targets):
    with pytest.raises(UsageError, match="which a horizon of 1 does not reach"):
        NamedMetric("mase", TASK)(targets, targets)


@pytest.mark.parametrize("season", [0, 1.5, None])
def test_a_season_is_a_number_of_steps(season):
    with pytest.raises(UsageError, match="season="):
        Forecasting(season=season)


def quantiles(outputs, targets):
    levels = torch.tensor([0.1, 0.5, 0.9])
    error = targets[..., None] - outputs
    return torch.maximum(levels * error, (levels - 1) * error).mean()


def test_quantiles_are_scored_by_their_loss():
    task = Forecasting(season=2).adapted(quantiles)
    assert isinstance(task, ForecastByLoss)
    assert (task.name, task.metric, task.season, task.ordered) == (
        "forecasting",
        "minus_loss",
        2,
        True,
    )
    outputs, targets = OUTPUTS[..., :1].expand(30, 6, 3), TARGETS[..., 0]
    assert task.score(task.sums(outputs, targets)) == pytest.approx(
        -quantiles(outputs, targets).item()
    )
    assert type(task.adapted(None)) is Forecasting
    assert task.adapted(quantiles) is task


def test_errors_are_scored_by_r2():
    for loss in (nn.L1Loss(), nn.HuberLoss(), lambda o, y: (o - y).square().mean()):
        assert TASK.adapted(loss) is TASK


def test_its_items_stand_in_the_order_of_time():
    assert TASKS["forecasting"].ordered
    assert not any(task.ordered for name, task in TASKS.items() if name != "forecasting")
    assert isinstance(TASK, Regression)
    made = Experiment(model=nn.Identity, train=None, task="forecasting", metric="mae")
    assert made.metric_name == "minus_mae"
    found = made.metric_function(OUTPUTS, TARGETS)
    assert found == pytest.approx(-(OUTPUTS - TARGETS).abs().mean().item())
