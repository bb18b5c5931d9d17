"""Whether an optimizer goes the same way whatever factor the loss is multiplied by."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from recipe.plugin import Experiment

FACTOR = 64.0
"""That of a sum over a usual batch."""
STEPS, RATE = 8, 1e-3
ALIKE = 0.01
"""Relative difference of the ways: rounding and the optimizer's epsilon leave 1e-4, while a step
in proportion to the gradient differs by the factor."""
START = (4.0, -3.0, 2.0)
"""Where it starts from a lowest point at zero, so that gradients are far above any epsilon."""


def takes_any_scale(experiment: Experiment) -> bool:
    """Tried on a small problem. True of Adam and its kin, Adagrad, Adadelta, RMSprop, Rprop and
    LBFGS; not of gradient descent. A named optimizer is known by its name.
    """
    if isinstance(experiment.optimizer, str):
        return False
    try:
        ways = [_way(experiment.optimizer, factor) for factor in (1.0, FACTOR)]
    except Exception:  # noqa: BLE001 - it may want the parameters of the model
        return False
    size = ways[0].abs().max().item()
    return size > 0 and (ways[0] - ways[1]).abs().max().item() < ALIKE * size


def _way(make: Callable[..., Any], factor: float) -> Tensor:
    """How far it goes in a few steps without weight decay."""
    weight = nn.Parameter(torch.tensor(START))
    optimizer = make([weight], RATE, 0.0)

    def closure() -> Tensor:
        optimizer.zero_grad()
        with torch.enable_grad():
            loss = factor * weight.square().sum()
            loss.backward()  # type: ignore[no-untyped-call]
        return loss

    for _ in range(STEPS):
        optimizer.step(closure)
    return weight.detach() - torch.tensor(START)
