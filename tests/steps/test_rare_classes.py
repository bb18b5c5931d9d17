"""Classes that are never answered."""

import pytest
import torch

from recipe.testing import judge_scalars, open_context
from recipe_steps.learning_curves import LearningCurves
from recipe_steps.learning_curves.rare_class_rules import rare_class_ignored
from recipe_steps.learning_curves.rare_classes import ignored_class, rare_marks
from rule_cases import NAN, Case, check
from step_samples import blob_experiment, mlp


def ignored(plain=0.95, balanced=0.5, gain=0, changed=0, **more):
    return {"ignored_class": 1, "ignored_items": 20, "ignored_rank": 0.6, "ignored_plain": plain,
            "ignored_balanced": balanced, "ignored_gain": gain, "ignored_changed": changed,
            **more}  # fmt: skip


CASES = [
    Case(rare_class_ignored, ignored(), "note", says="mean recall of the classes 0.5"),
    Case(rare_class_ignored, ignored(ignored_rank=0.7), "note", says="before 70% of the others"),
    Case(rare_class_ignored, ignored(balanced=0.901), None),  # nothing is hidden
    Case(rare_class_ignored, ignored(balanced=0.899), "note"),
    Case(rare_class_ignored, ignored(gain=12, changed=16), "warn", says="12 more answers right"),
    Case(rare_class_ignored, ignored(gain=11, changed=16), "note"),  # luck
    Case(rare_class_ignored, ignored(gain=4, changed=1), "note"),  # hardly anything
    Case(rare_class_ignored, ignored(gain=NAN, changed=16), "note"),
    Case(rare_class_ignored, ignored(plain=NAN), None),
    Case(rare_class_ignored, ignored(balanced=NAN), None),
    Case(rare_class_ignored, {}, None),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_rule(case):
    check(LearningCurves(), case)


def source(seed):
    return torch.Generator().manual_seed(seed)


def told(found):
    return [f.severity for f in judge_scalars(LearningCurves(), found)]


def test_a_class_that_the_outputs_tell_and_never_answer():
    y = (torch.rand(800, generator=source(1)) < 0.1).long()
    logit = 4 * y - 6 + 0.5 * torch.randn(800, generator=source(2))
    found = ignored_class(torch.stack([torch.zeros(800), logit], 1), y)
    assert found["ignored_rank"] > 0.99
    assert found["ignored_balanced"] == 0.5
    assert found["ignored_gain"] > 0.9 * y.sum()
    assert told(found) == ["warn"]


def test_a_class_that_is_right_not_to_be_answered():
    """Two hundred draws of a class of one in twenty by chances that the model knows exactly."""
    severities = []
    for seed in range(200):
        x = torch.randn(800, generator=source(seed))
        logit = 1.2 * x - 4.0
        y = (torch.rand(800, generator=source(1000 + seed)) < logit.sigmoid()).long()
        outputs = torch.stack([torch.zeros(800), logit.clamp(max=-0.1)], 1)
        severities += told(ignored_class(outputs, y))
    assert "warn" not in severities
    assert severities.count("note") > 150


def test_what_is_not_told():
    y = torch.arange(300) % 3
    right = torch.eye(3)[y]
    assert ignored_class(right, y) == {}
    assert ignored_class(right * torch.nan, y) == {}
    few = torch.where(torch.arange(300) < 9, 2, 0)
    assert ignored_class(torch.eye(3)[torch.zeros(300).long()], few) == {}
    alone = torch.full((300,), 2)
    assert ignored_class(torch.eye(3)[torch.zeros(300).long()], alone) == {}


def test_of_the_best_run(tmp_path):
    x = torch.randn(700, 4, generator=source(3))
    y = (torch.rand(700, generator=source(4)) < 0.1).long()
    experiment = blob_experiment(train=(x[:400], y[:400]), val=(x[400:], y[400:]), model=mlp(4, 2),
                                 lr=0.05, epochs=3)  # fmt: skip
    with open_context(LearningCurves(), experiment, tmp_path) as ctx:
        found = rare_marks(ctx, ctx.train_baseline())
    assert found["ignored_class"] == 1
    assert found["ignored_items"] == int(y[400:].sum())
    assert found["ignored_plain"] == pytest.approx(1 - y[400:].float().mean().item())
