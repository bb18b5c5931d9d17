from dataclasses import replace

import pytest
import torch
from torch import nn

from recipe.core.errors import UsageError
from recipe.testing import judge_scalars, measure
from recipe_steps.inspect import Inspect
from step_samples import blob_experiment, blobs, mlp
from task_samples import embedding, segmentation, token_classification


def inspect(out, **given):
    """The evidence, and the rules that fire."""
    evidence = measure(Inspect(), blob_experiment(**given), out)
    found = {f.rule: f for f in judge_scalars(Inspect(), evidence.scalars)}
    found.pop("too-little-validation-data", None)  # so small are all data here
    return evidence, found


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
    assert not found  # they are whole ones, stored as real ones
    _, found = inspect(tmp_path / "halves", train=(x, y / 2))
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
    evidence, found = inspect(tmp_path, train=(x, nn.functional.one_hot(y)))
    assert not found
    assert evidence.text("target_shape") == "[]"
    two = nn.functional.one_hot(y) + nn.functional.one_hot((y + 1) % 3)
    _, found = inspect(tmp_path / "two", train=(x, two))
    assert "outputs-do-not-match-targets" in found


def sequences(n=120, length=6, classes=3):
    """Items of which every place has a label."""
    x = torch.randn(n, length, 4, generator=torch.Generator().manual_seed(0))
    return x, x[..., :classes].argmax(-1)


class ClassesBehind(nn.Module):
    def __init__(self):
        super().__init__()
        self.each = mlp()()

    def forward(self, x):
        return self.each(x).transpose(1, 2)


def over_places(outputs, targets):
    return nn.functional.cross_entropy(outputs.flatten(0, 1), targets.flatten())


TAGGED = {
    "behind": {"model": ClassesBehind},
    "last": {"model": mlp(), "loss": over_places},
}


@pytest.mark.parametrize("where", TAGGED)
@pytest.mark.parametrize("ignored", [None, -100])
def test_a_label_for_every_place(tmp_path, where, ignored):
    x, y = sequences()
    if ignored is not None:
        y[:, -2:] = ignored
    evidence, found = inspect(tmp_path, train=(x, y), **TAGGED[where])
    assert (evidence.number("classes"), evidence.number("outputs")) == (3, 3)
    assert (evidence.number("train_target_min"), evidence.number("train_target_max")) == (0, 2)
    assert not found


def test_what_is_not_labelled(tmp_path):
    x, y = sequences()
    y[:, :1] = 255
    given = {"model": ClassesBehind, "train": (x, y)}
    loss = nn.CrossEntropyLoss(ignore_index=255)
    assert not inspect(tmp_path / "declared", **given, loss=loss)[1]
    _, found = inspect(tmp_path / "not", **given)
    assert set(found) == {"targets-out-of-range"}
    assert "ignore_index=255" in found["targets-out-of-range"].advice


def test_items_without_a_label(tmp_path):
    x, y = blobs()
    y[::4] = -100
    evidence, found = inspect(tmp_path, train=(x[:180], y[:180]), val=(x[180:], y[180:]))
    assert evidence.number("classes") == 3
    assert evidence.number("largest_class") == 45
    assert not found


def test_rare_class(tmp_path):
    x, y = blobs(300)
    y[y == 2] = 0
    y[:12] = torch.arange(12) % 3
    _, found = inspect(tmp_path, train=(x, y))
    assert found["class-imbalance"].severity == "note"


def test_masks_and_tags_are_rarely_positive(tmp_path):
    source = torch.Generator().manual_seed(0)
    images = torch.randn(100, 1, 8, 8, generator=source)
    mask = (torch.rand(100, 1, 8, 8, generator=source) < 0.005).float()
    _, found = inspect(
        tmp_path / "mask", train=(images, mask), task="binary",
        model=lambda: nn.Conv2d(1, 1, 3, padding=1),
    )  # fmt: skip
    assert found["class-imbalance"].severity == "note"
    tags = (torch.rand(300, 100, generator=source) < 0.005).float()
    _, found = inspect(
        tmp_path / "tags", train=(torch.randn(300, 4, generator=source), tags),
        task="multilabel", model=mlp(4, 100),
    )  # fmt: skip
    assert found["class-imbalance"].severity == "note"


