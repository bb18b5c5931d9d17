"""Models together against probabilities averaged by hand; greedy selection against its definition."""

import itertools

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F

from recipe import Experiment
from recipe.tasks import TASKS, Binary
from recipe.training.ensemble import Ensemble, OutputPool

SOURCE = torch.Generator().manual_seed(0)


def drawn(*shape, models=3):
    return [3 * torch.randn(*shape, generator=SOURCE) for _ in range(models)]


def experiment(**given):
    return Experiment(model=nn.Identity, train=None, **given)


@pytest.mark.parametrize(
    ("task", "shape", "axis"),
    [
        ("classification", (6, 4), 1),
        ("classification", (6, 4, 5), 1),
        ("language_model", (6, 5, 4), 2),
    ],
)
def test_classes_answer_by_their_mean_probability(task, shape, axis):
    several = drawn(*shape)
    together = TASKS[task].together(several)
    expected = torch.stack([each.softmax(axis) for each in several]).mean(0)
    assert torch.allclose(together.softmax(axis), expected, atol=1e-6)
    assert torch.allclose(together.exp(), expected, atol=1e-6)  # normalised already


@pytest.mark.parametrize("task", ["binary", "multilabel"])
def test_yes_or_no_by_the_mean_probability_as_a_logit(task):
    several = drawn(6, 3)
    together = TASKS[task].together(several)
    expected = torch.stack([each.sigmoid() for each in several]).mean(0)
    assert torch.allclose(together.sigmoid(), expected, atol=1e-6)


def test_probabilities_and_amounts_by_their_mean():
    several = [each.sigmoid() for each in drawn(6, 1)]
    assert torch.allclose(Binary(0.5).together(several), torch.stack(several).mean(0))
    amounts = drawn(6, 2)
    assert torch.allclose(TASKS["regression"].together(amounts), sum(amounts) / 3)


@pytest.mark.parametrize("task", ["classification", "binary"])
def test_no_doubt_at_all_stays_finite(task):
    sure = [torch.tensor([[1e4, -1e4]]), torch.tensor([[1e4, -1e4]])]
    assert TASKS[task].together(sure).isfinite().all()


def test_the_ensemble_is_a_module_of_its_members():
    members = [nn.Linear(4, 3) for _ in range(3)]
    together = TASKS["classification"].together
    model = Ensemble(members, together)
    x = torch.randn(5, 4, generator=SOURCE)
    assert torch.equal(model(x), together([member(x) for member in members]))
    assert len(list(model.parameters())) == 6


def pool(models, n=30, classes=3, **given):
    made = experiment(**given)
    y = torch.randint(classes, (n,), generator=SOURCE)
    found = OutputPool(made, list(y.split(8)))
    for _ in range(models):
        found.add(list((drawn(n, classes, models=1)[0] + 2 * F.one_hot(y, classes)).split(8)))
    return found, y


def whole(found, member):
    return torch.cat(found.outputs[member])


def test_loss_and_score_of_one_and_of_several():
    found, y = pool(3)
    for members in ([0], [0, 1], [2, 0, 1]):
        loss, score = found.loss_and_score(members)
        shares = torch.stack([whole(found, m).softmax(1) for m in members]).mean(0)
        assert loss == pytest.approx(F.nll_loss(shares.log(), y).item(), rel=1e-5)
        assert score == pytest.approx((shares.argmax(1) == y).float().mean().item())


@pytest.mark.parametrize("models", [1, 2, 4, 6])
def test_greedy_takes_what_adds_most_as_long_as_it_adds(models):
    found, _ = pool(models, n=25)

    def quality(members):
        loss, score = found.loss_and_score(members)
        return score, -loss

    expected: list[int] = []
    while True:
        rest = [k for k in range(models) if k not in expected]
        if not rest:
            break
        best = max(rest, key=lambda k: quality([*expected, k]))
        if expected and quality([*expected, best]) <= quality(expected):
            break
        expected.append(best)
    assert found.greedy(range(models)) == expected
    assert expected[0] == max(range(models), key=lambda k: quality([k]))


def test_two_alike_are_taken_once():
    found, _ = pool(1)
    found.outputs.append(found.outputs[0])
    assert found.greedy([0, 1]) == [0]


def test_a_model_without_a_score_comes_last():
    found, _ = pool(2)
    found.outputs[0] = [torch.full_like(part, float("nan")) for part in found.outputs[0]]
    assert found.greedy([0, 1])[0] == 1


def test_errors_correlate_as_numpy_says():
    found, y = pool(3, n=60)
    wrong = [(whole(found, m).argmax(1) != y).double().numpy() for m in range(3)]
    pairs = [np.corrcoef(a, b)[0, 1] for a, b in itertools.combinations(wrong, 2)]
    assert found.error_correlation([0, 1, 2]) == pytest.approx(np.mean(pairs))
    assert found.error_correlation([0]) is None


def test_errors_of_amounts_are_their_losses():
    made = experiment(task="regression")
    y = torch.randn(40, 1, generator=SOURCE)
    found = OutputPool(made, [y])
    outputs = [y + torch.randn(40, 1, generator=SOURCE) for _ in range(2)]
    for each in outputs:
        found.add([each])
    losses = [((each - y) ** 2).flatten().double().numpy() for each in outputs]
    assert found.error_correlation([0, 1]) == pytest.approx(np.corrcoef(*losses)[0, 1])


def test_models_that_are_never_wrong_have_no_correlation():
    y = torch.arange(6) % 3
    found = OutputPool(experiment(), [y])
    for _ in range(2):
        found.add([10.0 * F.one_hot(y, 3)])
    assert found.error_correlation([0, 1]) is None
