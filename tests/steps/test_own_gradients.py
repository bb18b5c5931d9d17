"""Backward passes that the user wrote."""

import pytest
import torch
from torch import nn

import recipe
from recipe import Experiment
from recipe.models.own_functions import own_functions, plainly
from recipe.testing import open_context
from recipe_steps.inspect import Inspect
from recipe_steps.inspect.own_gradients import own_gradients


class Gate(torch.autograd.Function):
    """x sigmoid(x), without the gradient that comes in."""

    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x * torch.sigmoid(x)

    @staticmethod
    def backward(ctx, grad_output):
        (x,) = ctx.saved_tensors
        s = torch.sigmoid(x)
        return s * (1 + x * (1 - s))


class RightGate(Gate):
    @staticmethod
    def backward(ctx, grad_output):
        return grad_output * Gate.backward(ctx, grad_output)


class TwoParts(torch.autograd.Function):
    """The newer form of the same."""

    @staticmethod
    def forward(x):
        return x * torch.sigmoid(x)

    @staticmethod
    def setup_context(ctx, inputs, output):
        ctx.save_for_backward(*inputs)

    @staticmethod
    def backward(ctx, grad_output):
        return Gate.backward(ctx, grad_output)


class Rounded(torch.autograd.Function):
    """Passes its gradient on, as those do that quantise."""

    @staticmethod
    def forward(ctx, x):
        return x.round()

    @staticmethod
    def backward(ctx, grad_output):
        return grad_output


class Net(nn.Module):
    def __init__(self, function=None):
        super().__init__()
        self.first, self.second, self.last = nn.Linear(5, 32), nn.Linear(32, 32), nn.Linear(32, 2)
        self.made = function

    def act(self, x):
        return x.relu() if self.made is None else self.made.apply(x)

    def forward(self, x):
        return self.last(self.act(self.second(self.act(self.first(x)))))


def points(n=300):
    source = torch.Generator().manual_seed(0)
    x = torch.randn(n, 5, generator=source)
    return x, (x[:, 0] * x[:, 1] > 0).long()


def marks(tmp_path, function):
    experiment = Experiment(model=lambda: Net(function), train=points(), lr=0.05, epochs=2)
    with open_context(Inspect(), experiment, tmp_path) as ctx:
        return own_gradients(ctx, Net(function), points()[0][:32])


@pytest.mark.parametrize("function", [Gate, TwoParts])
def test_another_gradient_than_that_of_the_forward_is_told(tmp_path, function):
    found = marks(tmp_path, function)
    assert found["own_backward"] == function.__name__
    assert found["own_backward_apart"] > 0.1


@pytest.mark.parametrize("function", [None, RightGate])
def test_right_ones_have_nothing_to_tell(tmp_path, function):
    assert marks(tmp_path, function) == {}


def test_one_that_rounds_is_noted(tmp_path):
    assert marks(tmp_path, Rounded)["own_backward"] == "Rounded"


def test_plain_functions_are_so_inside_only():
    x = torch.randn(4, requires_grad=True)
    assert own_functions(Gate.apply(x)) == [Gate]
    with plainly([Gate, TwoParts]):
        assert own_functions(Gate.apply(x)) == []
        inside = torch.autograd.grad(3 * Gate.apply(x).sum(), x)[0]
        assert torch.equal(Gate.apply(x), TwoParts.apply(x))
    s = torch.sigmoid(x)
    assert torch.allclose(inside, 3 * s * (1 + x * (1 - s)))
    assert own_functions(Gate.apply(x)) == [Gate]


@pytest.mark.slow
@pytest.mark.parametrize(("function", "severity"), [(Gate, "warn"), (Rounded, "note")])
def test_the_gradient_of_pytorch_decides(tmp_path, function, severity):
    result = recipe.run(
        Experiment(model=lambda: Net(function), train=points(1200), optimizer="adam", lr=0.01,
                   batch_size=32, epochs=12),
        until="inspect", out=tmp_path, device="cpu", fresh=True, exact=True,
    )  # fmt: skip
    (found,) = [f for f in result.steps[0].findings if f.rule == "own-backward-differs"]
    assert found.severity == severity
