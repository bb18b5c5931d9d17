"""Which loss a user's training step computes: what the model said, and what that was compared with.

Where the loss follows from outputs and targets alone, the usual way to train it does the same, and
the rules can look at both. It is found by trying: the same outputs and targets have to give the
same number.
"""

import math
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from recipe.models.outputs import NAMES, parts_of
from recipe.tasks import TASKS

SAME = 1e-4
"""Relative difference of two losses that are one and the same, but for rounding."""
LOSS_NAMES = ("loss_fn", "criterion", "loss_function", "loss_func", "loss", "crit")
"""What attributes with a loss are called."""

Loss = Callable[[Any, Any], Tensor]


@dataclass(frozen=True)
class Call:
    """A call of the model, or of one of its modules, that no other call was around."""

    path: str
    """Name of the module; empty for the model itself."""
    returned: Any


@contextmanager
def watched(model: nn.Module) -> Iterator[list[Call]]:
    """Within it, the outermost calls of the model's modules are written down, be it by
    `self.net(x)` or by `self.forward(x)`.
    """
    calls: list[Call] = []
    depth = 0

    def shadow(path: str, own: Callable[..., Any]) -> Callable[..., Any]:
        def forward(*args: Any, **kwargs: Any) -> Any:
            nonlocal depth
            depth += 1
            try:
                returned = own(*args, **kwargs)
            finally:
                depth -= 1
            if depth == 0:
                calls.append(Call(path, returned))
            return returned

        return forward

    kept = {module: vars(module).get("forward") for module in model.modules()}
    for path, module in model.named_modules():
        if not isinstance(module, torch.jit.ScriptModule):
            vars(module)["forward"] = shadow(path, module.forward)
    try:
        yield calls
    finally:
        for module, own in kept.items():
            if own is not None:
                vars(module)["forward"] = own
            else:
                vars(module).pop("forward", None)


def outputs_of(returned: Any, count: int) -> Tensor | None:
    """What may be the logits in what a module returned for `count` items."""

    def fits(part: Any) -> bool:
        return (
            isinstance(part, Tensor) and part.ndim > 0 and len(part) == count
            and part.is_floating_point()
        )  # fmt: skip

    if isinstance(returned, Tensor):
        return returned if fits(returned) else None
    parts = parts_of(returned)
    named = [parts[name] for name in NAMES if name in parts]
    return next((part for part in [*named, *parts.values()] if fits(part)), None)


def logits_call(calls: list[Call], model: nn.Module, count: int) -> Call | None:
    """The last of the calls that gave outputs for every item: metrics and losses gave none. The
    model's own call comes before those of its modules.
    """
    fitting = [
        call for call in calls
        if (found := outputs_of(call.returned, count)) is not None and found.requires_grad
        and _is_network(model.get_submodule(call.path))
    ]  # fmt: skip
    own = [call for call in fitting if not call.path]
    return next(iter([*reversed(own), *reversed(fitting)]), None)


def _is_network(module: nn.Module) -> bool:
    """Whether it is no loss: those of torch are modules too."""
    return "loss" not in type(module).__module__.split(".")[-1]


@dataclass(frozen=True)
class FoundLoss:
    """A loss that gives the same number."""

    task: str
    loss: Loss | None
    """None: the task's own."""
    softmax: bool = False
    """Whether the step puts a softmax between outputs and loss."""


USUAL: tuple[tuple[str, Loss | None], ...] = (
    ("classification", None), ("classification", F.nll_loss),
    ("token_classification", None), ("segmentation", None),
    ("binary", None), ("multilabel", None), ("binary_segmentation", None),
    ("binary", F.binary_cross_entropy), ("multilabel", F.binary_cross_entropy),
    ("regression", None), ("regression", F.mse_loss), ("regression", F.l1_loss),
    ("regression", F.smooth_l1_loss),
)  # fmt: skip
"""Tasks with the losses that most training steps compute."""
WITH_ONE = ("binary", "binary_segmentation", "regression")


