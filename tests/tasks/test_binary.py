import math

import numpy as np
import pytest
import torch
from sklearn.metrics import accuracy_score, f1_score
from torch import nn
from torch.nn import functional as F

from recipe.tasks import Binary, Multilabel

LOGITS = torch.randn(41, 3, generator=torch.Generator().manual_seed(0)) * 2
LABELS = (torch.rand(41, 3, generator=torch.Generator().manual_seed(1)) < 0.3).long()


def slow_loss(logits, targets):
    losses = []
    for z, t in zip(np.ravel(logits), np.ravel(targets), strict=True):
        p = 1 / (1 + math.exp(-float(z)))
        losses.append(-math.log(p) if t == 1 else -math.log(1 - p))
    return sum(losses) / len(losses)


@pytest.mark.parametrize("kind", [torch.float32, torch.int64, torch.bool])
@pytest.mark.parametrize("shape", [(41,), (41, 1)])
def test_loss_and_accuracy_match_a_column_with_flat_targets(shape, kind):
    logits, targets = LOGITS[:, 0].reshape(shape), LABELS[:, 0].to(kind)
    task = Binary()
    assert task.loss(logits, targets).item() == pytest.approx(
        slow_loss(LOGITS[:, 0], LABELS[:, 0]), rel=1e-5
    )
    assert task.score(task.sums(logits, targets)) == pytest.approx(
        accuracy_score(LABELS[:, 0], LOGITS[:, 0] > 0)
    )


def test_multilabel_loss_and_micro_f1():
    task = Multilabel()
    assert task.loss(LOGITS, LABELS).item() == pytest.approx(slow_loss(LOGITS, LABELS), rel=1e-5)
    said = (LOGITS > 0).numpy()
    assert task.score(task.sums(LOGITS, LABELS)) == pytest.approx(
        f1_score(LABELS.numpy(), said, average="micro")
    )
    assert task.sums(LOGITS, LABELS).tolist() == [
        (said & (LABELS.numpy() == 1)).sum(),
        (said & (LABELS.numpy() == 0)).sum(),
        (~said & (LABELS.numpy() == 1)).sum(),
    ]


def test_scores_without_anything_to_count_are_undefined():
    assert math.isnan(Binary().score(torch.zeros(2)))
    task = Multilabel()
    none = torch.zeros(2, 3)
    assert math.isnan(task.score(task.sums(none - 1, none)))


@pytest.mark.parametrize("task", [Binary(), Multilabel()])
def test_a_fresh_model_starts_at_log_two(task):
    expected = task.expected_initial_loss(LABELS, 3)
    assert expected == math.log(2)
    assert task.loss(torch.zeros(41, 3), LABELS).item() == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize(
    ("task", "n", "labels"), [(Binary(), 1, LABELS[:, 0]), (Multilabel(), 3, LABELS)]
)
def test_a_declared_bias_starts_at_its_cross_entropy(task, n, labels):
    share = labels.float().reshape(-1, n).mean(0)
    bias = torch.logit(share)
    expected = task.expected_initial_loss(labels, n, bias)
    outputs = bias.expand(41, n)
    assert task.loss(outputs, labels).item() == pytest.approx(expected, rel=1e-5)
    entropy = -(share * share.log() + (1 - share) * (1 - share).log()).mean().item()
    assert expected == pytest.approx(entropy, rel=1e-5)


def of_the_first_column(outputs, targets):
    return F.binary_cross_entropy(outputs[:, 0], targets)


@pytest.mark.parametrize("loss", [nn.BCELoss(), F.binary_cross_entropy, of_the_first_column])
@pytest.mark.parametrize("kind", [Binary, Multilabel])
def test_probabilities_are_cut_at_one_half(kind, loss):
    task = kind().adapted(loss)
    assert type(task) is kind
    probabilities, targets = torch.tensor([[0.2], [0.4], [0.6], [0.9]]), torch.tensor([0, 0, 1, 1])
    assert task.score(task.sums(probabilities, targets)) == 1.0
    assert kind().score(kind().sums(probabilities, targets)) < 1.0


def test_a_loss_on_logits_changes_nothing():
    task = Binary()
    for loss in (None, nn.BCEWithLogitsLoss(), F.binary_cross_entropy_with_logits):
        assert task.adapted(loss) is task


def test_chance_is_the_best_constant_answer():
    rare = torch.tensor([0, 0, 0, 1])
    assert Binary().chance_score(rare) == 0.75
    assert Binary().chance_score(1 - rare) == 0.75
    yes = np.ones((41, 3), int)
    assert Multilabel().chance_score(LABELS) == pytest.approx(
        f1_score(LABELS.numpy(), yes, average="micro"), rel=1e-6
    )


def test_broadcasting_is_a_shape_problem():
    assert Binary().shape_problem(torch.zeros(4, 1), torch.zeros(4)) is None
    problem = Multilabel().shape_problem(torch.zeros(4, 3), torch.zeros(4))
    assert problem == "outputs of shape [4, 3] against targets of shape [4]"
