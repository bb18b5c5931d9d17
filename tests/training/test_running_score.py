import math
from typing import ClassVar

import pytest
import torch

from recipe.tasks.binary import Binary, Multilabel
from recipe.tasks.classification import Classification
from recipe.tasks.language_modelling import LanguageModel
from recipe.tasks.regression import LossAsScore, Regression
from recipe.training import running_score as module
from recipe.training.running_score import RunningScore

N = 37
LABELS = torch.randint(0, 4, (N,), generator=torch.Generator().manual_seed(0))
CASES = {
    "classification": (Classification(), (4,), LABELS),
    "ignored": (Classification(), (4,), LABELS.where(LABELS != 2, -100)),
    "maps": (Classification(), (4, 3), torch.stack([LABELS, LABELS, LABELS], 1)),
    "language model": (LanguageModel(), (5, 4), LABELS[:, None].repeat(1, 5)),
    "binary": (Binary(), (1,), (LABELS > 1).float()[:, None]),
    "multilabel": (Multilabel(), (3,), torch.stack([k < LABELS for k in range(3)], 1).float()),
    "regression": (Regression(), (1,), LABELS.float()[:, None] * 1000),
}


def outputs(shape):
    return torch.randn(N, *shape, generator=torch.Generator().manual_seed(1))


@pytest.mark.parametrize("held", [0, 100, module.HELD])
@pytest.mark.parametrize("case", CASES)
def test_batches_score_as_the_sums_of_each(case, held, monkeypatch):
    monkeypatch.setattr(module, "HELD", held)
    task, shape, targets = CASES[case]
    parts = list(zip(outputs(shape).split(8), targets.split(8), strict=True))
    tally = RunningScore(task)
    for part in parts:
        tally.add(*part)
    expected = task.score(torch.stack([task.sums(*part) for part in parts]).sum(0))
    assert tally.score() == pytest.approx(expected, rel=1e-12)
    assert tally.score() == pytest.approx(expected, rel=1e-12)


def test_batches_of_other_lengths_are_scored_apart():
    task = LanguageModel()
    tally = RunningScore(task)
    sums = []
    for length in (3, 5, 5, 2):
        made, true = torch.randn(4, length, 7), torch.randint(0, 7, (4, length))
        tally.add(made, true)
        sums.append(task.sums(made, true))
    assert tally.score() == task.score(torch.stack(sums).sum(0))


def test_a_loss_that_compares_the_items_of_a_batch_sees_each_batch_alone():
    class Watched(LossAsScore):
        seen: ClassVar[list[int]] = []

    task = Watched(lambda made, true: Watched.seen.append(len(made)) or (made - true).sum())
    tally = RunningScore(task)
    for part in torch.ones(6, 1).split(2):
        tally.add(part, part * 0)
    assert tally.score() == -2.0
    assert Watched.seen == [2, 2, 2]


def test_a_task_of_the_users_own_sees_each_batch_alone():
    seen = []

    class Watched(Classification):
        def sums(self, outputs, targets):
            seen.append(len(outputs))
            return super().sums(outputs, targets)

    tally = RunningScore(Watched())
    for part in torch.randn(6, 2).split(2):
        tally.add(part, torch.zeros(2, dtype=torch.long))
    tally.score()
    assert seen == [2, 2, 2]


def test_single_items_without_an_axis():
    tally = RunningScore(Binary())
    for value in (1.0, -1.0, 2.0):
        tally.add(torch.tensor(value), torch.tensor([1.0]))
    assert tally.score() == pytest.approx(2 / 3)


def test_outputs_that_the_model_overwrites_and_corners_of_large_ones():
    tally, memory = RunningScore(Classification()), torch.zeros(4, 100_000, 2)
    for k in range(3):
        memory[:, -1] = torch.nn.functional.one_hot(torch.full((4,), k % 2), 2).float()
        tally.add(memory[:, -1], torch.full((4,), k % 2))
    assert all(held.untyped_storage().nbytes() < 100 for held in tally._outputs)
    assert tally.score() == 1.0


def test_nothing_scores_nan():
    assert math.isnan(RunningScore(Classification()).score())
