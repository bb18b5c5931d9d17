"""Labels that a loss leaves out inside of a function do not count in the score."""

import copy

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from recipe import Experiment
from recipe.data.splitting import load_splits
from recipe.training.ignored_labels import LeavesOut, left_out
from recipe.training.preparation import prepare
from sequence_models import Tagging
from sequence_samples import flat, moved_loss, ragged, tags, without_zeros

X = ragged()[0]


def leaves_out_minus_one(outputs, y):
    return F.cross_entropy(outputs.mT, y, ignore_index=-1)


def weighted(outputs, y):
    """Cares for every second item."""
    each = F.cross_entropy(outputs.mT, y, reduction="none")
    return each[::2].mean()


def prepared(**given):
    experiment = Experiment(
        **{"model": Tagging, "train": (X, tags(X, fill=0)), "task": "token_classification"} | given
    ).resolved()
    said = []
    experiment, _ = prepare(
        experiment, load_splits(experiment, torch.device("cpu"), 0), said.append
    )
    return experiment, said


@pytest.mark.parametrize(
    ("loss", "fill", "label"),
    [
        (without_zeros, 0, 0),
        (leaves_out_minus_one, -1, -1),
        (flat, 0, None),
        (flat, -100, None),
        (moved_loss, 0, None),
        (weighted, 0, None),
    ],
)
def test_the_label_that_a_function_leaves_out(loss, fill, label):
    experiment, said = prepared(loss=loss, train=(X, tags(X, fill=fill)))
    assert getattr(experiment.loss, "ignore_index", None) == label
    assert bool(said) == (label is not None)
    if label is not None:
        assert experiment.resolved_task.ignored == label
        counted = experiment.resolved_task.counted(tags(X, fill=fill))
        assert torch.equal(counted, tags(X, fill=fill) != label)


def test_a_loss_that_says_so_itself_stays_as_it_is():
    loss = nn.CrossEntropyLoss(ignore_index=0)
    x, y = torch.rand(32, 4, 6), torch.randint(0, 3, (32, 6))
    experiment, _ = prepared(loss=loss, train=(x, y), model=lambda: nn.Conv1d(4, 3, 1),
                             task="classification")  # fmt: skip
    assert experiment.loss is loss


def test_steps_at_which_nothing_counts_are_no_matter_of_labels():
    y = torch.tensor([[1, 2, 0]] * 8)
    counted = torch.tensor([[True, True, False]] * 8)
    assert left_out(y, counted) == ()
    y[:4, 1] = 0
    counted[:4, 1] = False
    assert left_out(y, counted) == ()  # too few places
    y, counted = y.repeat(2, 1), counted.repeat(2, 1)
    assert left_out(y, counted) == (0,)
    assert left_out(torch.tensor([[1, 255]] * 8), torch.tensor([[True, False]] * 8), 3) == (255,)


def test_the_loss_stays_what_it_is():
    loss = LeavesOut(without_zeros, 0)
    outputs, y = torch.randn(4, 6, 4), torch.randint(0, 4, (4, 6))
    assert copy.deepcopy(loss)(outputs, y) == without_zeros(outputs, y)
    assert (loss.__name__, loss.__module__) == ("without_zeros", without_zeros.__module__)
