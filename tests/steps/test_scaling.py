"""Scales that hurt, and those that do not."""

import pytest
import torch
from test_inspect_step import inspect
from torch import nn

from recipe.core.clock import TimeUp
from recipe_steps.inspect.scaling import unit_rows
from step_samples import mlp


def table(n=300, seed=0):
    """A table of which the second column decides."""
    source = torch.Generator().manual_seed(seed)
    x = torch.randn(n, 3, generator=source)
    return x, (x[:, 1] > 0).long()


X, Y = table()
AGES = X * torch.tensor([1.0, 12.0, 30_000.0]) + torch.tensor([0.0, 40.0, 50_000.0])
PIXELS = torch.rand(300, 3, 6, 6, generator=torch.Generator().manual_seed(0))
BRIGHT = (PIXELS[:, 0].mean((1, 2)) > 0.5).long()


def flat(*first):
    return lambda: nn.Sequential(*first, nn.Flatten(), nn.Linear(108, 32), nn.ReLU(),
                                 nn.Linear(32, 2))  # fmt: skip


TEXTS = nn.functional.normalize(
    torch.randn(300, 768, generator=torch.Generator().manual_seed(0)) + 0.1 * (2 * Y[:, None] - 1)
)
SCALES = {
    "standardised": ({"train": (X, Y)}, None),
    "ages and incomes": ({"train": (AGES, Y)}, "inputs-not-scaled"),
    "ages and incomes, adam": ({"train": (AGES, Y), "optimizer": "adam", "lr": 1e-3},
                               "inputs-not-scaled"),
    "normalised by the model": (
        {"train": (AGES, Y),
         "model": lambda: nn.Sequential(nn.BatchNorm1d(3), *mlp(3, 2)())}, None),
    "bytes": ({"train": (255 * PIXELS, BRIGHT), "model": flat()}, "inputs-not-scaled"),
    "divided twice": ({"train": (PIXELS / 255, BRIGHT), "model": flat()},
                      "inputs-over-normalized"),
    "rows of length 1": ({"train": (TEXTS, Y), "model": mlp(768, 2)}, None),
    "rows of length 1, divided": ({"train": (TEXTS / 255, Y), "model": mlp(768, 2)},
                                  "inputs-over-normalized"),
    "targets in thousands": (
        {"train": (X, 200_000 + 80_000 * X[:, 1]), "task": "regression", "model": mlp(3, 1)},
        "targets-not-scaled"),
    "targets in thousands, adam": (
        {"train": (X, 200_000 + 80_000 * X[:, 1]), "task": "regression", "model": mlp(3, 1),
         "optimizer": "adam", "lr": 1e-3}, "targets-not-scaled"),
    "targets times 30, adam at a low rate": (
        {"train": (X, 30 * X[:, 1]), "task": "regression", "model": mlp(3, 1), "batch_size": 30,
         "optimizer": "adam", "lr": 1e-3, "epochs": 20}, "targets-not-scaled"),
    "targets times 30, adam at a rate that makes up": (
        {"train": (X, 30 * X[:, 1]), "task": "regression", "model": mlp(3, 1), "batch_size": 30,
         "optimizer": "adam", "lr": 0.03, "epochs": 20}, None),
    "targets of unit scale": (
        {"train": (X, X[:, 1]), "task": "regression", "model": mlp(3, 1)}, None),
}  # fmt: skip


@pytest.mark.parametrize("name", SCALES)
def test_a_scale_that_hurts(tmp_path, name):
    given, rule = SCALES[name]
    _, found = inspect(tmp_path, **{"model": mlp(3, 2), **given})
    counted = [name for name, f in found.items() if f.counts]
    assert counted == ([rule] if rule else [])


@pytest.mark.parametrize("name", ["ages and incomes", "bytes", "standardised", "rows of length 1",
                                  "normalised by the model"])  # fmt: skip
def test_a_scale_that_hurts_is_named_without_time_for_trainings(tmp_path, monkeypatch, name):
    def too_late(*_):
        raise TimeUp

    monkeypatch.setattr("recipe_steps.inspect.looks.scale_gains", too_late)
    given, rule = SCALES[name]
    _, found = inspect(tmp_path, **{"model": mlp(3, 2), **given})
    assert [name for name, f in found.items() if f.counts] == ([rule] if rule else [])


ROWS = torch.rand(40, 500, generator=torch.Generator().manual_seed(0))
LENGTHS = ROWS.norm(dim=1, keepdim=True)
TINY = torch.cat([torch.ones(40, 1), 1e-3 * ROWS], 1)
UNIT_ROWS = {
    "length 1": (ROWS / LENGTHS, True),
    "half precision": ((ROWS / LENGTHS).half(), True),
    "sum of 1": (ROWS / ROWS.sum(1, keepdim=True), True),
    "padding": (ROWS / LENGTHS * (torch.arange(40)[:, None] > 5), True),
    "sequences": ((ROWS / LENGTHS).reshape(8, 5, 500), True),
    "within a hundredth": (1.009 * ROWS / LENGTHS, True),
    "beyond it": (1.011 * ROWS / LENGTHS, False),
    "one row": (torch.cat([ROWS / LENGTHS, ROWS[:1] / LENGTHS[:1] / 2]), False),
    "any rows": (ROWS, False),
    "a column of ones beside tiny ones": (TINY, False),
    "the same rows": (ROWS[:1].expand(40, 500) / LENGTHS[0], False),
    "zeros": (torch.zeros(40, 500), False),
    "not a number": (torch.where(ROWS > 0.99, torch.nan, ROWS / LENGTHS), False),
    "images": ((ROWS / LENGTHS).reshape(40, 1, 1, 500), False),
    "indices": (torch.ones(40, 3).long(), False),
}


@pytest.mark.parametrize("name", UNIT_ROWS)
def test_rows_that_were_brought_to_one_length(name):
    x, unit = UNIT_ROWS[name]
    assert unit_rows(x) is unit


def test_inputs_and_targets_are_told_apart_when_both_are_off(tmp_path):
    y = 200_000 + 80_000 * X[:, 1]
    _, found = inspect(tmp_path, train=(AGES, y), task="regression", model=mlp(3, 1), lr=0.01)
    assert {"inputs-not-scaled", "targets-not-scaled"} <= found.keys()
