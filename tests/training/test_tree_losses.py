"""Losses and tasks of trees, against the same of their parts."""

import copy

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from recipe.data.trees import Items, Tree
from recipe.tasks import TASKS
from recipe.tasks.base import adds_up
from recipe.training.tree_losses import ModelLoss, Natural, OfPart, OfTrees

G = torch.Generator().manual_seed(0)
LOGITS, Y = torch.randn(6, 3, generator=G), torch.arange(6) % 3
OUTPUTS = Tree({"logits": LOGITS, "aux": LOGITS.flip(1)})


def test_a_function_is_given_what_the_user_knows():
    given = []
    Natural(lambda *values: given.append(values))(Tree({"a": LOGITS}), Tree((Y, Items("abcdef"))))
    ((outputs, targets),) = given
    assert type(outputs) is dict
    assert outputs["a"] is LOGITS
    assert type(targets) is tuple


def test_it_still_says_what_it_is():
    made = Natural(nn.CrossEntropyLoss(ignore_index=7))
    assert made.ignore_index == 7
    assert copy.deepcopy(made).ignore_index == 7
    with pytest.raises(AttributeError):
        _ = made.nothing


def test_of_a_tensor_the_usual_loss_is_taken_where_the_own_one_refuses():
    def of_both(outputs, y):
        return F.cross_entropy(outputs["logits"], y) + F.cross_entropy(outputs["aux"], y)

    usual = TASKS["classification"].loss
    made = Natural(of_both, usual)
    assert made(OUTPUTS, Y) == of_both(OUTPUTS.value, Y)
    assert made(LOGITS, Y) == usual(LOGITS, Y)
    with pytest.raises(KeyError):
        made(Tree({"logits": LOGITS}), Y)
    with pytest.raises((TypeError, IndexError)):
        Natural(of_both)(LOGITS, Y)


def test_the_models_loss_is_the_mean_over_the_items():
    made = ModelLoss(F.cross_entropy)
    assert made(Tree({"loss": torch.tensor([1.0, 3.0])}), Y[:2]) == 2
    assert made(LOGITS, Y) == F.cross_entropy(LOGITS, Y)


def test_a_task_that_looks_at_one_part():
    task = TASKS["classification"]
    made = OfPart(task, "logits")
    assert (made.name, made.metric, made.plain) == (task.name, task.metric, task)
    assert made.looked_at(OUTPUTS) is LOGITS
    assert made.looked_at(LOGITS) is LOGITS
    assert made.loss(OUTPUTS, Y) == task.loss(LOGITS, Y)
    assert torch.equal(made.sums(OUTPUTS, Y), task.sums(LOGITS, Y))
    assert made.score(made.sums(OUTPUTS, Y)) == pytest.approx(
        (LOGITS.argmax(1) == Y).float().mean().item()
    )
    assert made.n_outputs(OUTPUTS) == 3
    assert made.class_axis(OUTPUTS, Y) == 1
    assert made.shape_problem(OUTPUTS, Y) is None
    assert made.shape_problem(Tree({"logits": LOGITS[:2]}), Y) == task.shape_problem(LOGITS[:2], Y)
    assert made.expected_initial_loss(Y, 3) == pytest.approx(torch.tensor(3.0).log().item())
    assert torch.equal(made.together([OUTPUTS, OUTPUTS]), task.together([LOGITS, LOGITS]))
    assert made.chance_score(Y) == task.chance_score(Y)
    assert made.perfect_score(LOGITS, Y) == task.perfect_score(LOGITS, Y)
    assert torch.equal(made.counted(Y), task.counted(Y))


def test_sums_of_parts_add_up():
    made = OfPart(TASKS["classification"], "logits")
    parts = [(OUTPUTS[a:b], Y[a:b]) for a, b in ((0, 2), (2, 6))]
    total = sum(made.sums(outputs, y) for outputs, y in parts)
    assert made.score(total) == made.score(made.sums(OUTPUTS, Y))


def test_a_place_in_a_tuple():
    made = OfPart(TASKS["classification"], 1)
    assert made.looked_at(Tree((LOGITS.flip(1), LOGITS))) is LOGITS


def test_trees_of_which_no_score_is_known_are_scored_by_the_loss():
    def loss(outputs, y):
        return F.mse_loss(outputs["a"], y["b"])

    task = TASKS["classification"]
    made = OfTrees(Natural(loss), task)
    outputs, y = Tree({"a": LOGITS}), Tree({"b": LOGITS + 2})
    assert (made.name, made.metric) == ("classification", "minus_loss")
    assert made.plain is task
    assert made.adapted(loss) is made
    parts = [made.sums(outputs[a:b], y[a:b]) for a, b in ((0, 1), (1, 6))]
    assert made.score(sum(parts)) == pytest.approx(-4)
    assert made.n_outputs(outputs) == 1
    assert made.n_outputs(LOGITS) == 3
    assert made.shape_problem(outputs, y) is None
    assert OfTrees(loss).plain.name == "trees"


def test_what_two_of_them_are_called_is_not_mixed_up():
    one = OfPart(TASKS["classification"], "a")
    two = OfPart(TASKS["regression"], "a")
    assert (one.name, two.name) == ("classification", "regression")
    assert OfPart.__dict__.get("name") is None


def test_it_adds_up_where_its_task_does():
    assert adds_up(OfPart(TASKS["classification"], "logits"))
    assert not adds_up(OfPart(TASKS["embedding"], "logits"))
    assert not adds_up(OfTrees(F.mse_loss, TASKS["classification"]))
    assert adds_up(TASKS["classification"])


@pytest.mark.parametrize("name", TASKS)
def test_what_it_says_of_itself_is_what_its_task_says(name):
    task = TASKS[name]
    made = OfPart(task, "logits")
    for each in ("name", "metric", "target_kind", "tolerance", "counts_by", "ordered"):
        assert getattr(made, each) == getattr(task, each)
    assert made.score_error(0.5, 100) == task.score_error(0.5, 100)
