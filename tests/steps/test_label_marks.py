"""Labels that a trained model contradicts, and labels that the inputs do not tell."""

import math

import pytest
import torch

from recipe import Experiment
from recipe.core.evidence import Evidence
from recipe.tasks import TASKS
from recipe.testing import open_context
from recipe_steps.learning_curves import LearningCurves
from recipe_steps.learning_curves.labels import answers, label_marks, memory_marks
from step_samples import digits, digits_experiment, mlp

NAN = math.nan

X, Y = digits(1000)
LEARNT = Evidence({"reached": True, "best_lr": 0.05})


def noisy(share):
    source = torch.Generator().manual_seed(3)
    hit = torch.rand(len(Y), generator=source) < share
    return Y.where(~hit, torch.randint(0, 10, Y.shape, generator=source))


@pytest.mark.parametrize(("share", "least", "most"), [(0.0, 0, 0), (0.4, 8, 30)])
def test_wrong_answers_among_the_surest(tmp_path, share, least, most):
    y = noisy(share)
    experiment = digits_experiment(train=(X[:700], y[:700]), val=(X[700:], y[700:]), lr=0.05)
    with open_context(LearningCurves(), experiment, tmp_path) as ctx:
        found = label_marks(ctx, ctx.train_baseline())
    assert found["surest_items"] == 60
    assert least <= found["surest_wrong"] <= most
    assert len([item for item in found["suspect_items"].split(", ") if item]) == min(
        5, found["surest_wrong"]
    )
    for item in filter(None, found["suspect_items"].split(", ")):
        assert 0 <= int(item) < 300


def test_few_items_are_not_looked_at(tmp_path):
    experiment = digits_experiment(train=(X[:300], Y[:300]), val=(X[300:400], Y[300:400]), lr=0.05)
    with open_context(LearningCurves(), experiment, tmp_path) as ctx:
        assert label_marks(ctx, ctx.train_baseline()) == {}


@pytest.mark.parametrize("shuffled", [True, False])
def test_what_is_known_by_heart_helps_with_others_only_where_labels_are_told(tmp_path, shuffled):
    y = Y[torch.randperm(len(Y), generator=torch.Generator().manual_seed(0))] if shuffled else Y
    experiment = digits_experiment(
        train=(X[:700], y[:700]), val=(X[700:], y[700:]), lr=1e-6, epochs=1
    )  # a rate at which nothing is learnt
    with open_context(LearningCurves(), experiment, tmp_path) as ctx:
        trial = ctx.train_baseline()
        assert memory_marks(ctx, trial) == {}  # no sample was learnt
        ctx.measured["overfit_sample"] = LEARNT
        found = memory_marks(ctx, trial)
    assert found["memory_items"] == 256
    assert found["memory_train_score"] > 0.9
    assert (found["memory_val_score"] < 0.2) == shuffled


def test_a_score_above_chance_needs_no_look(tmp_path):
    experiment = digits_experiment(train=(X[:700], Y[:700]), val=(X[700:], Y[700:]), lr=0.05)
    with open_context(LearningCurves(), experiment, tmp_path) as ctx:
        trial = ctx.train_baseline()
        ctx.measured["overfit_sample"] = LEARNT
        assert memory_marks(ctx, trial) == {}


@pytest.mark.parametrize("shuffled", [True, False])
def test_a_weak_signal_beside_a_frequent_class_is_no_chance(tmp_path, shuffled):
    source = torch.Generator().manual_seed(0)
    y = (torch.rand(2500, generator=source) < 0.115).long()
    x = torch.randn(2500, 10, generator=source)
    x[:, 0] += 2.0 * y
    if shuffled:
        y = y[torch.randperm(len(y), generator=source)]
    experiment = Experiment(
        model=mlp(10, 2), train=(x[:500], y[:500]), val=(x[500:], y[500:]), batch_size=32,
        lr=1e-6, epochs=1,
    )  # fmt: skip
    with open_context(LearningCurves(), experiment, tmp_path) as ctx:
        trial = ctx.train_baseline()
        ctx.measured["overfit_sample"] = LEARNT
        found = memory_marks(ctx, trial)
    assert found["memory_chance"] == 0.5
    within = found["memory_chance"] + 2 * found["memory_error"]
    assert (found["memory_val_score"] <= within) == shuffled


def test_with_a_score_of_the_users_own_chance_is_not_known(tmp_path):
    own = Experiment(
        model=mlp(64, 10), train=(X[:700], Y[:700]), val=(X[700:], Y[700:]), lr=1e-6, epochs=1,
        metric=lambda o, y: -1.0,
    )  # fmt: skip
    with open_context(LearningCurves(), own, tmp_path) as ctx:
        trial = ctx.train_baseline()
        ctx.measured["overfit_sample"] = LEARNT
        assert memory_marks(ctx, trial) == {}


@pytest.mark.parametrize(
    ("task", "outputs", "targets", "wanted"),
    [
        ("classification", [[[0.0, 2.0], [1.0, 0.0]]], [[1, 0]], [[1, 0]]),
        ("language_model", [[[0.0, 2.0], [1.0, 0.0]]], [[1, 1]], [[1, 0]]),
        ("binary", [[0.5], [-0.5], [NAN]], [1.0, 0.0, 1.0], [1.0, 0.0, 0.0]),
        ("multilabel", [[0.5, -0.5]], [[1.0, 1.0]], [[1.0, 0.0]]),
    ],
)
def test_the_answers_of_outputs(task, outputs, targets, wanted):
    found = answers(TASKS[task], torch.tensor(outputs), torch.tensor(targets))
    assert found.tolist() == wanted
