"""The rule about a model that knows nothing."""

import pytest

from recipe_steps.learning_curves import LearningCurves
from recipe_steps.learning_curves.chance_rules import no_better_than_chance
from rule_cases import NAN, Case, check


def knows(score, chance=0.25, items=400, metric="accuracy", name="best"):
    """A run that ended with this score."""
    return {
        f"{name}_status": "finished", f"{name}_score": score, f"{name}_chance": chance,
        f"{name}_items": items, "metric": metric,
    }  # fmt: skip


CURVES = {f"{name}_{split}_score": [0.2, 0.3] for name in ("best", "baseline")
          for split in ("train", "val")}  # fmt: skip


def told(scalars, severity, says=""):
    return Case(no_better_than_chance, scalars, severity, CURVES, says)


CASES = [
    told(knows(0.25), "warn", "0.25, and always to answer"),
    told(knows(0.29), "warn"),  # two standard errors are 0.043
    told(knows(0.3), None),
    told(knows(0.3, items=60), "warn"),
    told(knows(0.25, items=49), None),
    told(knows(0.9, chance=0.9), None),
    told(knows(NAN), None),
    told(knows(0.25) | knows(0.5, name="baseline"), None),
    told(knows(0.25) | knows(0.2, name="baseline"), "warn"),
    told(knows(-0.1, 0.0, metric="r2"), "warn", "scores 0"),
    told(knows(-0.03, 0.0, metric="r2"), None),
    told(knows(-0.1, 0.0, metric="error"), None),
    told({}, None),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_rule(case):
    check(LearningCurves(), case)
