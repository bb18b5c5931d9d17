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
from recipe_steps.learning_curves.validation_probes import evaluation_marks
from recipe_steps.overfit_sample.rules import evaluation_differs_from_training
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


def modes(running, evaluated):
    scalars = {"training_score_running": running, "training_score_evaluated": evaluated}
    return Case(evaluation_differs_from_training, scalars, None)


EVALUATED = [
    modes(1.0, 0.6)._replace(severity="fail", says="scores 0.6 in evaluation mode, and 1"),
    modes(0.96, 0.8)._replace(severity="fail"), modes(0.95, 0.81), modes(0.8, 0.95),
    modes(NAN, 0.5), modes(1.0, NAN), modes(None, 0.5),
]  # fmt: skip
CASES += EVALUATED


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


class Lagging(nn.Module):
    """Evaluates with an average of its weights that hardly moves."""

    def __init__(self, share=0.9999):
        super().__init__()
        self.net, self.slow, self.share = net(), net(), share
        self.slow.load_state_dict(self.net.state_dict())

    def forward(self, x):
        if self.training:
            with torch.no_grad():
                for slow, own in zip(self.slow.parameters(), self.net.parameters(), strict=True):
                    slow.lerp_(own, 1 - self.share)
            return self.net(x)
        return self.slow(x)


def net():
    return nn.Sequential(nn.Linear(4, 32), nn.ReLU(), nn.Linear(32, 4))


@pytest.mark.parametrize(("share", "apart"), [(0.9999, True), (0.5, False)])
def test_training_items_are_asked_for_in_evaluation_mode(tmp_path, share, apart):
    x = torch.randn(600, 4, generator=torch.Generator().manual_seed(0))
    y = x.argmax(1)
    made = Experiment(model=lambda: Lagging(share), train=(x[:80], y[:80]), val=(x[200:], y[200:]),
                      optimizer="adam", lr=0.01, batch_size=8, epochs=12)  # fmt: skip
    with open_context(LearningCurves(), made, tmp_path, exact=True) as ctx:
        ctx.train_baseline()
        found = evaluation_marks(ctx)
    if found:
        gap = found["training_score_running"] - found["training_score_evaluated"]
        assert (gap > 0.15) is apart
    else:
        assert not apart
