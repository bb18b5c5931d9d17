"""Which targets a loss of the user's own leaves out, where it says so nowhere but in its code."""

import math
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor, nn

from recipe.data.datasets import Splits, TensorData
from recipe.data.trees import Values
from recipe.experiment import Experiment
from recipe.models.building import build_model
from recipe.tasks import Binary, Classification, Regression, Task
from recipe.tasks.by_loss import ByLoss

SAMPLE, SINGLE = 64, 512
"""Items that are looked at, and of how many with a single target each."""
ODD = 16
"""Items with a target that is no number, beside them."""
LARGEST = 1 << 22
"""Made-up outputs in all."""
FEWEST = 5
"""Places of a target."""
CPU = torch.device("cpu")


class LeavesOut:
    """A loss that says which targets it leaves out, so that the score leaves them out too."""

    def __init__(self, function: Callable[..., Any], *targets: float) -> None:
        """`function` does not look at outputs whose target is one of these; NaN is one too."""
        self.function, self.leaves_out = function, targets
        if len(targets) == 1 and float(targets[0]).is_integer():
            self.ignore_index = int(targets[0])
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
    """The experiment with a loss that says which targets it leaves out: those where outputs get no
    gradient, while others do.
    """
    loss, task = experiment.loss, experiment.resolved_task.plain
    if not callable(loss) or experiment.update is not None or _says_all(loss):
        return experiment
    if not isinstance(task, Classification | Binary | Regression) or isinstance(task, ByLoss):
        return experiment
    x, y = _sample(data)
    if not isinstance(y, Tensor) or y.is_complex():
        return experiment
    if isinstance(task, Classification) and y.is_floating_point():
        return experiment
    counted = _counted(experiment, task, x, y)
    found = () if counted is None else left_out(y[: len(counted[0])], *counted)
    if not found:
        return experiment
    told = ", ".join("NaN" if math.isnan(value) else f"{value:g}" for value in found)
    what = "label" if isinstance(task, Classification) else "target"
    say(f"The loss leaves out {what}{'s' * (len(found) > 1)} {told}, so the score does too.")
    return replace(experiment, loss=LeavesOut(loss, *found))


def _says_all(loss: Any) -> bool:
    """Whether a loss says what it leaves out: by an `ignore_index`, and with no weight of zero."""
    label = getattr(loss, "ignore_index", None)
    if hasattr(loss, "leaves_out") or (label is not None and label != Classification.ignored):
        return True
    weight = getattr(loss, "weight", None)
    return isinstance(loss, nn.CrossEntropyLoss | nn.NLLLoss) and (
        weight is None or bool((weight != 0).all())
    )


def _sample(data: Splits) -> tuple[Values, Values]:
    """Some training items, and some whose targets are no numbers: of these there may be few."""
    train, generator = data.train, torch.Generator().manual_seed(0)
    y = getattr(train, "y", None)
    if not isinstance(train, TensorData) or not isinstance(y, Tensor):
        sample = train.sample(SAMPLE, generator)
        return sample.x.cpu(), sample.y.cpu()
    chosen = torch.randperm(len(y), generator=generator)[: SINGLE if y.ndim == 1 else SAMPLE]
    odd = y.reshape(len(y), -1).isnan().any(1).nonzero().flatten()[:ODD].cpu()
    sample = train.part([*odd.tolist(), *chosen.tolist()])
    return sample.x.cpu(), sample.y.cpu()


def _counted(
    experiment: Experiment, task: Task, x: Values, y: Tensor
) -> tuple[Tensor, float] | None:
    """Where made-up outputs get a gradient from the loss, in the shape of the targets, and how many
    classes there are; None where it takes none.
    """
    whole = experiment.resolved_task
    with suppress(Exception):  # the first step says what is wrong
        with torch.no_grad():
            outputs = whole.looked_at(build_model(experiment, 0, CPU).eval()(x[:2].clone()))
        y = y[: max(2, LARGEST // outputs[0].numel())]
        shape = [len(y), *outputs.shape[1:]]
        for draw in (torch.randn, torch.rand):  # some losses take probabilities only
            leaf = draw(shape, generator=torch.Generator().manual_seed(0)).requires_grad_()
            found = _gradient(experiment, leaf, y)
            if found is not None:
                break
        else:
            return None
        classes = math.inf
        if isinstance(task, Classification):
            axis = task.class_axis(outputs, y[:2])
            classes, found = outputs.shape[axis], found.amax(axis)
        counted: Tensor = found > 0
        return (counted.reshape(y.shape), classes) if counted.numel() == y.numel() else None
    return None


def _gradient(experiment: Experiment, leaf: Tensor, y: Tensor) -> Tensor | None:
    """Its size for each output; None where the loss takes none of them, or it is not finite."""
    with suppress(Exception), torch.enable_grad():
        (gradient,) = torch.autograd.grad(experiment.loss_function(leaf.clone(), y), leaf)
        return gradient.abs() if bool(gradient.isfinite().all()) else None
    return None


def left_out(y: Tensor, counted: Tensor, classes: float = math.inf) -> tuple[float, ...]:
    """The targets none of whose places count while those of all others do; none where there are no
    such, or where they are -100, as always. Steps at which nothing counts are no matter of targets,
    unless these are no class.
    """
    here = counted.any(0).expand_as(y) if y.ndim > 1 else torch.ones_like(counted)
    if not y.is_floating_point():
        here = (here | (y < 0) | (y.long() >= classes)) & (y.long() != Classification.ignored)
    out = here & ~counted
    found: list[float] = []
    values = torch.unique(y[out & ~y.isnan()]).tolist()
    for value in values + [math.nan] * bool(y[out].isnan().any()):
        its = here & (y.isnan() if math.isnan(value) else y == value)
        if bool(counted[its].any()) or int(its.sum()) < FEWEST:
            return ()
        found.append(value)
    return tuple(found) if bool(counted.any()) else ()
