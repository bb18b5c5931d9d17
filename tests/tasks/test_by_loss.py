import math

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from recipe.tasks.by_loss import (
    ByLoss,
    compares_items,
    compares_values,
    loss_accepts,
    takes_label,
    tells_apart,
)
from recipe.tasks.classification import Classification
from recipe.tasks.language_modelling import LanguageModel

QUANTILES = torch.tensor([0.1, 0.5, 0.9])


def pinball(outputs, targets):
    error = targets - outputs
    return torch.maximum(QUANTILES * error, (QUANTILES - 1) * error).mean()


def spread(outputs, targets):
    """A squared error that broadcasts."""
    return (outputs - targets).square().mean()


def ordered(outputs, targets):
    """One output for each step from one class to the next (Cao et al. 2020)."""
    steps = (targets[:, None] > torch.arange(outputs.shape[1])).float()
    return F.binary_cross_entropy_with_logits(outputs, steps)


def contrastive(outputs, targets):
    """Items of a class are drawn together (Khosla et al. 2020)."""
    unit = F.normalize(outputs, dim=1)
    likeness = (unit @ unit.T / 0.2).fill_diagonal_(-1e9).log_softmax(1)
    same = (targets[:, None] == targets).float().fill_diagonal_(0)
    return -(likeness * same).sum(1).div(same.sum(1).clamp(min=1)).mean()


def triplet(outputs, targets):
    far, same = torch.cdist(outputs, outputs), targets[:, None] == targets
    return F.relu(far[same].mean() - far[~same].mean() + 1)


def focal(outputs, targets):
    share = outputs.log_softmax(1).gather(1, targets[:, None])
    return -((1 - share.exp()).square() * share).mean()


def flipped(outputs, targets):
    return -F.cross_entropy(outputs, targets)


def squared(outputs, targets):
    return (outputs.softmax(1) - F.one_hot(targets, outputs.shape[1])).square().mean()


CLASSES = [None, nn.CrossEntropyLoss(), nn.CrossEntropyLoss(ignore_index=2), nn.NLLLoss(),
           nn.CrossEntropyLoss(ignore_index=3, reduction="sum"), nn.MultiMarginLoss(), focal,
           flipped, squared]  # fmt: skip


@pytest.mark.parametrize("loss", CLASSES)
@pytest.mark.parametrize("task", [Classification(), LanguageModel()])
def test_losses_of_classes_leave_the_score_alone(task, loss):
    assert not isinstance(task.adapted(loss), ByLoss)
    assert loss is None or not takes_label(loss, torch.randn(9, 3))


@pytest.mark.parametrize("loss", [contrastive, triplet])
def test_an_embedding_is_scored_by_its_loss(loss):
    assert compares_items(loss)
    task = Classification().adapted(loss)
    assert isinstance(task, ByLoss)
    outputs, labels = torch.randn(12, 3), torch.arange(12) % 3
    assert task.score(task.sums(outputs, labels)) == pytest.approx(-loss(outputs, labels).item())
    assert math.isnan(task.perfect_score(outputs, labels))
    assert task.adapted(loss) is task
    assert not isinstance(task.adapted(focal), ByLoss)


class Retrieval(Classification):
    """A user's own."""


def test_a_task_of_the_users_own_stays():
    assert type(Retrieval().adapted(contrastive)) is Retrieval


def test_a_loss_that_remembers_is_asked_once_and_as_a_copy():
    class Remembers(nn.Module):
        calls = 0

        def forward(self, outputs, targets):
            type(self).calls += 1
            self.last = outputs
            return F.cross_entropy(outputs, targets)

    loss = Remembers()
    Classification().adapted(loss)
    calls = Remembers.calls
    assert calls > 0
    Classification().adapted(loss)
    assert Remembers.calls == calls
    assert not hasattr(loss, "last")


def test_a_loss_that_learns_is_summed_without_a_graph():
    scale = nn.Parameter(torch.ones(()))
    task = Classification().adapted(lambda o, t: scale * contrastive(o, t))
    assert not task.sums(torch.randn(6, 3), torch.arange(6) % 3).requires_grad


def test_ordered_classes_have_a_label_more_than_outputs():
    assert takes_label(ordered, torch.randn(9, 4))
    assert not takes_label(squared, torch.randn(9, 4))


REAL = torch.linspace(0, 3, 9)[:, None]


def test_quantiles_are_told_apart():
    assert tells_apart(pinball, torch.randn(9, 3), REAL)
    assert compares_values(pinball)
    assert not tells_apart(pinball, torch.randn(9, 4), REAL)  # which it does not take


@pytest.mark.parametrize("loss", [nn.L1Loss(), nn.HuberLoss(), spread])
@pytest.mark.filterwarnings("ignore:Using a target size")
def test_errors_do_not_tell_outputs_apart(loss):
    assert not tells_apart(loss, torch.randn(9, 3), REAL)


def test_a_loss_that_is_infinite_at_first_takes_shares_all_the_same():
    given = torch.eye(3)

    def reverse(outputs, targets):
        return nn.functional.kl_div(targets.log(), outputs.softmax(1), reduction="batchmean")

    assert loss_accepts(reverse, given, given)
    assert not loss_accepts(nn.NLLLoss(), given, given)
