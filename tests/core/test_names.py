import inspect

import pytest

from recipe import Experiment
from recipe.core.names import unknown


@pytest.mark.parametrize(
    ("name", "nearest"),
    [
        ("weight_decy", "weight_decay"),
        ("epoch", "epochs"),
        ("learning_rat", "learning_rate"),
        ("EPOCHS", "epochs"),
    ],
)
def test_the_nearest_name_is_offered(name, nearest):
    known = ["epochs", "learning_rate", "weight_decay"]
    assert unknown("key", name, known) == f"Unknown key {name!r}: did you mean {nearest!r}?"


def test_all_names_are_listed_in_order_when_none_is_near():
    assert unknown("task", "zzz", {"b": 1, "a": 2}) == "Unknown task 'zzz': known are: a, b."


def test_names_of_other_libraries_are_answered_with_ours():
    known = {"lr", "loss", "val", "epochs", "batch_size"}
    for name, own in {"learning_rate": "lr", "Criterion": "loss", "eval_dataset": "val",
                      "max_epochs": "epochs", "batchsize": "batch_size"}.items():  # fmt: skip
        assert f"did you mean {own!r}?" in unknown("argument", name, known)
    assert "known are" in unknown("argument", "betas", known)  # ours is not known here


def test_the_arguments_of_an_experiment_are_shown():
    shown = inspect.signature(Experiment).parameters
    assert list(shown)[:3] == ["model", "train", "val"]
    assert shown["val"].default is None
    assert all(each.kind is each.KEYWORD_ONLY for each in shown.values())
