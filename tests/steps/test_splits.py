"""Training beside validation data."""

import pytest
import torch
from test_inspect_step import inspect
from torch import nn

from recipe_steps.inspect.splits import compare_inputs, is_whole_table, repeats_by_chance
from step_samples import blobs, mlp


@pytest.mark.parametrize(("copies", "severity"), [(0, None), (2, "warn"), (30, "fail")])
def test_overlap(tmp_path, copies, severity):
    train, val = blobs(120), blobs(60, seed=8)
    val[0][:copies] = train[0][:copies]
    evidence, found = inspect(tmp_path, train=train, val=val)
    assert evidence.number("overlap") == copies
    assert evidence.number("overlap_share") == pytest.approx(copies / 60)
    overlap = found.get("train-validation-overlap")
    assert (overlap and overlap.severity) == severity


def test_a_table_of_few_distinct_rows_overlaps_by_chance(tmp_path):
    x = torch.randint(0, 2, (200, 2), generator=torch.Generator().manual_seed(0)).float()
    evidence, found = inspect(tmp_path, train=(x, (x[:, 0] != x[:, 1]).long()), model=mlp(2, 2))
    assert evidence.number("overlap_share") == 1
    assert not found


def table_of_levels(columns=6, levels=4, rows=1000, seed=0):
    """Few distinct rows: some repeat by chance."""
    source = torch.Generator().manual_seed(seed)
    x = torch.randint(levels, (rows, columns), generator=source).float()
    return x, (x.sum(1) > columns * (levels - 1) / 2).long()


@pytest.mark.parametrize("held", [3, 20])
@pytest.mark.parametrize("seed", range(4))
def test_a_few_items_that_repeat_by_chance(tmp_path, held, seed):
    x, y = table_of_levels(8, 4, rows=2000, seed=seed)
    x[0] = x[-1]  # one that is known for sure
    evidence, found = inspect(
        tmp_path, model=mlp(8, 2), train=(x[held:], y[held:]), val=(x[:held], y[:held])
    )  # fmt: skip
    assert evidence.number("overlap") >= 1
    assert evidence.number("val_inputs_seen") == held
    assert "train-validation-overlap" not in found


@pytest.mark.parametrize("bits", [5, 6])
def test_all_rows_of_a_truth_table(tmp_path, bits):
    x = torch.cartesian_prod(*[torch.tensor([0.0, 1.0])] * bits)
    data = x, (x.sum(1) % 2).long()
    evidence, found = inspect(tmp_path, model=mlp(bits, 2), train=data, val=data)
    assert evidence.flag("whole_table")
    assert found["train-validation-overlap"].severity == "note"
    half = slice(0, None, 2)  # no longer all of them
    data = x[half][:-1], data[1][half][:-1]
    evidence, _ = inspect(tmp_path / "half", model=mlp(bits, 2), train=data, val=data)
    assert not evidence.flag("whole_table")


def test_a_table_is_whole_when_all_combinations_occur():
    grid = torch.cartesian_prod(torch.arange(3), torch.arange(4))
    assert is_whole_table(grid, 12)
    assert is_whole_table(grid.repeat(2, 1), 12)
    assert not is_whole_table(grid[:-1], 11)
    assert not is_whole_table(grid[:, :1], 3)  # of one column all values always occur
    assert not is_whole_table(torch.cat([grid[:4], grid[:4]], 1)[:, [0, 1]], 4)  # one that varies
    assert not is_whole_table(torch.randn(12, 2), 12)
    assert not is_whole_table(grid[:, None], 12)


def test_how_often_rows_repeat_by_chance():
    x, _ = table_of_levels(4, 4, rows=4000)
    assert repeats_by_chance(x) == pytest.approx(4000 / 4**4, rel=0.05)
    assert repeats_by_chance(torch.arange(50.0)[:, None]) == 0  # no value occurs twice
    assert repeats_by_chance(torch.ones(50, 2)) == pytest.approx(50)
    assert repeats_by_chance(x[:1]) == 0
    assert repeats_by_chance(x.reshape(-1, 2, 2)) == 0


def test_a_sorted_tail_held_out(tmp_path):
    x, y = blobs(400, classes=4)
    order = y.argsort(stable=True)
    x, y = x[order], y[order]
    _, found = inspect(
        tmp_path, model=mlp(4, 4), train=(x[:280], y[:280]), val=(x[280:], y[280:])
    )  # fmt: skip
    assert found["validation-missing-classes"].severity == "fail"
    _, found = inspect(tmp_path / "fraction", model=mlp(4, 4), train=(x, y), val=0.3)
    assert not found  # the recipe's own split is stratified


