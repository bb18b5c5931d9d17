"""What the loss says to the outputs of the model, before anything is trained."""

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from recipe.core.errors import UsageError
from recipe.testing import judge_scalars, measure
from recipe_steps.inspect import Inspect
from recipe_steps.inspect.loss_call import Call, _of_devices, called
from step_samples import blob_experiment, blobs, mlp

X, Y = blobs(classes=2)
ONE, SURE = mlp(4, 1), mlp(4, 1, 32, nn.Sigmoid())
YES = {"task": "binary", "model": ONE, "train": (X, Y.float())}
REFUSED, NO_GRADIENT = "outputs-do-not-match-targets", "parameters-without-gradient"


def accuracy(outputs, targets):
    return F.mse_loss(outputs.argmax(1).float(), targets.float())


def in_place(outputs, targets):
    return F.cross_entropy(outputs.mul_(2), targets)


def in_halves(outputs, targets):
    """Compares the items of a batch, and needs some."""
    assert len(outputs) >= 8
    return F.cross_entropy(outputs, targets)


LOSSES = {
    "cross-entropy": ({}, None, ""),
    "in place": ({"loss": in_place}, None, ""),
    "needs a batch": ({"loss": in_halves}, None, ""),
    "squared error": ({"task": "regression", "model": ONE, "train": (X, X[:, :1]),
                       "loss": nn.MSELoss()}, None, ""),
    "[N, 1] against [N]": ({**YES, "loss": nn.BCEWithLogitsLoss()}, REFUSED,
                           "[32, 1] and type float32 against targets of shape [32]"),
    "whole numbers": ({**YES, "model": SURE, "train": (X, Y[:, None]), "loss": nn.BCELoss()},
                      REFUSED, "the loss refuses: Found dtype Long but expected Float."),
    "logits": ({**YES, "train": (X, Y[:, None].float()), "loss": nn.BCELoss()}, REFUSED,
               "between 0 and 1."),
    "one number per item": ({"loss": nn.CrossEntropyLoss(reduction="none")}, REFUSED,
                            "returns 32 numbers"),
    "a tuple": ({"loss": lambda o, y: (F.cross_entropy(o, y), 1)}, REFUSED, "returns a tuple"),
    "accuracy": ({"loss": accuracy}, NO_GRADIENT, "The loss has no gradient"),
    "a float": ({"loss": lambda o, y: F.cross_entropy(o, y).item()}, NO_GRADIENT, "no gradient"),
}  # fmt: skip


@pytest.mark.parametrize("name", LOSSES)
def test_a_loss_is_called_before_anything_is_trained(tmp_path, name):
    given, rule, words = LOSSES[name]
    evidence = measure(Inspect(), blob_experiment(**given), tmp_path)
    found = {f.rule: f for f in judge_scalars(Inspect(), evidence.scalars) if f.counts}
    assert list(found) == ([rule] if rule else [])
    if rule:
        assert found[rule].severity == "fail"
        assert words in found[rule].message


def test_labels_out_of_range_are_named_once(tmp_path):
    experiment = blob_experiment(train=(X, Y + 2), loss=nn.CrossEntropyLoss())
    evidence = measure(Inspect(), experiment, tmp_path)
    found = [f.rule for f in judge_scalars(Inspect(), evidence.scalars) if f.counts]
    assert found == ["targets-out-of-range"]


def test_an_update_step_may_do_without_the_gradient_of_the_loss(tmp_path):
    def update(model, optimizer, batch):
        loss = F.cross_entropy(model(batch[0]), batch[1])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return loss

    evidence = measure(Inspect(), blob_experiment(loss=accuracy, update=update), tmp_path)
    assert not [f for f in judge_scalars(Inspect(), evidence.scalars) if f.counts]


def test_an_error_of_its_own_is_no_matter_of_shapes(tmp_path):
    def loss(outputs, targets):
        return F.cross_entropy(outputs, targets) + outputs.undefined

    with pytest.raises(UsageError, match=r"loss raised AttributeError.*test_loss_call.py"):
        measure(Inspect(), blob_experiment(loss=loss), tmp_path)


def test_outputs_that_are_no_real_values():
    outputs, targets = torch.tensor([1, 2]), torch.tensor([1.0, 2.0])
    assert called(lambda o, y: (o - y).abs().mean(), outputs, targets) == Call(gradient=None)


def test_small_floats_are_made_float32_as_in_training():
    outputs, targets = torch.zeros(4, 1, dtype=torch.bfloat16), torch.zeros(4, 1)
    assert called(nn.BCEWithLogitsLoss(), outputs, targets).fine


@pytest.mark.parametrize(
    ("complaint", "device", "of_devices"),
    [
        ("Expected all tensors to be on the same device", "cuda", True),
        ("not implemented for 'CPU'", "cuda", True),
        ("Found dtype Long but expected Float", "cuda", False),
        ("Expected all tensors to be on the same device", "cpu", False),
    ],
)
def test_a_loss_that_lives_on_an_accelerator(complaint, device, of_devices):
    assert _of_devices(complaint, torch.device(device)) == of_devices


def test_an_error_without_words():
    def loss(outputs, targets):
        raise ValueError

    found = called(loss, torch.zeros(2), torch.zeros(2)).complaint
    line = loss.__code__.co_firstlineno + 1
    assert found == f"ValueError (test_loss_call.py:{line})"


def test_the_outputs_are_left_as_they_are():
    outputs = torch.ones(4, 3)
    assert called(in_place, outputs, torch.zeros(4, dtype=torch.long)).fine
    assert torch.equal(outputs, torch.ones(4, 3))
    assert not outputs.requires_grad
