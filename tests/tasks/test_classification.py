import math

import numpy as np
import pytest
import torch
from sklearn.metrics import accuracy_score
from torch import nn
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


def flattened(outputs, targets):
    return F.cross_entropy(outputs.flatten(0, -2), targets.flatten())


def transposed(outputs, targets):
    return F.cross_entropy(outputs.movedim(-1, 1), targets)


def gathered(outputs, targets):
    """A sum over tokens in the manner of fairseq: of wrong shapes it takes a part."""
    logs = outputs.log_softmax(-1).reshape(-1, outputs.shape[-1])
    return -logs.gather(1, targets.reshape(-1, 1)).mean()


def weighted(outputs, targets):
    return F.cross_entropy(outputs.flatten(0, -2), targets.flatten(), weight=torch.ones(4))


@pytest.mark.parametrize("loss", [flattened, transposed, gathered, weighted])
@pytest.mark.parametrize("places", [(4,), (6,), (3, 5)])
def test_a_loss_of_ones_own_may_want_the_classes_last(loss, places):
    outputs = torch.randn(8, *places, 4, generator=torch.Generator().manual_seed(0))
    targets = torch.randint(0, 4, (8, *places), generator=torch.Generator().manual_seed(1))
    task = TASK.adapted(loss)
    assert task.shape_problem(outputs, targets) is None
    assert task.n_outputs(outputs) == 4
    if loss is weighted and places == (4,):
        return  # a square of known size that only the loss could tell
    expected = (outputs.numpy().argmax(-1) == targets.numpy()).mean()
    assert task.score(task.sums(outputs, targets)) == pytest.approx(expected)


@pytest.mark.parametrize(
    "loss",
    [nn.CrossEntropyLoss(), nn.CrossEntropyLoss(weight=torch.ones(4)),
     nn.CrossEntropyLoss(reduction="none"), lambda o, y: F.nll_loss(o.log_softmax(1), y)],
)  # fmt: skip
@pytest.mark.parametrize("places", [(), (4,), (6,), (3, 5)])
def test_and_usually_wants_them_behind_the_items(loss, places):
    outputs = torch.randn(8, 4, *places, generator=torch.Generator().manual_seed(0))
    targets = torch.randint(0, 4, (8, *places), generator=torch.Generator().manual_seed(1))
    task = TASK.adapted(loss)
    assert task.shape_problem(outputs, targets) is None
    assert task.n_outputs(outputs) == 4
    expected = (outputs.numpy().argmax(1) == targets.numpy()).mean()
    assert task.score(task.sums(outputs, targets)) == pytest.approx(expected)
    assert TASK.adapted(None) is TASK


def test_a_loss_that_refuses_classes_last():
    outputs, targets = torch.zeros(8, 6, 4), torch.zeros(8, 6, dtype=torch.long)
    assert "[8, 6, 4]" in TASK.adapted(nn.CrossEntropyLoss()).shape_problem(outputs, targets)


@pytest.mark.parametrize("ignored", [-100, 255, 0])
def test_ignored_labels_do_not_count(ignored):
    loss = None if ignored == -100 else nn.CrossEntropyLoss(ignore_index=ignored)
    task = TASK.adapted(loss)
    classes = CLASSES.where(CLASSES > 0, ignored)
    left = classes[classes != ignored]
    assert 0 < len(left) < len(classes)
    said = LOGITS[classes != ignored].numpy().argmax(1)
    assert task.counted(classes).sum() == len(left)
    assert task.score(task.sums(LOGITS, classes)) == pytest.approx(
        accuracy_score(left.numpy(), said)
    )
    assert task.chance_score(classes) == left.bincount().max().item() / len(left)
    assert task.expected_initial_loss(classes, 5, torch.zeros(5)) == pytest.approx(math.log(5))


def test_a_byte_is_never_minus_100():
    assert TASK.counted(torch.tensor([156, 0], dtype=torch.uint8)).all()


def test_where_all_are_ignored_there_is_no_score():
    nothing = torch.full((4,), -100)
    assert math.isnan(TASK.score(TASK.sums(LOGITS[:4], nothing)))
    assert TASK.chance_score(nothing) == 0
