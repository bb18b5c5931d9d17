"""Models that compute their own loss when they are given the targets."""

import inspect
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

import torch
from torch import Tensor, nn

from recipe.core.errors import UsageError
from recipe.data.item_parts import TARGETS
from recipe.data.trees import Items, as_structure
from recipe.models.outputs import NAMES, OutputPicker, parts_of

_OWN_LOSS = "_recipe_own_loss"
LOSS, LOGITS, PREDICTIONS = "loss", "logits", "predictions"
"""Parts of the outputs of such a model."""


@dataclass(frozen=True)
class Asked:
    """What a model answered that was given the targets."""

    loss: Tensor
    """One number."""
    returned: Any
    """All that it returned."""

    def as_tree(self, picker: OutputPicker, count: int) -> dict[str, Any]:
        """The loss for every one of `count` items, so that it passes through as outputs do, and
        logits or predictions where there are any.
        """
        found: dict[str, Any] = {LOSS: self.loss.reshape(1).expand(count)}
        parts = parts_of(self.returned)
        if isinstance(self.returned, list) and len(self.returned) == count:
            return found | {PREDICTIONS: Items(as_structure(each) for each in self.returned)}
        if picker.name is not None and picker.name in parts:
            found[LOGITS] = parts[picker.name]
        elif picker.function is not None:
            found[LOGITS] = picker.function(self.returned)
        else:
            named = next((name for name in NAMES if isinstance(parts.get(name), Tensor)), None)
            others = [part for part in parts.values() if isinstance(part, Tensor) and part.ndim > 1]
            logits = parts[named] if named else next(iter(others), None)
            found |= {} if logits is None or len(logits) != count else {LOGITS: logits}
        return found


class OwnLoss(Protocol):
    """How a model is asked for its loss."""

    whole_batch: ClassVar[bool]
    """Whether it is given the inputs as the data have them, not as `forward` takes them."""

    def __str__(self) -> str:
        """Where the loss comes from, in words behind "the loss is"."""

    def asked(
        self,
        model: nn.Module,
        forward: Callable[..., Any],
        args: tuple[Any, ...],
        kwargs: Mapping[str, Any],
        targets: Any,
    ) -> Asked:
        """Call the model with inputs and targets."""


@dataclass(frozen=True)
class ByForward:
    """Its `forward` takes the targets too: Hugging Face's `labels`, torchvision's detectors.

    Attributes:
        name: of its parameter.

    """

    whole_batch: ClassVar[bool] = False

    name: str

    def __str__(self) -> str:
        """See `OwnLoss`."""
        return f"the model's own, which is given the targets as {self.name}"

    def asked(
        self,
        model: nn.Module,
        forward: Callable[..., Any],
        args: tuple[Any, ...],
        kwargs: Mapping[str, Any],
        targets: Any,
    ) -> Asked:
        """See `OwnLoss`. A detector gives losses in training mode and boxes in evaluation mode: in
        that it is called twice.

        Raises:
            UsageError: it returns no loss.

        """
        returned = forward(*args, **{**kwargs, self.name: _listed(targets)})
        loss = find_loss(returned)
        if loss is None and not model.training:
            with _training_without_marks(model), torch.no_grad():
                loss = find_loss(forward(*args, **{**kwargs, self.name: _listed(targets)}))
        if loss is None:
            raise UsageError(
                f"{type(model).__name__} was given {self.name} and returned no loss but a "
                f"{type(returned).__name__}: leave out loss='model' and pass a loss."
            )
        return Asked(loss, returned)


def _listed(targets: Any) -> Any:
    return list(targets) if isinstance(targets, Items) else targets


def target_parameter(model: nn.Module) -> str | None:
    """The parameter of `forward` that takes the targets."""
    try:
        known = inspect.signature(model.forward).parameters
    except (TypeError, ValueError):
        return None
    return next((name for name in TARGETS if name in known), None)


def declare(model: nn.Module, own: OwnLoss) -> nn.Module:
    """The model, which says by that how it is asked for its loss: the training step of another
    framework's model is more than its `forward`.
    """
    vars(model)[_OWN_LOSS] = own
    return model


def declared(model: nn.Module) -> OwnLoss | None:
    """What `declare` was given, or the parameter of `forward` that takes the targets; None where
    there is neither.
    """
    own: OwnLoss | None = vars(model).get(_OWN_LOSS)
    if own is not None:
        return own
    name = target_parameter(model)
    return None if name is None else ByForward(name)


def find_loss(returned: Any) -> Tensor | None:
    """The loss in what a model returned: a number called loss, the only number, or the sum of all
    where they are losses by name.
    """
    if isinstance(returned, Tensor):
        return returned if returned.numel() == 1 else None
    parts = parts_of(returned)
    numbers = {
        name: part for name, part in parts.items() if isinstance(part, Tensor) and not part.ndim
    }
    if LOSS in numbers:
        return numbers[LOSS]
    if len(numbers) == 1:
        return next(iter(numbers.values()))
    if numbers and len(numbers) == len(parts) and all("loss" in str(name) for name in numbers):
        return torch.stack(list(numbers.values())).sum()
    return None


@contextmanager
def _training_without_marks(model: nn.Module) -> Iterator[None]:
    """Training mode without dropout, and without a mark on running statistics."""
    modes = [(module, module.training) for module in model.modules()]
    kinds = (nn.modules.batchnorm._BatchNorm, nn.modules.dropout._DropoutNd)  # noqa: SLF001
    for module, _ in modes:
        module.training = not isinstance(module, kinds)
    try:
        yield
    finally:
        for module, mode in modes:
            module.training = mode
