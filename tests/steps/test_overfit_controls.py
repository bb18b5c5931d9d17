import math
from types import SimpleNamespace

import pytest
import torch
from torch import nn

from recipe.data.datasets import TensorData
from recipe.tasks.classification import Classification
from recipe.testing import judge_scalars, measure, open_context
from recipe_steps.overfit_sample import OverfitSample
from recipe_steps.overfit_sample.control_rules import not_reproducible
from recipe_steps.overfit_sample.controls import same_twice
from recipe_steps.overfit_sample.dynamics import LOOKS, Watch, dynamics
from rule_cases import NAN, Case, check
from step_samples import Blind, blob_experiment, blobs, digits_experiment, mlp
from task_samples import embedding, segmentation

CONTROL_CASES = [
    Case(not_reproducible, {"same_twice": False, "twice_apart": 0.083}, "note", says="by 0.083"),
    Case(not_reproducible, {"same_twice": False}, "note", says="one of them broke off"),
    Case(not_reproducible, {"same_twice": False, "twice_apart": 1e-5}, None),
    Case(not_reproducible, {"same_twice": True, "twice_apart": 0.0}, None),
    Case(not_reproducible, {"same_twice": True, "twice_apart": NAN}, None),
    Case(not_reproducible, {}, None),
]


@pytest.mark.parametrize("case", CONTROL_CASES, ids=str)
def test_rule(case):
    check(OverfitSample(), case)


def test_labels_answers_and_dynamics_of_a_sound_model(tmp_path):
    evidence = measure(OverfitSample(), digits_experiment(), tmp_path)
    labels, answers = evidence.curve("label"), evidence.curve("answer")
    assert labels == answers  # all is known by heart
    assert list(labels) == sorted(labels)
    assert len(labels) == 128
    middle = evidence.curve("right_middle")
    assert middle[-1] > 0.9 > middle[0]
    assert evidence.curve("watched_pass") == tuple(range(1, len(middle) + 1))
    assert evidence.curve("right_lowest_tenth")[-1] <= middle[-1]
    blind, chance = evidence.number("blind_score"), evidence.number("chance")
    assert blind == pytest.approx(chance, abs=0.05)
    assert evidence.number("blind_loss") > 2
    assert len(evidence.curve("loss_without_inputs")) == evidence.number("passes")
    assert evidence.flag("same_twice")


def test_looking_changes_nothing_of_the_training(tmp_path, monkeypatch):
    def with_noise():
        return nn.Sequential(nn.Linear(4, 16), nn.BatchNorm1d(16), nn.ReLU(), nn.Linear(16, 3))

    seen = measure(OverfitSample(), blob_experiment(model=with_noise), tmp_path / "a")
    watch = "recipe_steps.overfit_sample.dynamics.Watch.look"
    monkeypatch.setattr(watch, lambda *_: [])
    unseen = measure(OverfitSample(), blob_experiment(model=with_noise), tmp_path / "b")
    assert seen.curve("loss") == unseen.curve("loss")
    assert not unseen.curve("watched_pass")


def test_a_model_that_ignores_its_inputs_does_no_better_than_without(tmp_path, monkeypatch):
    monkeypatch.setattr("recipe_steps.overfit_sample.attempts.PASSES", 10)
    monkeypatch.setattr("recipe_steps.overfit_sample.attempts.LAST_PASSES", 20)
    evidence = measure(OverfitSample(), blob_experiment(model=Blind), tmp_path)
    said = {f.rule: f.message for f in judge_scalars(OverfitSample(), evidence.scalars)}
    assert "with the same inputs for every item it reaches" in said["cannot-overfit-sample"]


def test_values_and_their_errors(tmp_path):
    x, _ = blobs(64)
    given = {"train": (x, x[:, :1]), "model": mlp(4, 1), "task": "regression"}
    evidence = measure(OverfitSample(), blob_experiment(**given), tmp_path)
    labels, answers = evidence.curve("label"), evidence.curve("answer")
    assert max(abs(a - b) for a, b in zip(labels, answers, strict=True)) < 1
    assert evidence.curve("error_middle")[-1] < evidence.curve("error_middle")[0]
    assert evidence.number("blind_progress") < 0.1


@pytest.mark.parametrize("made", [segmentation, embedding])
def test_other_tasks_are_no_trouble(tmp_path, made):
    evidence = measure(OverfitSample(), made(lr=0.05), tmp_path)
    assert not evidence.text("error")
    assert evidence.scalars["same_twice"] is True


def test_looks_become_rarer_in_long_trainings():
    def look(watch, number):
        return watch.look(nn.Identity(), number)

    x, y = torch.eye(3).repeat(4, 1), torch.arange(12) % 3
    ctx = SimpleNamespace(task=Classification(), seed_for=lambda *_: 0, device=torch.device("cpu"))
    watch = Watch(ctx, TensorData(x, y), 10 * LOOKS)
    seen = [point for number in range(1, 10 * LOOKS + 1) for point in look(watch, number)]
    assert [int(point[0]) for point in seen[:3]] == [1, 2, 3]
    assert LOOKS <= len(seen) <= 2 * LOOKS
    right = math.e / (math.e + 2)
    assert seen[-1] == pytest.approx((10 * LOOKS, right, right, right))
    assert dynamics(seen[:1], "real") == {}
    assert dynamics(seen[:2], "real")["error_middle"] == pytest.approx((right, right))


def test_random_numbers_that_no_seed_reaches(tmp_path):
    source = torch.Generator()
    source.seed()

    def noisy(x):
        return x + torch.randn(x.shape, generator=source)

    with open_context(OverfitSample(), blob_experiment(augment=noisy), tmp_path / "a") as ctx:
        found = same_twice(ctx)
    assert [f.rule for f in judge_scalars(OverfitSample(), found)] == ["not-reproducible"]
    seeded = blob_experiment(augment=lambda x: x + torch.randn(x.shape))
    with open_context(OverfitSample(), seeded, tmp_path / "b") as ctx:
        assert same_twice(ctx) == {"same_twice": True, "twice_apart": 0.0}
