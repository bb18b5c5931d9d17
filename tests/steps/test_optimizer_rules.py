"""Cases of the rule about unusual settings of an optimizer, as whole trainings show them."""

import pytest

from recipe_steps.learning_curves import LearningCurves
from recipe_steps.overfit_sample import OverfitSample
from recipe_steps.overfit_sample.optimizer_rules import optimizer_settings_unusual
from rule_cases import NAN, Case, check


def unusual(before=None, after=None, error=0.001, beta1=False, **more):
    """A declared setting with a high momentum, and as long a training with the usual one."""
    scores = {"unusual_score": before, "usual_score": after, "usual_score_error": error, **more}
    known = {} if before is None else scores
    return {"unusual_settings": "momentum 0.99 (usual: 0 to 0.98)", "betas_turned": beta1, **known}


UNUSUAL = [
    Case(optimizer_settings_unusual, unusual(beta1=True), "warn", says="the wrong way round"),
    Case(optimizer_settings_unusual, unusual(), None),
    Case(optimizer_settings_unusual, unusual(0.6, 0.9), "warn", says="0.6; as long a training"),
    Case(optimizer_settings_unusual, unusual(0.6, 0.9, usual_lr=0.05), "warn", says="rate of 0.05"),
    Case(
        optimizer_settings_unusual, unusual(0.89, 0.905), "note", says="no gain"
    ),  # two of a hundred
    Case(optimizer_settings_unusual, unusual(0.88, 0.901), "warn"),
    Case(optimizer_settings_unusual, unusual(0.8, 0.9, error=0.05), "note"),  # or chance
    Case(optimizer_settings_unusual, unusual(0.8, 0.901, error=0.05), "warn"),
    Case(optimizer_settings_unusual, unusual(0.88, 0.895, usual_chance=0.5), "warn"),
    Case(optimizer_settings_unusual, unusual(0.9, NAN), "note"),
    Case(optimizer_settings_unusual, unusual(NAN, 0.9), None),
    Case(optimizer_settings_unusual, unusual(0.6, 0.9, error=NAN), "note"),
    Case(optimizer_settings_unusual, {}, None),
]


@pytest.mark.parametrize("case", UNUSUAL, ids=str)
@pytest.mark.parametrize("step", [OverfitSample(), LearningCurves()], ids=["sample", "curves"])
def test_rule(case, step):
    check(step, case)