def find_usual_loss(logits: Tensor, y: Any, value: float, model: nn.Module) -> FoundLoss | None:
    """A loss of these outputs and targets that has this value: a usual one, or one that the model
    keeps among its attributes.
    """
    if not isinstance(y, Tensor):
        return None
    found = _candidates(logits, y, model)
    return next((each for each in found if _gives(each, logits, y, value)), None)


def _candidates(logits: Tensor, y: Tensor, model: nn.Module) -> Iterator[FoundLoss]:
    for task, usual in USUAL:
        if _suits(task, logits, y):
            yield FoundLoss(task, usual)
            if usual is not None:
                yield FoundLoss(task, Matched(usual))
    for own in own_losses(model):
        task = guessed_task(logits, y)
        yield FoundLoss(task, own)
        yield FoundLoss(task, Matched(own))
    if _suits("classification", logits, y):
        yield FoundLoss("classification", None, softmax=True)


class Matched:
    """A loss of targets that are brought to shape and type of the outputs, as training steps do by
    `y.float().view_as(outputs)`.
    """

    def __init__(self, loss: Loss) -> None:
        """`loss` wants both in one shape."""
        self.function = loss
        name = getattr(loss, "__name__", type(loss).__name__)
        self.__name__ = self.__qualname__ = f"{name} of matched targets"

    def __call__(self, outputs: Any, targets: Any) -> Tensor:
        """Mean loss of a batch."""
        return self.function(outputs, targets.to(outputs.dtype).reshape(outputs.shape))


def own_losses(model: nn.Module) -> list[Loss]:
    """Callables that a model keeps under the name of a loss."""
    found = [getattr(model, name, None) for name in LOSS_NAMES]
    return [loss for loss in found if callable(loss)]


def _suits(task: str, logits: Tensor, y: Tensor) -> bool:
    if TASKS[task].target_kind == "class index" and y.is_floating_point():
        return False
    if TASKS[task].target_kind == "zero or one" and bool(((y != 0) & (y != 1)).any()):
        return False
    if task == "classification" and logits.ndim > 3:  # of pixels, that is segmentation
        return False
    if task in ("binary", "regression") and logits.ndim > 2:
        return False
    if task == "multilabel" and (logits.ndim != 2 or logits.shape[1] == 1):
        return False
    if task in WITH_ONE and not y.is_floating_point() and logits.numel() != y.numel():
        return False
    return TASKS[task].shape_problem(logits, y) is None


def _gives(found: FoundLoss, logits: Tensor, y: Tensor, value: float) -> bool:
    given = value_of(found, logits, y)
    return given is not None and math.isclose(given, value, rel_tol=SAME, abs_tol=1e-8)


def value_of(found: FoundLoss, logits: Tensor, y: Tensor) -> float | None:
    """The loss of outputs and targets; None where it does not take them."""
    outputs = logits.detach().softmax(1) if found.softmax else logits.detach()
    with suppress(Exception), warnings.catch_warnings():  # it may be made for something else
        warnings.simplefilter("ignore")
        return float((found.loss or TASKS[found.task].loss)(outputs, y))
    return None


def guessed_task(logits: Any, y: Any) -> str:
    """The task that targets of this kind speak for."""
    if not isinstance(y, Tensor):
        return "classification"
    whole = not y.is_floating_point()
    if whole and isinstance(logits, Tensor):
        if logits.ndim == 3 and y.ndim == 2 and logits.shape[:2] == y.shape:
            return "token_classification"
        if logits.ndim == 4 and y.ndim == 3:
            return "segmentation"
        if logits.numel() == y.numel() and y.ndim < 3 and bool(((y == 0) | (y == 1)).all()):
            return "binary"
    if whole:
        return "classification"
    if isinstance(logits, Tensor) and bool(((y == 0) | (y == 1)).all()):
        return "multilabel" if y.ndim == 2 and y.shape[1] > 1 else "binary"
    return "regression"


def loss_of(returned: Any) -> Tensor | None:
    """The loss in what a training step returned."""
    found = returned.get("loss") if isinstance(returned, Mapping) else returned
    return found if isinstance(found, Tensor) and found.numel() == 1 else None
