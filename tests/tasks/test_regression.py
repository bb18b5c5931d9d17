import math

import pytest
import torch
from sklearn.metrics import r2_score

from recipe.tasks import Regression

TASK = Regression()


def draw(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("kind", [torch.float32, torch.float64, torch.int64])
@pytest.mark.parametrize("shape", [(31,), (31, 1)])
def test_loss_and_r2_match_a_column_with_flat_targets(shape, kind):
    outputs, targets = draw(31) * 5, (draw(31, seed=1) * 10).to(kind)
    pairs = list(zip(outputs.tolist(), targets.tolist(), strict=True))
    slow = sum((o - t) ** 2 for o, t in pairs) / 31
    assert TASK.loss(outputs.reshape(shape), targets).item() == pytest.approx(slow, rel=1e-5)
    assert TASK.score(TASK.sums(outputs.reshape(shape), targets)) == pytest.approx(
        r2_score(targets, outputs), rel=1e-6
    )


def test_r2_of_several_values_weighs_them_by_their_variance():
    targets = draw(50, 3) * torch.tensor([1.0, 10.0, 0.1]) + 5
    outputs = targets + draw(50, 3, seed=1)
    assert TASK.score(TASK.sums(outputs, targets)) == pytest.approx(
        r2_score(targets, outputs, multioutput="variance_weighted"), rel=1e-6
    )


def test_r2_stays_exact_for_targets_in_the_thousands_over_many_batches():
    targets = draw(10_000) * 2 + 40_000
    outputs = targets + draw(10_000, seed=1)
    sums = sum(TASK.sums(o, t) for o, t in zip(outputs.split(7), targets.split(7), strict=True))
    expected = r2_score(targets.double(), outputs.double())
    assert TASK.score(sums) == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("value", [0.0, 0.1, 3.0, 1234.567])
@pytest.mark.parametrize("size", [1, 7, 1000])
def test_r2_is_undefined_for_constant_targets(value, size):
    constant = torch.full((1000,), value)
    sums = sum(TASK.sums(part + 1, part) for part in constant.split(size))
    assert math.isnan(TASK.score(sums))


def test_r2_is_undefined_without_items():
    assert math.isnan(TASK.score(torch.zeros(4)))


@pytest.mark.parametrize(("shape", "n"), [((31,), 1), ((31, 3), 3)])
def test_a_fresh_model_starts_at_the_mean_square_around_zero(shape, n):
    targets = draw(*shape) * 3 + 2
    expected = TASK.expected_initial_loss(targets, n)
    assert expected == pytest.approx((targets.numpy() ** 2).mean(), rel=1e-5)
    assert TASK.loss(torch.zeros(31, n), targets).item() == pytest.approx(expected, rel=1e-5)


def test_a_declared_bias_at_the_mean_starts_at_the_variance():
    targets = draw(40, 2) * torch.tensor([1.0, 4.0]) + torch.tensor([10.0, -3.0])
    bias = targets.mean(0)
    expected = TASK.expected_initial_loss(targets, 2, bias)
    assert expected == pytest.approx(targets.numpy().var(0).mean(), rel=1e-5)
    assert TASK.loss(bias.expand(40, 2), targets).item() == pytest.approx(expected, rel=1e-5)


def poisson(outputs, targets):
    return torch.nn.functional.poisson_nll_loss(outputs.squeeze(1), targets, log_input=True)


def gaussian(outputs, targets):
    return torch.nn.functional.gaussian_nll_loss(
        outputs[:, 0], targets, torch.nn.functional.softplus(outputs[:, 1])
    )


def squeezed(outputs, targets):
    return torch.nn.functional.huber_loss(outputs.squeeze(1), targets)


def quantile(outputs, targets):
    error = targets - outputs.reshape(targets.shape)
    return torch.maximum(0.9 * error, -0.1 * error).mean()


def flipped(outputs, targets):
    return -torch.nn.functional.mse_loss(outputs, targets.reshape(outputs.shape))


@pytest.mark.parametrize(
    ("loss", "metric"),
    [(None, "r2"), (squeezed, "r2"), (quantile, "r2"), (flipped, "r2"), (poisson, "minus_loss"),
     (gaussian, "minus_loss")],
)  # fmt: skip
def test_outputs_that_are_no_values_are_scored_by_their_loss(loss, metric):
    assert TASK.adapted(loss).metric == metric


def test_minus_the_loss_over_batches_of_any_size():
    outputs, targets = draw(31, 1), draw(31, seed=1).abs()
    task = TASK.adapted(poisson)
    sums = sum(task.sums(o, t) for o, t in zip(outputs.split(7), targets.split(7), strict=True))
    assert task.score(sums) == pytest.approx(-poisson(outputs, targets).item(), rel=1e-5)
    assert task.shape_problem(draw(31, 2), targets) is None
    assert math.isnan(task.perfect_score(outputs, targets))
    assert math.isnan(task.score(torch.zeros(2)))
    assert task.adapted(None).metric == "r2"