RARE = (torch.arange(1000) % 200 == 0).float()[:, None]
RARE_WEIGHT = torch.tensor(200.0)
functional = nn.functional
FRAUD = {
    "no own loss": (None, "warn"),
    "logistic": (nn.BCEWithLogitsLoss(), "warn"),
    "positive weight": (nn.BCEWithLogitsLoss(pos_weight=RARE_WEIGHT), "note"),
    "in a function": (
        lambda o, y: functional.binary_cross_entropy_with_logits(o, y, pos_weight=RARE_WEIGHT),
        "note"),
    "weight of the frequent class": (nn.BCEWithLogitsLoss(pos_weight=1 / RARE_WEIGHT), "warn"),
    "cross-entropy": (nn.CrossEntropyLoss(label_smoothing=0.1), "warn"),
    "class weights": (nn.CrossEntropyLoss(weight=torch.tensor([1.0, 200.0])), "note"),
    "a loss without gradient": (lambda o, _: o.detach().sum(), "warn"),
}  # fmt: skip


@pytest.mark.parametrize("name", FRAUD)
def test_a_rare_class_that_the_loss_weighs(tmp_path, name):
    loss, severity = FRAUD[name]
    x = torch.randn(1000, 4, generator=torch.Generator().manual_seed(0))
    classes = isinstance(loss, nn.CrossEntropyLoss)
    task = "classification" if classes else "binary"
    evidence, found = inspect(
        tmp_path, train=(x, RARE[:, 0].long() if classes else RARE), task=task, loss=loss,
        model=mlp(4, 2 if classes else 1),
    )  # fmt: skip
    assert found["class-imbalance"].severity == severity
    if severity == "note":
        assert evidence.number("rare_weight") == pytest.approx(200, rel=1e-3)


def test_model_that_does_not_fit_the_data(tmp_path):
    with pytest.raises(UsageError, match=r"batch of shape \[4, 4\].*match the model's first layer"):
        inspect(tmp_path, model=mlp(5, 3))


def test_model_that_returns_a_pair(tmp_path):
    class Pair(nn.Linear):
        def forward(self, x):
            return super().forward(x), x

    _, found = inspect(tmp_path, model=lambda: Pair(4, 3))
    assert found == {}


def test_a_loader_that_returns_one_item_again_and_again(tmp_path):
    x, y = blobs()
    _, found = inspect(tmp_path, train=(x[:1].expand(240, 4), y))
    assert found["constant-inputs"].severity == "fail"


def test_labels_that_became_one(tmp_path):
    x, y = blobs()
    _, found = inspect(tmp_path, train=(x, y // 255))
    assert found["single-class-labels"].severity == "fail"


@pytest.mark.parametrize("task", ["classification", "regression"])
def test_sorted_data_taken_in_order(tmp_path, task):
    x, y = blobs(300)
    values = y if task == "classification" else x[:, 0]
    order = values.argsort()
    given = {"task": task, "model": mlp(4, 3 if task == "classification" else 1), "batch_size": 16}
    data = {"val": (x[200:], values[200:])}
    for shuffle, rows, fires in ((True, order, False), (False, order, True),
                                 (False, torch.arange(300), False)):  # fmt: skip
        where = tmp_path / f"{shuffle}{len(rows)}{fires}"
        _, found = inspect(where, train=(x[rows], values[rows]), shuffle=shuffle, **data, **given)
        found.pop("train-validation-overlap", None)
        assert ("data-not-shuffled" in found) == fires


@pytest.mark.parametrize("of", ["pixels", "tokens"])
def test_shares_of_classes_are_counted_by_pixel_and_by_token(tmp_path, of):
    made = segmentation() if of == "pixels" else token_classification()
    (x, y), kept = made.train, made.train[1] >= 0
    y = y.where(y < 2, 0)
    rare = (y == 1).flatten().nonzero().flatten()[4:]
    y.view(-1)[rare] = 0  # four are left
    evidence = measure(Inspect(), replace(made, train=(x, y)), tmp_path)
    assert evidence.text("counted_by") == of
    assert evidence.number("smallest_class") == 4
    assert evidence.number("largest_class") == int(kept.sum()) - 4
    found = {f.rule: f for f in judge_scalars(Inspect(), evidence.scalars)}
    assert f"times the {of} of the smallest" in found["class-imbalance"].message
    assert found["class-imbalance"].severity == "note"


def test_the_places_of_a_triplet_say_what_targets_do_not(tmp_path):
    evidence = measure(Inspect(), embedding(), tmp_path)
    assert evidence.flag("targets_say_nothing")
    assert not judge_scalars(Inspect(), evidence.scalars)
    same = blob_experiment(train=(blobs()[0], torch.zeros(240)), task="embedding", loss=pulled)
    found = judge_scalars(Inspect(), measure(Inspect(), same, tmp_path).scalars)
    assert "single-class-labels" in [f.rule for f in found]


def pulled(outputs, labels):
    same = labels[:, None] == labels
    return (torch.cdist(outputs, outputs) * (2.0 * same - 1)).mean()
