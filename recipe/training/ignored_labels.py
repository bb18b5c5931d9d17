"""Which label a loss of the user's own leaves out, where it says so nowhere but in its code."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from recipe.data.datasets import Splits
from recipe.data.trees import Values
from recipe.experiment import Experiment
from recipe.models.building import build_model
from recipe.tasks import Classification

SAMPLE = 64
"""Items that are looked at."""
LARGEST = 1 << 22
"""Made-up outputs in all."""
FEWEST = 5
"""Places of a label."""
CPU = torch.device("cpu")


class LeavesOut:
    """A loss that says which label it leaves out, so that the score leaves it out too."""

    def __init__(self, function: Callable[..., Any], label: int) -> None:
        """`function` does not look at outputs whose target is `label`."""
        self.function, self.ignore_index = function, label
        self.__module__ = function.__module__  # a fingerprint reads the code

    def __call__(self, outputs: Any, targets: Any) -> Any:
        """What the function returns."""
        return self.function(outputs, targets)

    def __getattr__(self, name: str) -> Any:
        """What the function says of itself."""
        if name == "function":  # while a copy is being made
            raise AttributeError(name)
        return getattr(self.function, name)


def with_ignored_label(
    experiment: Experiment, data: Splits, say: Callable[[str], None]
) -> Experiment:
    """The experiment with a loss that says which label it leaves out: one of targets [n, T, ...]
    where outputs get no gradient, while all others do.
    """
    loss = experiment.loss
    if not callable(loss) or hasattr(loss, "ignore_index") or experiment.update is not None:
        return experiment
    if not isinstance(experiment.resolved_task.plain, Classification):
        return experiment
    sample = data.train.sample(SAMPLE, torch.Generator().manual_seed(0))
    x, y = sample.x.cpu(), sample.y.cpu()
    if not isinstance(y, Tensor) or y.ndim < 2 or y.is_floating_point():
        return experiment
    counted = _counted(experiment, x, y)
    label = None if counted is None else left_out(y[: len(counted)], counted)
    if label is None:
        return experiment
    say(f"The loss leaves out label {label}, so the score does too.")
    return replace(experiment, loss=LeavesOut(loss, label))


def _counted(experiment: Experiment, x: Values, y: Tensor) -> Tensor | None:
    """Where made-up outputs get a gradient from the loss; None where it takes none."""
    task = experiment.resolved_task
    with suppress(Exception):  # the first step says what is wrong
        with torch.no_grad():
            outputs = task.looked_at(build_model(experiment, 0, CPU).eval()(x[:2].clone()))
        axis = task.class_axis(outputs, y[:2])
        y = y[: max(2, LARGEST // outputs[0].numel())]
        shape = [len(y), *outputs.shape[1:]]
        leaf = torch.randn(shape, generator=torch.Generator().manual_seed(0)).requires_grad_()
        with torch.enable_grad():
            (gradient,) = torch.autograd.grad(experiment.loss_function(leaf.clone(), y), leaf)
        counted: Tensor = gradient.abs().amax(axis) > 0
        return counted if counted.shape == y.shape and bool(gradient.isfinite().all()) else None
    return None


def left_out(y: Tensor, counted: Tensor) -> int | None:
    """The one label none of whose places count while those of all others do; None without one, or
    where it is -100, as always. Steps at which nothing counts are no matter of labels.
    """
    here = counted.any(0).expand_as(y) & (y != Classification.ignored)
    labels = torch.unique(y[here & ~counted])
    if len(labels) != 1:
        return None
    its = here & (y == labels[0])
    if bool(counted[its].any()) or int(its.sum()) < FEWEST:
        return None
    return int(labels[0])
