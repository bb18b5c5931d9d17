"""torch's optimizers without its compiler: the same steps to the last bit, and no import of it."""

import subprocess
import sys

import pytest
import torch
from torch import nn

from recipe.border.light_optimizers import light_step

MADE = {
    "sgd": lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.9, nesterov=True),
    "fused sgd": lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.9, fused=True),
    "adamw": lambda p: torch.optim.AdamW(p, lr=0.1, fused=True),
    "adam": lambda p: torch.optim.Adam(p, lr=0.1, amsgrad=True),
    "rmsprop": lambda p: torch.optim.RMSprop(p, lr=0.1, foreach=True),
    "nadam": lambda p: torch.optim.NAdam(p, lr=0.1),
}


def trained(make, step_of):
    weights = nn.Parameter(torch.linspace(-1, 1, 7))
    optimizer = make([weights])
    for _ in range(5):
        optimizer.zero_grad()
        weights.pow(2).sum().backward()
        step_of(optimizer)()
    return weights.detach()


@pytest.mark.parametrize("make", MADE.values(), ids=MADE)
def test_its_steps_are_those_of_torch(make):
    assert trained(make, light_step).equal(trained(make, lambda optimizer: optimizer.step))


def test_hooks_and_steps_of_somebody_else_are_called():
    weights, seen = nn.Parameter(torch.ones(2)), []
    optimizer = torch.optim.SGD([weights], lr=0.1)
    weights.grad = torch.ones(2)
    handle = optimizer.register_step_post_hook(lambda *_: seen.append("hook"))
    light_step(optimizer)()
    handle.remove()
    optimizer.step = lambda: seen.append("own")
    light_step(optimizer)()

    class Own(torch.optim.SGD):
        def step(self, closure=None):
            seen.append("subclass")

    light_step(Own([weights], lr=0.1))()
    assert seen == ["hook", "own", "subclass"]


IMPORTS_NOTHING = """
import sys, torch
from torch import nn
from recipe import Experiment
from recipe.sources import Source
from recipe.training.optimizers import build_optimizer, step

model = nn.Linear(2, 1)
for optimizer in ("sgd", "adamw", lambda params, lr, decay: torch.optim.SGD(params, lr)):
    x = torch.ones(4, 2)
    experiment = Experiment(model=lambda: model, train=(x, x[:, :1]), val=(x, x[:, :1]),
                            optimizer=optimizer, task="regression")
    made = build_optimizer(experiment, model, 0.1)
    model(x).sum().backward()
    step(made, None)
heavy = {"torch._dynamo", "sympy", "torchvision", "scipy.stats", "sklearn"} & set(sys.modules)
assert not heavy, heavy
torch.optim.SGD(model.parameters()).step()
assert "torch._dynamo" in sys.modules  # as ever, for whoever comes after
"""


def test_neither_the_compiler_nor_torchvision_is_imported_for_a_plain_training():
    done = subprocess.run(
        [sys.executable, "-c", IMPORTS_NOTHING], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
