import math

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from recipe.training.monitors import ActivationMonitor, UpdateMonitor, activation_shares


def watch(model, loss, lr):
    monitor = UpdateMonitor(model)
    optimizer = torch.optim.SGD(model.parameters(), lr)
    loss(model).backward()
    monitor.before_step()
    optimizer.step()
    monitor.after_step()
    return monitor


def test_gradient_norm_and_update_ratio_of_one_sgd_step():
    model = nn.Linear(2, 1)
    with torch.no_grad():
        model.weight.copy_(torch.tensor([[3.0, 4.0]]))
        model.bias.fill_(1.0)
    # loss = 6 w1 + 8 w2 + 2 b: gradient (6, 8) of norm 10, and 2
    monitor = watch(model, lambda m: 2 * m(torch.tensor([[3.0, 4.0]])).sum(), 0.01)
    figures = monitor.flush()
    assert figures == pytest.approx(
        {
            "grad_norm/weight": 10.0,
            "grad_norm/bias": 2.0,
            "grad_norm": math.sqrt(104),
            "update_ratio/weight": 0.01 * 10 / 5,
            "update_ratio": 0.02,
        }
    )
    assert monitor.flush() == {}


def test_figures_are_means_over_iterations_and_the_median_over_layers():
    model = nn.ModuleList([nn.Linear(1, 2, bias=False) for _ in range(3)])
    with torch.no_grad():
        for layer in model:
            layer.weight.fill_(1.0)
    monitor = UpdateMonitor(model)
    for factor in (1.0, 3.0):
        for k, layer in enumerate(model):
            with torch.no_grad():
                layer.weight.fill_(1.0)
            layer.weight.grad = torch.full((2, 1), factor * 10**k)
        monitor.before_step()
        with torch.no_grad():
            for layer in model:
                layer.weight -= 1e-3 * layer.weight.grad
        monitor.after_step()
    figures = monitor.flush()
    assert figures["grad_norm/1.weight"] == pytest.approx(20 * math.sqrt(2))
    assert figures["grad_norm"] == pytest.approx(math.sqrt(2 * (4 + 400 + 40_000)))
    assert figures["update_ratio/2.weight"] == pytest.approx(0.2, rel=1e-5)
    assert figures["update_ratio"] == pytest.approx(0.02, rel=1e-4)


def test_frozen_unused_and_zero_weights_are_left_out():
    model = nn.ModuleDict({k: nn.Linear(2, 2, bias=False) for k in ("used", "unused", "frozen")})
    model["frozen"].weight.requires_grad_(False)
    nn.init.zeros_(model["used"].weight)
    figures = watch(model, lambda m: m["used"](torch.ones(1, 2)).sum(), 0.1).flush()
    assert set(figures) == {"grad_norm/used.weight", "grad_norm", "update_ratio/unused.weight",
                            "update_ratio"}  # fmt: skip
    assert figures["update_ratio"] == 0.0  # the unused layer did not move
    assert figures["grad_norm"] == pytest.approx(2.0)


def test_a_model_of_vectors_alone_is_watched_by_them():
    model = nn.LayerNorm(4)
    figures = watch(model, lambda m: m(torch.tensor([[1.0, -1, 1, -1]])).square().sum(), 0.1)
    assert "update_ratio/weight" in figures.flush()


def figures(model, x):
    return {name: share.item() for name, share in activation_shares(model, x).items()}


def units(function, biases):
    """Four inputs through one unit per bias: pre-activation = input + bias."""

    class Net(nn.Module):
        def forward(self, x):
            return function(x + torch.tensor(biases))

    return figures(Net(), torch.tensor([[-1.0], [-0.5], [0.5], [1.0]]))


@pytest.mark.parametrize(
    "relu",
    [nn.ReLU(), nn.ReLU(inplace=True), F.relu, torch.relu, F.relu6, lambda x: x.relu(),
     lambda x: x.relu_()],
)  # fmt: skip
def test_dead_units_are_zero_on_every_item(relu):
    assert units(relu, [-5.0, 0.0, 0.9, -1.0]) == {"dead_units": 0.5}


def test_a_leaky_unit_cannot_die():
    assert units(nn.LeakyReLU(), [-5.0, -5.0]) == {}


@pytest.mark.parametrize(
    ("function", "bias", "share"),
    [
        (torch.sigmoid, [0.0, 9.0, -9.0, 9.0], 0.75),
        (nn.Sigmoid(), [0.0, 9.0], 0.5),
        (F.sigmoid, [4.5], 0.5),  # 4.6 is where the slope falls below 1 %
        (torch.tanh, [0.0, 5.0], 0.5),
        (nn.Tanh(), [-2.2], 0.5),  # |tanh| > 0.98 beyond 2.3
        (lambda x: x.tanh(), [0.0], 0.0),
        (lambda x: x.sigmoid(), [0.0], 0.0),
    ],
)
def test_saturated_units_are_at_the_flat_ends(function, bias, share):
    assert units(function, bias) == {"saturated_units": share}


@pytest.mark.parametrize("inplace", [False, True])
def test_what_nothing_comes_to_is_not_dead(inplace):
    layer = nn.Linear(3, 4)
    nn.init.zeros_(layer.weight)
    nn.init.zeros_(layer.bias)
    model = nn.Sequential(layer, nn.ReLU(inplace))
    assert activation_shares(model, torch.randn(5, 3))["dead_units"] == 0
    nn.init.constant_(layer.bias, -1.0)
    assert activation_shares(model, torch.randn(5, 3))["dead_units"] == 1


def test_a_channel_of_a_convolution_is_one_unit_and_the_worst_layer_counts():
    class Net(nn.Module):
        def forward(self, x):
            alive = F.relu(x)  # channel 0 is negative everywhere but in one pixel
            dead = F.relu(x - 0.5)
            return alive + dead + torch.sigmoid(x)

    x = torch.full((2, 4, 3, 3), -1.0)
    x[1, 0, 2, 2] = 0.25
    x[:, 1:] = 1.0
    assert figures(Net(), x) == {"dead_units": 0.25, "saturated_units": 0.0}


@pytest.mark.parametrize("function", [F.relu, torch.sigmoid, torch.tanh])
def test_a_layer_that_is_given_nothing_says_nothing(function):
    """As the head of a detector that proposes no box."""
    with torch.no_grad(), ActivationMonitor() as monitor:
        function(torch.zeros(0, 3))
    assert monitor.worst() == {}


@pytest.mark.parametrize("steps", [1, 3])
def test_of_a_batch_the_first_items_are_looked_at_however_it_is_folded(steps):
    """Unit 0 is alive in the last item only, unit 1 in the first one."""
    x = torch.full((4, steps, 2), -1.0)
    x[3, :, 0] = x[0, :, 1] = 1.0
    seen = {}
    for items in (2, 4, 9, None):
        with torch.no_grad(), ActivationMonitor(items).batch(4) as monitor:
            F.relu(x.flatten(0, 1))
        seen[items] = monitor.worst()["dead_units"].item()
    assert seen == {2: 0.5, 4: 0.0, 9: 0.0, None: 0.0}
