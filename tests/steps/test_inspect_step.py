import pytest
import torch
from step_samples import blob_experiment, blobs, mlp
from torch import nn

from recipe.errors import UsageError
from recipe.testing import judge_scalars, measure
from recipe_steps.inspect import Inspect


def inspect(out, **given):
    """The evidence, and the rules that fire."""
    evidence = measure(Inspect(), blob_experiment(**given), out)
    return evidence, {f.rule: f for f in judge_scalars(Inspect(), evidence.scalars)}


def test_healthy_data(tmp_path):
    x, y = blobs()
    evidence, found = inspect(tmp_path, train=(x[:180], y[:180]), val=(x[180:], y[180:]))
    assert not found
    number = evidence.number
    assert number("train_items") == 180
    assert number("val_items") == 60
    assert number("classes") == number("outputs") == 3
    assert number("largest_class") == number("smallest_class") == 60
    assert number("parameters") == 4 * 32 + 32 + 32 * 3 + 3
    assert number("train_input_mean") == pytest.approx(x[:180].mean().item())
    assert number("train_input_std") == pytest.approx(x[:180].numpy().std(), rel=1e-5)
    assert number("val_input_min") == x[180:].min().item()
    assert number("val_input_max") == x[180:].max().item()
    assert (number("train_target_min"), number("train_target_max")) == (0, 2)
    assert evidence.text("input_shape") == "[4]"
    assert evidence.text("target_shape") == "[]"
    assert number("overlap") == 0
    assert evidence.flag("deterministic")


@pytest.mark.parametrize("split", ["train", "val"])
@pytest.mark.parametrize("bad", [float("nan"), float("inf"), -float("inf")])
def test_a_broken_column_is_named(tmp_path, split, bad):
    data = {"train": blobs(60), "val": blobs(60, seed=8)}
    data[split][0][[3, 5], 2] = bad
    evidence, found = inspect(tmp_path, **data)
    assert evidence.number(f"{split}_input_nonfinite") == 2
    assert f"2 input values of {split}" in found["inputs-not-finite"].message
    assert "(columns 2)" in found["inputs-not-finite"].message
    assert abs(evidence.number(f"{split}_input_mean")) < 10


def test_broken_images_are_named(tmp_path):
    x = torch.randn(40, 1, 2, 2)
    x[[4, 7], 0, 1, 1] = torch.nan
    model = lambda: nn.Sequential(nn.Flatten(), nn.Linear(4, 2))  # noqa: E731
    _, found = inspect(tmp_path, train=(x, torch.arange(40) % 2), val=0.1, model=model)
    assert "input values of train" in found["inputs-not-finite"].message


def test_a_target_that_is_not_finite(tmp_path):
    x, y = blobs(60)
    y = y.float()
    y[0] = torch.nan
    _, found = inspect(
        tmp_path, train=(x, y), val=(x[:5], y[1:6]), task="regression", model=mlp(4, 1)
    )
    assert "1 target values of train" in found["inputs-not-finite"].message


def test_labels_that_start_at_one(tmp_path):
    x, y = blobs()
    _, found = inspect(tmp_path, train=(x, y + 1))
    assert set(found) == {"targets-out-of-range"}
    assert "from 1 to 3, expected 0..2" in found["targets-out-of-range"].message
    assert found["targets-out-of-range"].blocks


def test_labels_that_are_no_whole_numbers(tmp_path):
    x, y = blobs()
    _, found = inspect(tmp_path, train=(x, y.float()))
    assert "float32" in found["targets-out-of-range"].message


def test_answers_of_minus_one(tmp_path):
    x, y = blobs(classes=2)
    _, found = inspect(tmp_path, train=(x, 2 * y - 1), task="binary", model=mlp(4, 1))
    assert "-1 to 1" in found["targets-out-of-range"].message


def test_too_few_outputs(tmp_path):
    _, found = inspect(tmp_path, train=blobs(classes=5))
    assert set(found) == {"outputs-do-not-match-targets"}


def test_one_hot_labels(tmp_path):
    x, y = blobs()
    _, found = inspect(tmp_path, train=(x, nn.functional.one_hot(y)))
    assert "outputs-do-not-match-targets" in found


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
    evidence, found = inspect(tmp_path, train=(x, x[:, 0].long()), model=mlp(2, 2))
    assert evidence.number("overlap_share") == 1
    assert not found


def test_rare_class(tmp_path):
    x, y = blobs(300)
    y[y == 2] = 0
    y[:12] = torch.arange(12) % 3
    _, found = inspect(tmp_path, train=(x, y))
    assert found["class-imbalance"].severity == "note"


def test_model_that_does_not_fit_the_data(tmp_path):
    with pytest.raises(UsageError, match=r"batch of shape \[4, 4\].*match the model's first layer"):
        inspect(tmp_path, model=mlp(5, 3))


def test_model_that_returns_a_pair(tmp_path):
    class Pair(nn.Linear):
        def forward(self, x):
            return super().forward(x), x

    with pytest.raises(UsageError, match="returns tuple"):
        inspect(tmp_path, model=lambda: Pair(4, 3))
