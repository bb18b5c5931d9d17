import math

import numpy as np
import pytest
import torch
from sklearn.metrics import accuracy_score
from torch.nn import functional as F

from recipe.tasks import Classification

TASK = Classification()
LOGITS = torch.randn(37, 5, generator=torch.Generator().manual_seed(0)) * 3
CLASSES = torch.randint(0, 5, (37,), generator=torch.Generator().manual_seed(1))


def slow_loss(logits, classes):
    total = 0.0
    for row, c in zip(logits.tolist(), classes.tolist(), strict=True):
        total += math.log(sum(math.exp(z) for z in row)) - row[c]
    return total / len(classes)


def test_loss_and_score():
    assert TASK.loss(LOGITS, CLASSES).item() == pytest.approx(slow_loss(LOGITS, CLASSES), rel=1e-5)
    said = LOGITS.numpy().argmax(1)
    assert TASK.score(TASK.sums(LOGITS, CLASSES)) == pytest.approx(
        accuracy_score(CLASSES.numpy(), said)
    )
    assert math.isnan(TASK.score(torch.zeros(2)))


def test_every_pixel_counts_in_segmentation():
    outputs = torch.randn(3, 4, 2, 5, generator=torch.Generator().manual_seed(2))
    targets = torch.randint(0, 4, (3, 2, 5), generator=torch.Generator().manual_seed(3))
    assert TASK.sums(outputs, targets)[1] == 30
    assert TASK.score(TASK.sums(outputs, targets)) == pytest.approx(
        (outputs.numpy().argmax(1) == targets.numpy()).mean()
    )
    assert TASK.n_outputs(outputs) == 4


@pytest.mark.parametrize("n", [2, 10, 1000])
def test_a_fresh_model_starts_at_log_c(n):
    targets = torch.arange(n)
    expected = TASK.expected_initial_loss(targets, n)
    assert expected == math.log(n)
    assert TASK.loss(torch.zeros(n, n), targets).item() == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("kind", [torch.int64, torch.uint8, torch.int32])
def test_a_declared_bias_of_log_shares_starts_at_the_entropy(kind):
    targets = torch.tensor([0] * 6 + [1] * 3 + [2])
    shares = np.array([0.6, 0.3, 0.1])
    bias = torch.tensor(np.log(shares) + 4.0)  # any constant on top cancels
    expected = TASK.expected_initial_loss(targets.to(kind), 3, bias)
    assert expected == pytest.approx(-(shares * np.log(shares)).sum(), rel=1e-5)
    assert TASK.loss(bias.expand(10, 3), targets).item() == pytest.approx(expected, rel=1e-5)


def test_chance_is_the_most_frequent_class():
    assert TASK.chance_score(torch.tensor([2, 2, 0, 1, 2])) == 0.6


@pytest.mark.parametrize(
    ("outputs", "targets", "fine"),
    [
        ((8, 3), (8,), True),
        ((8, 3, 4, 4), (8, 4, 4), True),
        ((8,), (8,), False),
        ((8, 3), (8, 1), False),
        ((8, 3), (7,), False),
        ((8, 3), (8, 3), False),
        ((8, 4, 3), (8, 4), False),
    ],
)
def test_outputs_need_a_class_axis(outputs, targets, fine):
    problem = TASK.shape_problem(torch.zeros(outputs), torch.zeros(targets, dtype=torch.long))
    assert (problem is None) == fine
    if problem:
        assert str(list(outputs)) in problem
        assert str(list(targets)) in problem


class Smoothed(Classification):
    def loss(self, outputs, targets):
        return F.cross_entropy(outputs, targets, label_smoothing=0.2)


@pytest.mark.parametrize("task", [Classification(), Smoothed()])
@pytest.mark.parametrize("shape", [(), (4,)])
def test_losses_of_many_models_are_each_models_own(task, shape):
    outputs = torch.randn(3, 5, 7, *shape)
    targets = torch.randint(0, 7, (5, *shape))
    targets[1] = -100
    expected = torch.stack([task.loss(one, targets) for one in outputs])
    torch.testing.assert_close(task.losses(outputs, targets), expected)
