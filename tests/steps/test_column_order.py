"""Columns of validation in another order than those of training."""

import numpy as np
import pytest
import torch
from scipy.stats import ks_2samp
from sklearn.datasets import (
    load_breast_cancer,
    load_diabetes,
    load_digits,
    load_wine,
    make_friedman1,
)

from recipe import Experiment, run
from recipe_steps.inspect.column_order import _apart, column_order
from recipe_steps.inspect.column_relations import column_relations

TABLES = {
    "cancer": lambda: load_breast_cancer(return_X_y=True),
    "wine": lambda: load_wine(return_X_y=True),
    "digits": lambda: load_digits(return_X_y=True),
    "diabetes": lambda: load_diabetes(return_X_y=True),
    "friedman": lambda: make_friedman1(1000, 10, noise=1, random_state=0),
}
CHANGES = {
    "turned round": lambda x: x.flip(1),
    "one place on": lambda x: x.roll(1, 1),
    "one place back": lambda x: x.roll(-1, 1),
}


def halves(name, seed):
    x, y = (torch.as_tensor(part) for part in TABLES[name]())
    x = (x - x.mean(0)) / x.std(0).clamp(min=1e-6)
    order = torch.randperm(len(x), generator=torch.Generator().manual_seed(seed))
    cut = len(x) * 3 // 5
    return (x[order[:cut]], y[order[:cut]]), (x[order[cut:]], y[order[cut:]])


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("name", TABLES)
def test_another_order_shows_by_the_targets(name, change):
    train, (x, y) = halves(name, 5)
    found = column_relations(train, (CHANGES[change](x), y))
    assert found["columns_chance"] < 1e-6
    assert found["columns_chance_undone"] > 0.01


@pytest.mark.parametrize("name", ["cancer", "digits"])
def test_any_order_is_found_where_columns_differ(name):
    train, (x, y) = halves(name, 1)
    shuffled = x[:, torch.randperm(x.shape[1], generator=torch.Generator().manual_seed(2))]
    assert column_relations(train, (shuffled, y))["columns_undone"] == "order of columns"


def test_sound_splits_and_drifting_ones_are_silent():
    source = np.random.default_rng(0)
    for name in TABLES:
        for seed in range(10):
            assert column_relations(*halves(name, seed)) == {}
    for _ in range(100):  # what columns say of the targets drifts from the first row to the last
        n, columns = 400, int(source.integers(3, 12))
        slopes = source.normal(size=(2, columns))
        time = np.linspace(0, 1, n)[:, None]
        x = source.normal(size=(n, columns)) @ source.normal(size=(columns, columns))
        y = (x * (slopes[0] * (1 - time) + slopes[1] * time)).sum(1)
        x, y = torch.as_tensor(x), torch.as_tensor(y)
        assert column_relations((x[:300], y[:300]), (x[300:], y[300:])) == {}


def test_labels_the_other_way_round_are_another_matter():
    train, (x, y) = halves("cancer", 0)
    assert column_relations(train, (x, 1 - y)) == {}


@pytest.mark.parametrize(
    "part",
    [
        (torch.randn(80, 1), torch.randn(80)), (torch.randn(80, 3, 4), torch.randn(80)),
        (torch.randn(20, 3), torch.randn(20)), (torch.zeros(80, 3), torch.randn(80)),
        (torch.full((80, 3), torch.nan), torch.randn(80)), (torch.randn(80, 3), torch.randn(80, 2)),
        (torch.randn(80, 3), torch.zeros(80)), (torch.arange(240).reshape(80, 3), torch.zeros(80)),
    ],
)  # fmt: skip
def test_what_is_no_table_is_left_alone(part):
    assert column_relations(part, part) == {}


def test_distances_are_those_of_kolmogorov_and_smirnov():
    source = np.random.default_rng(0)
    one, other = source.normal(size=(200, 4)), source.exponential(size=(150, 4))
    other[:, 2] = one[:150, 1]
    found = _apart(one, other)
    slow = [[ks_2samp(one[:, i], other[:, j]).statistic for j in range(4)] for i in range(4)]
    assert np.abs(found - slow).max() < 0.03  # at 64 quantiles of either


def test_the_same_order_and_missing_values_give_none():
    x = torch.as_tensor(load_breast_cancer(return_X_y=True)[0])
    assert column_order(x, x.clone()) is None
    assert column_order(x, torch.full_like(x, torch.nan)) is None
    assert column_order(x, x[:, :5]) is None


def test_a_run_names_it_and_its_remedy_is_shown_to_mend(tmp_path):
    (x, y), (other, given) = halves("cancer", 3)
    found = run(
        Experiment(model=lambda: torch.nn.Sequential(torch.nn.Linear(30, 16), torch.nn.ReLU(), torch.nn.Linear(16, 2)),
                   train=(x.float(), y), val=(other.flip(1).float(), given), lr=0.01, epochs=10),
        out=tmp_path, seed=0, device="cpu", until="inspect",
    )  # fmt: skip
    assert found.diagnosis[0] == "validation-preprocessing-differs"
    remedy = found.findings[0].remedy
    assert remedy.verified
    assert remedy.after > remedy.before + 0.02
