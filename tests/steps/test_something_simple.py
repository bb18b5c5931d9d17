"""What something simple reaches on a sample, and whether it can be learnt by heart at all."""

import pytest
import torch

from recipe.data.datasets import TensorData
from recipe.data.trees import Tree
from recipe.tasks import TASKS, Regression
from recipe_steps.overfit_sample.something_simple import columns_of, something_simple


def normal(n, width, seed=0):
    return torch.randn(n, width, generator=torch.Generator().manual_seed(seed))


def found(task, x, y, *others):
    task = TASKS[task] if isinstance(task, str) else task
    return something_simple(task, TensorData(x, y), task.chance_score(y), 1.0, *others)


@pytest.mark.parametrize(("width", "by_heart"), [(1, False), (2, False), (12, True), (40, True)])
def test_shuffled_answers_are_learnt_where_inputs_are_many(width, by_heart):
    x = normal(120, width)
    evidence = found("regression", x, normal(120, 1, 1))
    assert (evidence["by_heart"] >= 0.8) == by_heart
    assert (evidence["simple_score"] > 0.9) == by_heart  # answers that nothing tells


def test_what_a_single_input_tells_is_found_and_the_noise_is_not():
    x = normal(120, 1)
    evidence = found("regression", x, x + normal(120, 1, 1))  # half of the variance
    assert 0.3 < evidence["simple_score"] < 0.65
    assert 0.3 < evidence["disagreement"] < 0.8
    clear = found("regression", x, torch.sin(2 * x))
    assert clear["simple_score"] > 0.95
    assert clear["disagreement"] < 0.05


@pytest.mark.parametrize(
    ("task", "y"),
    [
        ("binary", lambda x: (x[:, 0] > 0).float()),
        ("binary", lambda x: (x[:, :1] > 0).float()),
        ("classification", lambda x: (x[:, 0] > 0).long() + (x[:, 1] > 0).long()),
        ("multilabel", lambda x: (x > 0).float()),
        ("regression", lambda x: torch.stack([x[:, 0], x[:, 1] ** 2], 1)),
    ],
)
def test_answers_of_every_kind(task, y):
    x = normal(120, 2)
    assert found(task, x, y(x))["simple_score"] > 0.8


@pytest.mark.parametrize("n", [2, 5, 9])
def test_a_few_items(n):
    x = normal(n, 1)
    assert found("regression", x, x).get("simple_score", 1.0) > -10
    assert found("binary", x, torch.zeros(n)) is not None  # of one class


def test_inputs_of_several_parts_and_tokens():
    tokens = torch.randint(0, 9, (80, 5), generator=torch.Generator().manual_seed(0))
    x = Tree({"words": tokens, "age": normal(80, 1), "all": torch.ones(80, 2)})
    assert columns_of(x).shape == (80, 46)  # what never varies is left out
    assert found("binary", x, (tokens[:, 0] > 4).float())["by_heart"] > 0.8


def test_where_nothing_simple_applies():
    x = normal(40, 2)
    assert found("segmentation", normal(4, 3), torch.zeros(4, 8, 8).long()) == {}
    assert found("regression", x, x * float("nan")) == {}
    assert found("regression", torch.ones(40, 2), x) == {}
    own = type("Own", (Regression,), {"name": "own"})()
    assert found(own, x, x) == {}


def test_more_rows_tell_more_and_those_of_the_sample_do_not_count():
    x = normal(400, 3)
    y = x[:, :1] * x[:, 1:2] + x[:, 2:].square() + 0.2 * normal(400, 1, 1)
    sample = (x[:100], y[:100])
    alone, with_others = (
        found("regression", *sample, *more)["simple_score"]
        for more in ((), (TensorData(x, y),))
    )  # fmt: skip
    assert with_others > alone + 0.1
    itself = found("regression", *sample, TensorData(*sample))["simple_score"]
    assert itself == pytest.approx(alone)
