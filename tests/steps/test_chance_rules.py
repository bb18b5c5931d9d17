"""The rule about a model that knows nothing."""

import functools

import pytest
import torch
from torch import nn

from recipe import Experiment
from recipe.testing import open_context
from recipe_steps.learning_curves import LearningCurves
from recipe_steps.learning_curves.chance_rules import no_better_than_chance
from recipe_steps.learning_curves.constant_answers import constant_score
from rule_cases import NAN, Case, check


def knows(score, chance=0.25, items=400, metric="accuracy", name="best"):
    """A run that ended with this score."""
    return {
        f"{name}_status": "finished", f"{name}_score": score, f"{name}_chance": chance,
        f"{name}_constant": chance,
        f"{name}_items": items, "metric": metric,
    }  # fmt: skip


CURVES = {f"{name}_{split}_score": [0.2, 0.3] for name in ("best", "baseline")
          for split in ("train", "val")}  # fmt: skip


def told(scalars, severity, says=""):
    return Case(no_better_than_chance, scalars, severity, CURVES, says)


CASES = [
    told(knows(0.25), "warn", "0.25, and to give all 400 items"),
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
    told(knows(0.485, metric="own") | {"best_constant": 0.485, "best_chance": 0.0}, "warn"),
    told(knows(0.486, metric="own") | {"best_constant": 0.485, "best_chance": 0.0}, None),
    told(knows(-3.0, metric="own") | {"best_constant": -2.0, "best_chance": 0.0}, "warn"),
    told(knows(0.25) | {"best_constant": None}, None),
    told(knows(0.25) | {"best_constant": NAN}, None),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_rule(case):
    check(LearningCurves(), case)


def score_of_constants(tmp_path, **declared):
    x = torch.randn(200, 4, generator=torch.Generator().manual_seed(0))
    with open_context(LearningCurves(), Experiment(train=(x[:150], declared.pop("y")[:150]),
                      val=(x[150:], declared.pop("val")), lr=0.1, **declared), tmp_path) as ctx:  # fmt: skip
        return constant_score(ctx, ctx.val_targets)


def test_the_best_constant_answer_by_any_metric(tmp_path):
    y = torch.arange(200) % 4
    val = torch.tensor([0] * 30 + [1] * 20)
    net = functools.partial(nn.Linear, 4, 4)

    def accuracy(outputs, targets):
        return float((outputs.argmax(1) == targets).float().mean())

    assert score_of_constants(tmp_path / "a", model=net, y=y, val=val) == pytest.approx(0.6)
    own = score_of_constants(tmp_path / "b", model=net, y=y, val=val, metric=accuracy)
    assert own == pytest.approx(0.6)
    values = torch.randn(200, 1)
    negative = score_of_constants(
        tmp_path / "c", model=functools.partial(nn.Linear, 4, 1), y=values, val=values[150:],
        task="regression", metric=lambda o, t: -float((o - t).square().mean()),
    )  # fmt: skip
    assert negative == pytest.approx(-float(values[150:].var(correction=0)), rel=0.1)

    def refuses(outputs, targets):
        raise ValueError("no")

    assert score_of_constants(tmp_path / "d", model=net, y=y, val=val, metric=refuses) is None