def test_a_rare_class_that_chance_leaves_out(tmp_path):
    x, y = blobs(300)
    y[y == 2] = 0
    y[0] = 2
    _, found = inspect(tmp_path, train=(x[:200], y[:200]), val=(x[200:], y[200:]))
    assert "validation-missing-classes" not in found


@pytest.mark.parametrize(
    "change",
    [lambda x: x * 255, lambda x: x / 255, lambda x: (x - 0.5) / 0.25, lambda x: 2 * x - 1],
    ids=["bytes", "divided twice", "normalised", "-1 to 1"],
)
def test_another_preprocessing_of_validation(tmp_path, change):
    x = torch.rand(300, 3, 6, 6, generator=torch.Generator().manual_seed(0))
    model = lambda: nn.Sequential(nn.Flatten(), nn.Linear(108, 2))  # noqa: E731
    y = torch.arange(300) % 2
    _, found = inspect(
        tmp_path, model=model, train=(x[:200], y[:200]), val=(change(x[200:]), y[200:])
    )
    assert found["validation-preprocessing-differs"].severity == "fail"


def series(kind, n=500, seed=0):
    """Three series that drift."""
    source = torch.Generator().manual_seed(seed)
    noise, time = torch.randn(n, 3, generator=source), torch.arange(n)[:, None] / n
    return {
        "line": time + 0.02 * noise,
        "noisy line": time + 0.3 * noise,
        "growth": (3 * time).exp() * (1 + 0.1 * noise),
        "season": torch.sin(9 * time + torch.tensor([0.0, 0.3, 0.6])),
        "walk": noise.cumsum(0) / n**0.5 + 2 * time,
    }[kind]


DRIFTS = ("line", "noisy line", "growth", "season", "walk")


@pytest.mark.parametrize("kind", DRIFTS)
def test_a_series_that_drifts_was_not_preprocessed_differently(tmp_path, kind):
    x = series(kind)
    y, model = torch.arange(500) % 2, mlp(3, 2)
    evidence, found = inspect(tmp_path, train=(x[:400], y[:400]), val=(x[400:], y[400:]),
                              model=model)  # fmt: skip
    assert evidence.number("differing_features") > 0.5
    assert found["validation-preprocessing-differs"].severity == "note"
    assert "goes on where training ends" in found["validation-preprocessing-differs"].message


@pytest.mark.parametrize("kind", DRIFTS)
@pytest.mark.parametrize(
    "change", [lambda x: 60 * x + 120, lambda x: x / 255, lambda x: x + 3 * x.std()],
    ids=["not normalised", "divided", "shifted"],
)  # fmt: skip
def test_a_series_that_drifts_and_was_preprocessed_differently(kind, change):
    x = series(kind)
    found = compare_inputs(x[:400], change(x)[400:])
    assert found["differing_features"] == 1
    assert found["drifting_features"] < 0.5


def test_what_is_too_short_does_not_drift():
    x = torch.randn(60, 3, generator=torch.Generator().manual_seed(0))
    found = compare_inputs(x[:2], x + 100)
    assert found["differing_features"] == 1
    assert found["drifting_features"] == 0


def test_large_items_are_looked_at_in_part(monkeypatch):
    monkeypatch.setattr("recipe_steps.inspect.drift.MOST_VALUES", 1)
    x = series("line")
    assert compare_inputs(x[:400], x[400:])["drifting_features"] == 1


@pytest.mark.parametrize("seed", range(5))
def test_halves_of_one_table_are_alike(tmp_path, seed):
    source = torch.Generator().manual_seed(seed)
    n = 110
    columns = [
        torch.randn(n, 2, generator=source).exp() ** 2,  # heavy tails
        (torch.rand(n, 3, generator=source) < torch.tensor([0.5, 0.5, 0.04])).float(),
        torch.randint(3, (n, 1), generator=source).float() ** 3,
        torch.zeros(n, 1),
    ]
    x, y = torch.cat(columns, 1), torch.arange(n) % 2
    _, found = inspect(
        tmp_path, model=mlp(7, 2), train=(x[:55], y[:55]), val=(x[55:], y[55:])
    )  # fmt: skip
    assert found.keys() <= {"constant-inputs", "inputs-not-scaled"}
