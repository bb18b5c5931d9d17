"""Losses that models compute themselves."""

from dataclasses import dataclass

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from recipe.core.errors import UsageError
from recipe.data.trees import Items
from recipe.models.outputs import OutputPicker
from recipe.models.own_loss import Asked, ByForward, find_loss, target_parameter

X, Y = torch.randn(6, 4, generator=torch.Generator().manual_seed(0)), torch.arange(6) % 3
ONE, TWO = torch.tensor(1.0), torch.tensor(2.0)


@dataclass
class Answer:
    loss: torch.Tensor
    logits: torch.Tensor


@pytest.mark.parametrize(
    ("returned", "loss"),
    [
        (ONE, 1.0),
        (torch.tensor([1.0]), 1.0),
        ((X, ONE), 1.0),
        ((ONE, X), 1.0),
        ({"loss": ONE, "norm": TWO}, 1.0),
        ({"loss_box": ONE, "loss_class": TWO}, 3.0),
        (Answer(TWO, X), 2.0),
        ((X, None), None),
        (X, None),
        ({"a": ONE, "b": TWO}, None),
        ({"loss_box": ONE, "loss_class": TWO, "logits": X}, None),
    ],
)
def test_the_loss_in_what_was_returned(returned, loss):
    found = find_loss(returned)
    assert (None if found is None else found.item()) == loss


@pytest.mark.parametrize(
    ("forward", "name"),
    [
        (lambda self, x, labels=None: 0, "labels"),
        (lambda self, idx, targets=None: 0, "targets"),
        (lambda self, x, y: 0, "y"),
        (lambda self, x: 0, None),
        (lambda self, *parts: 0, None),
    ],
)
def test_the_parameter_that_takes_targets(forward, name):
    assert target_parameter(type("Net", (nn.Module,), {"forward": forward})()) == name


class Net(nn.Module):
    """In the manner of minGPT: (logits, loss), the loss with targets alone."""

    def __init__(self, *, detector=False):
        super().__init__()
        self.layer, self.drop, self.norm = nn.Linear(4, 3), nn.Dropout(0.5), nn.BatchNorm1d(3)
        self.detector = detector

    def forward(self, x, targets=None):
        logits = self.norm(self.drop(self.layer(x)))
        if self.detector:
            losses = {"loss_a": F.cross_entropy(logits, targets), "loss_b": logits.mean()}
            return losses if self.training else list(logits)
        return logits, None if targets is None else F.cross_entropy(logits, targets)


def test_a_model_is_asked_with_the_targets():
    model = Net().eval()
    asked = ByForward("targets").asked(model, model.forward, (X,), {}, Y)
    assert asked.loss.item() == pytest.approx(F.cross_entropy(model(X)[0], Y).item())
    tree = asked.as_tree(OutputPicker(), 6)
    assert tree["loss"].shape == (6,)
    assert tree["loss"].mean().item() == pytest.approx(asked.loss.item())
    assert torch.equal(tree["logits"], model(X)[0])


def test_a_detector_is_asked_twice_in_evaluation_mode_and_left_as_it_was():
    model = Net(detector=True).eval()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    asked = ByForward("targets").asked(model, model.forward, (X,), {}, Y)
    logits = model.layer(X)  # dropout and running statistics of evaluation mode
    assert asked.loss.item() == pytest.approx(
        (F.cross_entropy(model.norm(logits), Y) + model.norm(logits).mean()).item()
    )
    assert not any(module.training for module in model.modules())
    assert all(torch.equal(before[name], value) for name, value in model.state_dict().items())
    found = asked.as_tree(OutputPicker(), 6)
    assert isinstance(found["predictions"], Items)
    assert len(found["predictions"]) == 6


def test_where_the_logits_are():
    assert Asked(ONE, {"a": X, "logits": Y[:, None]}).as_tree(OutputPicker("a"), 6)["logits"] is X
    assert Asked(ONE, (ONE, X)).as_tree(OutputPicker(), 6)["logits"] is X
    assert "logits" not in Asked(ONE, (ONE, X)).as_tree(OutputPicker(), 5)
    assert "logits" not in Asked(ONE, ONE).as_tree(OutputPicker(), 6)
    made = Asked(ONE, (ONE, X)).as_tree(OutputPicker(function=lambda found: found[1] * 2), 6)
    assert torch.equal(made["logits"], X * 2)


def test_a_model_without_a_loss_is_named():
    model = nn.Linear(4, 3)
    with pytest.raises(
        UsageError, match="Linear was given labels and returned no loss but a Tensor"
    ):
        ByForward("labels").asked(model, lambda x, labels: x, (X,), {}, Y)
