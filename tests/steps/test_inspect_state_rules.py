"""What models do beside computing outputs: cases of the rules, and the probes behind them."""

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from recipe.testing import judge_scalars, measure
from recipe_steps.inspect import Inspect
from recipe_steps.inspect.state_rules import (
    mode_switched_in_forward,
    state_kept_between_batches,
    state_outside_state_dict,
)
from rule_cases import NAN, Case, check
from step_samples import blob_experiment


def switched(count, mode="evaluation"):
    return {"switched_layers": count, "switched_to": mode, "switched_names": "drop"}


STATE_CASES = [
    Case(mode_switched_in_forward, switched(1), "warn", says="1 layer (drop) to evaluation mode"),
    Case(mode_switched_in_forward, switched(2, "training"), "warn", says="still acts when"),
    Case(mode_switched_in_forward, switched(0), None),
    Case(mode_switched_in_forward, {"switched_layers": 1}, None),
    Case(mode_switched_in_forward, switched(NAN), None),
    Case(
        state_kept_between_batches, {"carried_difference": 0.2, "carried_names": "h"}, "warn",
        says="keeps state in h from one batch",
    ),
    Case(state_kept_between_batches, {"carried_difference": 0.2}, "warn", says="somewhere"),
    Case(state_kept_between_batches, {"carried_difference": 1.01e-4}, "warn"),
    Case(state_kept_between_batches, {"carried_difference": 1e-4}, None),
    Case(state_kept_between_batches, {"carried_difference": NAN}, None),
    Case(state_outside_state_dict, {"lost_difference": 0.2, "lost_names": "mean"}, "warn",
         says="mean changes in training"),
    Case(state_outside_state_dict, {"lost_difference": 0.2}, "warn", says="Something changes"),
    Case(state_outside_state_dict, {"lost_difference": 1e-4}, None),
    Case(state_outside_state_dict, {"lost_difference": NAN}, None),
]  # fmt: skip


@pytest.mark.parametrize("case", STATE_CASES, ids=str)
def test_case(case):
    check(Inspect(), case)


class Base(nn.Module):
    def __init__(self):
        super().__init__()
        self.a, self.drop, self.b = nn.Linear(4, 16), nn.Dropout(0.5), nn.Linear(16, 3)

    def forward(self, x):
        return self.b(self.drop(F.relu(self.a(x))))


class EvalInForward(Base):
    def forward(self, x):
        self.eval()
        return super().forward(x)


class EvalAndBack(Base):
    """Nothing shows afterwards."""

    def forward(self, x):
        mode = self.training
        self.eval()
        y = super().forward(x)
        self.train(mode)
        return y


class TrainInForward(Base):
    def forward(self, x):
        self.train()
        return super().forward(x)


class DropoutOff(Base):
    def forward(self, x):
        self.drop.eval()
        return super().forward(x)


class FrozenPart(Base):
    """As transfer learning does it."""

    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(4, 4), nn.BatchNorm1d(4), nn.Dropout(0.1))
        self.body.requires_grad_(requires_grad=False)

    def forward(self, x):
        self.body.eval()
        return super().forward(self.body(x))


class NothingActs(nn.Module):
    def __init__(self):
        super().__init__()
        self.a = nn.Linear(4, 3)

    def forward(self, x):
        self.eval()
        return self.a(x)


class Hidden(Base):
    """A state that the next batch begins with."""

    def __init__(self):
        super().__init__()
        self.h = None

    def forward(self, x):
        h = F.relu(self.a(x))
        if self.h is not None:
            h = h + self.h
        self.h = h.detach().mean(0)
        return self.b(h)


class HiddenInTraining(Hidden):
    def forward(self, x):
        if not self.training:
            return self.b(F.relu(self.a(x)))
        return super().forward(x)


class HiddenInAList(Base):
    def __init__(self):
        super().__init__()
        self.seen = []

    def forward(self, x):
        h = F.relu(self.a(x)) + sum(self.seen)
        self.seen.append(h.detach().mean(0))
        return self.b(h)


class Watched(Base):
    """It keeps what nobody reads: attention to be looked at."""

    def forward(self, x):
        self.attention = F.softmax(self.a(x), 1)
        return self.b(self.attention)


class Cached(Base):
    """What it keeps is the same for every batch."""

    def __init__(self):
        super().__init__()
        self.positions = None

    def forward(self, x):
        if self.positions is None or len(self.positions) != x.shape[1]:
            self.positions = torch.arange(x.shape[1], device=x.device) / 10
        return super().forward(x + self.positions)


class OwnMean(Base):
    """A batch norm of one's own, whose mean is no buffer."""

    def __init__(self):
        super().__init__()
        self.mean = torch.zeros(4)

    def forward(self, x):
        if self.training:
            self.mean = 0.5 * self.mean + 0.5 * x.detach().mean(0)
            return super().forward(x - x.mean(0))
        return super().forward(x - self.mean)


class OwnCounter(Base):
    def __init__(self):
        super().__init__()
        self.steps = 0

    def forward(self, x):
        self.steps += self.training
        return super().forward(x) / (1 + self.steps)


class Registered(OwnMean):
    def __init__(self):
        super().__init__()
        del self.mean
        self.register_buffer("mean", torch.zeros(4))


class Counts(Base):
    """A number that nothing depends on."""

    steps = 0

    def forward(self, x):
        self.steps += 1
        return super().forward(x)


class Spectral(Base):
    def __init__(self):
        super().__init__()
        self.a = nn.utils.parametrizations.spectral_norm(self.a)


class Usual(Base):
    def __init__(self):
        super().__init__()
        self.a = nn.Sequential(nn.Linear(4, 16), nn.BatchNorm1d(16))


MODE, KEPT, LOST = (
    "mode-switched-in-forward", "state-kept-between-batches", "state-outside-state-dict",
)  # fmt: skip
MODELS = [
    (EvalInForward, MODE), (EvalAndBack, MODE), (TrainInForward, MODE), (DropoutOff, MODE),
    (Hidden, KEPT), (HiddenInTraining, KEPT), (HiddenInAList, KEPT),
    (OwnMean, LOST), (OwnCounter, LOST),
    (FrozenPart, None), (NothingActs, None), (Watched, None), (Cached, None), (Registered, None),
    (Counts, None), (Spectral, None), (Usual, None),
]  # fmt: skip


@pytest.mark.parametrize(("model", "rule"), MODELS, ids=lambda x: getattr(x, "__name__", str(x)))
def test_what_a_model_does_beside_its_outputs(tmp_path, model, rule):
    evidence = measure(Inspect(), blob_experiment(model=model), tmp_path)
    found = {f.rule for f in judge_scalars(Inspect(), evidence.scalars, evidence.curves)}
    assert found & {MODE, KEPT, LOST} == ({rule} if rule else set())


def test_the_names_of_what_is_kept(tmp_path):
    kept = measure(Inspect(), blob_experiment(model=Hidden), tmp_path)
    assert kept.text("carried_names") == "h"
    lost = measure(Inspect(), blob_experiment(model=OwnCounter), tmp_path / "lost")
    assert lost.text("lost_names") == "steps"
