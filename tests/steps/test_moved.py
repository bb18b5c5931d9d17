"""Validation inputs that lie elsewhere by more than chance."""

import pytest
import torch
from sklearn.datasets import load_diabetes, load_digits

from recipe.testing import judge_scalars
from recipe_steps.inspect import Inspect
from recipe_steps.inspect.moved import chance_of, moved


def source(seed):
    return torch.Generator().manual_seed(seed)


def digits():
    x, y = load_digits(return_X_y=True)
    return torch.tensor(x).float().reshape(-1, 1, 8, 8) / 16, torch.tensor(y)


def diabetes():
    x, y = load_diabetes(return_X_y=True, scaled=False)
    x = torch.tensor(x).float()
    return (x - x.mean(0)) / x.std(0), torch.tensor(y).float()


def parted(x, y, seed):
    order = torch.randperm(len(x), generator=source(seed))
    cut = round(0.8 * len(x))
    first, last = order[:cut], order[cut:]
    return (x[first], y[first]), (x[last], y[last])


def told(train, val):
    return {f.rule: f.severity for f in judge_scalars(Inspect(), moved(train, val))}


@pytest.mark.parametrize("data", [digits, diabetes])
@pytest.mark.parametrize(
    ("change", "severity"),
    [
        (lambda x: x + 0.5 * x.std(), "warn"),
        (lambda x: x.mean() + 0.5 * (x - x.mean()), "note"),
        (lambda x: x, None),
    ],
)
def test_all_features_are_moved_by_half_a_deviation(data, change, severity):
    train, (x, y) = parted(*data(), 0)
    found = told(train, (change(x), y))
    assert found == ({"validation-preprocessing-differs": severity} if severity else {})


@pytest.mark.parametrize("data", [digits, diabetes])
def test_a_random_split_is_not_told(data):
    assert not any(told(*parted(*data(), seed)) for seed in range(30))


def test_another_share_of_classes_is_no_other_preprocessing():
    draw = source(1)
    rare, even = torch.rand(600, generator=draw) < 0.1, torch.rand(300, generator=draw) < 0.5
    y = torch.cat([rare, even]).long()
    x = torch.randn(900, 3, generator=draw) + 2 * y[:, None]
    train, val = (x[:600], y[:600]), (x[600:], y[600:])
    assert told(train, val) == {}
    unlabelled = moved((x[:600], x[:600]), (x[600:], x[600:]))  # no single target
    assert unlabelled["moved_shift"] > 0.35
    assert unlabelled["moved_chance"] < 1e-5


def test_targets_that_are_larger_in_validation_are_no_other_preprocessing():
    y = torch.rand(600, generator=source(2)).sort().values
    x = 3 * y[:, None] + 0.3 * torch.randn(600, 2, generator=source(3))
    assert told((x[:450], y[:450]), (x[450:], y[450:])) == {}


def test_a_series_that_goes_on_is_noted():
    draw = source(4)
    x = 0.05 * torch.randn(900, 3, generator=draw).cumsum(0) + torch.arange(900)[:, None] / 300
    pairs = (x[:700], torch.zeros(700)), (x[700:], torch.zeros(200))
    assert told(*pairs) == {"validation-preprocessing-differs": "note"}


def test_few_items_and_other_inputs_are_not_looked_at():
    x = torch.randn(100, 3)
    y = torch.zeros(100)
    assert moved((x, y), (x[:49] + 9, y[:49])) == {}
    assert moved((x.long(), y), (x.long() + 9, y)) == {}
    assert moved((torch.ones(100, 3), y), (torch.ones(100, 3), y)) == {}


def test_the_chance_is_that_of_random_splits():
    """Of one column of many rows it is the normal one, whatever its values are."""
    ranks = torch.randperm(1000, generator=source(5)).double()
    chances = [
        chance_of(ranks[:, None].roll(k, 0).exp2().log1p().numpy(), 700) for k in range(0, 1000, 5)
    ]
    share = sum(chance < 0.1 for chance in chances) / len(chances)
    assert 0.02 < share < 0.2
    assert chance_of(torch.arange(1000.0)[:, None].numpy(), 700) < 1e-50
    assert chance_of(torch.ones(100, 1).numpy(), 70) == 1.0
