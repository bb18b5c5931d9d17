"""Columns made of the training labels."""

import math

import pytest
import torch
from scipy.stats import spearmanr
from torch import nn

import recipe
from recipe.testing import judge_scalars
from recipe_steps.inspect import Inspect
from recipe_steps.inspect.leaking_inputs import _ranked, leaking_inputs, target_among_inputs


def drawn(items=1200, shops=500, seed=0):
    draw = torch.Generator().manual_seed(seed)
    x = torch.randn(items, 3, generator=draw)
    y = (x[:, 0] + 0.8 * torch.randn(items, generator=draw) > 0).long()
    return x, y, torch.randint(0, shops, (items,), generator=draw)


def shop_means(y, shop, known):
    """The mean label of each shop over its known rows, a row's own one among them."""
    means = torch.full((len(y),), y[:known].double().mean().item())
    for each in shop.unique():
        rows = (shop == each) & (torch.arange(len(y)) < known)
        if rows.any():
            means[shop == each] = y[rows].double().mean().float()
    return means[:, None]


def parts(x, y, known=900):
    return (x[:known], y[:known]), (x[known:], y[known:])


def test_a_mean_of_labels_that_holds_each_row_s_own_is_found():
    x, y, shop = drawn()
    known = leaking_inputs(*parts(torch.cat([x, shop_means(y, shop, 900)], 1), y))
    assert known["leak_column"] == 3
    assert known["leak_train"] > 0.5 > abs(known["leak_val"]) + 0.2


@pytest.mark.parametrize("seed", range(10))
def test_sound_columns_are_not(seed):
    x, y, _ = drawn(seed=seed)
    assert leaking_inputs(*parts(x, y)) == {}
    value = x[:, 0] + 0.1 * x[:, 1]
    assert leaking_inputs(*parts(x, value)) == {}
    assert leaking_inputs(*parts(x, y * 2 + (x[:, 2] > 0))) == {}


def test_ranks_are_those_of_scipy():
    x = torch.randint(0, 5, (60, 2), generator=torch.Generator().manual_seed(1)).float()
    y = torch.randn(60, generator=torch.Generator().manual_seed(2))
    own = (_ranked(x).T @ _ranked(y[:, None])).flatten() / 60
    expected = [spearmanr(x[:, place], y).statistic for place in range(2)]
    assert own.tolist() == pytest.approx(expected)


def test_other_data_are_left_alone():
    x, y, _ = drawn()
    assert leaking_inputs((x, y.repeat(2)), (x, y)) == {}
    assert leaking_inputs((x[:, None], y), (x[:, None], y)) == {}
    assert leaking_inputs((x.long(), y), (x.long(), y)) == {}
    constant = torch.ones(1200, 2)
    assert leaking_inputs(*parts(constant, y)) == {}


def test_what_it_says():
    known = {"leak_column": 3, "leak_train": 0.7, "leak_val": 0.05}
    (found,) = judge_scalars(Inspect(), known)
    assert found.rule == "input-knows-training-labels"
    assert "Input 3" in found.message
    assert judge_scalars(Inspect(), known | {"leak_val": math.nan}) == ()
    assert judge_scalars(Inspect(), {}) == ()


@pytest.mark.slow
def test_leaving_it_out_is_proved(tmp_path):
    x, y, shop = drawn(2400, 1000)
    train, val = parts(torch.cat([x, 3 * shop_means(y, shop, 1800)], 1), y, 1800)

    def make():
        return nn.Sequential(nn.Linear(4, 32), nn.ReLU(), nn.Linear(32, 2))

    experiment = recipe.Experiment(
        model=make, train=train, val=val, optimizer="adam", lr=3e-3, batch_size=50, epochs=8
    )
    result = recipe.run(experiment, out=tmp_path, device="cpu", budget="60epochs", skip=["finish"])
    assert result.diagnosis[0] == "input-knows-training-labels"
    found = next(f for f in result.findings if f.rule == "input-knows-training-labels")
    assert found.remedy.verified


def test_a_target_among_the_inputs_is_found():
    x, y, _ = drawn()
    value = (x[:, 0] + x[:, 1]) ** 3
    for targets in (y, y.float()[:, None], value, value[:, None]):
        scaled = (targets.float().flatten() - 0.3) / 17
        given = torch.cat([x, scaled[:, None]], 1)
        found = {"target_input": 3, "target_input_is_copy": len(targets.unique()) == 2}
        assert target_among_inputs(given, targets) == found
        assert target_among_inputs(given[:, :, None], targets) == found
    series = torch.randn(500, generator=torch.Generator().manual_seed(3)).cumsum(0)
    windows = series.unfold(0, 20, 1)
    assert target_among_inputs(windows[:-1], series[19:-1]) == {
        "target_input": 19, "target_input_is_copy": True,
    }  # fmt: skip
    assert target_among_inputs(windows[:-1], series[20:]) == {}


@pytest.mark.parametrize("seed", range(5))
def test_inputs_that_merely_tell_a_target_are_none(seed):
    x, y, _ = drawn(seed=seed)
    assert target_among_inputs(x, y) == {}
    assert target_among_inputs(x, x @ torch.tensor([1.0, 2.0, 0.0])) == {}
    assert target_among_inputs(x, x[:, 0] + 1e-3 * torch.randn(len(x))) == {}
    assert target_among_inputs(x, (x[:, 0] > 0).long()) == {}
    assert target_among_inputs(x[:, :1], 3 * x[:, 0] + 2) == {}  # a line through one input
    assert target_among_inputs(x.long(), x.long()[:, 0]) == {}
    assert target_among_inputs(x, x) == {}  # an autoencoder
    assert target_among_inputs(torch.ones(1200, 2), y) == {}
    assert target_among_inputs(x, torch.ones(1200)) == {}


def test_what_it_says_of_a_target_among_inputs():
    (found,) = judge_scalars(Inspect(), {"target_input": 4, "target_input_is_copy": True})
    assert (found.rule, found.severity) == ("target-among-inputs", "warn")
    assert "Input 4 (counted from 0) is the target itself" in found.message
