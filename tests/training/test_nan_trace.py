"""Each likely cause of a NaN is injected, and the operation, module, items and line are named."""

import inspect

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from recipe.training.nan_trace import origin_of_nan

X = torch.randn(8, 4, generator=torch.Generator().manual_seed(0))
Y = torch.arange(8) % 3
DARK = X.clone()
DARK[3] = 0


class Net(nn.Module):
    def __init__(self, middle):
        super().__init__()
        torch.manual_seed(0)
        self.first, self.last = nn.Linear(4, 4), nn.Linear(4, 3)
        nn.init.zeros_(self.first.bias)
        self.middle = middle

    def forward(self, x):
        return self.last(self.middle(self.first(x)))


class Middle(nn.Module):
    """Calls a function."""

    def __init__(self, function):
        super().__init__()
        self.function = function

    def forward(self, x):
        return self.function(x)


def traced(function, x=X, loss=F.cross_entropy, autocast=None, scale=1.0):
    net = Net(Middle(function))
    with torch.no_grad():
        net.first.weight.mul_(scale)
    return origin_of_nan(net, lambda: loss(net(x), Y), (x, Y), items=8, autocast=autocast)


def by_norm(h):
    return h / h.norm(dim=1, keepdim=True)


def by_own_norm(h):
    return h / h.pow(2).sum(1, keepdim=True).sqrt()


def times_own_norm(h):
    return h * h.pow(2).sum(1, keepdim=True).sqrt()


def safe_root_by_where(h):
    return torch.where(h > 0, h.sqrt(), h)


def all_masked(h):
    return h.masked_fill(h < 100, -torch.inf).softmax(1)


def some_masked(h):
    return torch.cat([h[:, :1], h[:, 1:].masked_fill(h[:, 1:] < 100, -torch.inf)], 1).softmax(1)


CASES = [
    ("log-of-zero", "log", "forward", lambda h: h.relu().log(), {}),
    ("log-of-negative", "log", "forward", lambda h: h.log(), {}),
    ("norm-of-zero", "div", "forward", by_norm, {"x": DARK}),
    ("norm-of-zero", "div", "forward", by_own_norm, {"x": DARK}),
    ("division-by-zero", "div", "forward", lambda h: h / (h * 0), {}),
    ("root-at-zero", "sqrt", "backward", times_own_norm, {"x": DARK}),
    ("root-at-zero", "pow", "backward", lambda h: h * h.square().sum(1, keepdim=True) ** 0.3, {"x": DARK}),
    ("root-of-negative", "sqrt", "forward", lambda h: h.sqrt(), {}),
    ("root-of-negative", "sqrt", "backward", safe_root_by_where, {}),
    ("exponential", "exp", "forward", lambda h: (1e3 * h).exp(), {}),
    ("half-overflow", "mul", "forward", lambda h: h * 1e6, {"autocast": torch.autocast("cpu", torch.float16)}),
    ("growth", "mul", "forward", lambda h: h * h, {"scale": 1e25}),
    ("masked", "masked_fill", "forward", all_masked, {}),
]  # fmt: skip


@pytest.mark.parametrize(("cause", "operation", "phase", "function", "given"), CASES)
def test_the_operation_and_its_likely_cause(cause, operation, phase, function, given):
    found = traced(function, **given)
    assert (found.cause, found.operation, found.phase) == (cause, operation, phase)
    assert found.module == "middle"
    _, line = inspect.getsourcelines(function)
    shift = 0 if function.__name__ == "<lambda>" else 1
    assert found.place == f"test_nan_trace.py:{line + shift}"
    assert found.before


@pytest.mark.parametrize("function", [by_norm, times_own_norm])
def test_the_item_is_named(function):
    assert traced(function, DARK).items == (3,)


def test_a_loss_of_ones_own_is_no_module():
    found = traced(lambda h: h, loss=lambda o, _: -torch.log(0 * o.softmax(1)).mean())
    assert (found.module, found.operation, found.cause) == ("", "log", "log-of-zero")


def test_items_that_are_no_numbers():
    x = X.clone()
    x[5, 2] = torch.nan
    found = traced(lambda h: h, x)
    assert (found.phase, found.items) == ("batch", (5,))


def test_weights_that_are_gone_already():
    net = Net(nn.Identity())
    with torch.no_grad():
        net.last.bias[0] = torch.inf
    found = origin_of_nan(net, lambda: F.cross_entropy(net(X), Y), (X, Y))
    assert (found.phase, found.module) == ("weights", "last.bias")


@pytest.mark.parametrize(
    "function",
    [lambda h: h, some_masked, F.normalize, lambda h: F.dropout(h.relu(), 0.5), F.gelu,
     lambda h: F.layer_norm(h, [4]), lambda h: torch.empty_like(h).copy_(h)],
)  # fmt: skip
def test_what_stays_finite_has_no_origin(function):
    assert traced(function, DARK) is None


def test_a_model_without_a_loss_is_tried_with_the_sum_of_its_outputs():
    net = Net(Middle(times_own_norm))
    found = origin_of_nan(net, lambda: net(DARK), DARK, items=8)
    assert (found.phase, found.operation) == ("backward", "sqrt")


def test_no_hook_is_left():
    net = Net(nn.Identity())
    origin_of_nan(net, lambda: net(X), X)
    assert not any(m._forward_hooks or m._forward_pre_hooks for m in net.modules())
