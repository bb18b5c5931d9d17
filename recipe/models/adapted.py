"""A model of the user's as a function from a batch to outputs, whatever it takes and returns.

The class of the model is exchanged for one that is derived from it, as PyTorch's own
parametrizations do: names of parameters, hooks and copies stay what they are.
"""

import inspect
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from torch import Tensor, nn

from recipe.border.advice import SHAPES, UNKNOWN, Circumstances, advice_for
from recipe.core.names import named_as
from recipe.data.datasets import Suit
from recipe.data.trees import (
    Padded,
    Tree,
    Values,
    WithTargets,
    every_tensor,
    natural,
)
from recipe.models.calling import Calling, mask_parameter
from recipe.models.outputs import OutputPicker, structure_of
from recipe.models.own_loss import OwnLoss

_ADAPTER, _AS_DECLARED = "_recipe_adapter", "_recipe_as_declared"


@dataclass(frozen=True)
class Adapter:
    """How a batch becomes what a model takes, and what it returns the outputs.

    Attributes:
        calling: None where it takes one tensor.
        picker: takes the outputs out of what it returns.
        whole: the loss takes all that it returns.
        own_loss: how it is asked for the loss that it computes itself.
        suits: what is done to data that this model is given, see `recipe.data`.

    """

    calling: Calling | None = None
    picker: OutputPicker = field(default_factory=OutputPicker)
    whole: bool = False
    own_loss: OwnLoss | None = None
    suits: tuple[Suit, ...] = ()

    @property
    def changes(self) -> bool:
        """Whether anything is to be done: not for a tensor that becomes a tensor."""
        return self != Adapter()

    def __call__(self, model: nn.Module, forward: Callable[..., Any], x: Any) -> Any:
        """Outputs for a batch.

        Args:
            model: whose method `forward` is.
            forward: of the model's own class.
            x: inputs; with the targets where the model computes its own loss.

        """
        batch = natural(x)
        calling = self.calling or Calling()
        if isinstance(batch, WithTargets):
            own = self.own_loss
            calling = Calling() if own is not None and own.whole_batch else calling
            args, kwargs = calling.arguments(batch.inputs)
            if own is None:
                return self._outputs(forward(*args, **kwargs))
            asked = own.asked(model, forward, args, kwargs, batch.targets)
            return Tree(asked.as_tree(self.picker, len(x)))
        args, kwargs = calling.arguments(batch)
        return self._outputs(forward(*args, **kwargs))

    def _outputs(self, returned: Any) -> Any:
        if self.whole and not isinstance(returned, Tensor):
            return Tree(structure_of(returned))
        outputs = self.picker(returned)
        return outputs if isinstance(outputs, Tensor) else Tree(structure_of(outputs))


def adapt(model: nn.Module, adapter: Adapter) -> nn.Module:
    """The model, changed so that it takes batches and returns outputs; its own code calls it as
    before.
    """
    if adapter.changes:
        if _ADAPTER not in vars(model):
            model.__class__ = _adapted(type(model))  # type: ignore[arg-type]
        vars(model)[_ADAPTER] = adapter
    return model


@cache
def _adapted(kind: type[nn.Module]) -> type[nn.Module]:
    class Adapted(kind):  # type: ignore[misc, valid-type]
        def forward(self, *args: Any, **kwargs: Any) -> Any:
            adapter: Adapter = vars(self)[_ADAPTER]
            own = super().forward
            alone = len(args) == 1 and not kwargs
            if alone and isinstance(args[0], Tree):
                return adapter(self, own, args[0])
            ours = alone and adapter.calling is None and isinstance(args[0], Tensor)
            if ours and not vars(self).get(_AS_DECLARED):
                return adapter(self, own, args[0])
            return own(*args, **kwargs)

    Adapted.forward.__wrapped__ = kind.forward  # type: ignore[attr-defined]  # its parameters
    named_as(Adapted, kind)
    return Adapted


def adapter_of(model: nn.Module) -> Adapter | None:
    """What `adapt` was given, for a model or for one inside it; None for a model as it is."""
    return next((vars(m)[_ADAPTER] for m in model.modules() if _ADAPTER in vars(m)), None)


def mask_given(model: nn.Module, x: Values) -> bool:
    """Whether a model is told where sequences end, in a batch like `x`."""
    adapter, name = adapter_of(model), mask_parameter(model)
    calling = None if adapter is None else adapter.calling
    if calling is None or name is None:
        return False
    batch = natural(x)
    given = batch.inputs if isinstance(batch, WithTargets) else batch
    args, kwargs = calling.arguments(given)
    return name in inspect.signature(model.forward).bind_partial(*args, **kwargs).arguments


def advice(model: nn.Module, x: Values, error: Exception) -> str:
    """What to do about a model that cannot process a batch, in words."""
    if next(every_tensor(x), None) is None:
        return (
            "the inputs hold no numbers, so turn them into some: pass collate=, a function from a "
            "list of items to a batch, or let the data set do it"
        )
    batch, adapter = natural(x), adapter_of(model)
    calling = (adapter and adapter.calling) or Calling()
    whole = not (calling.spread or calling.names is not None or calling.only is not None)
    if whole and isinstance(batch, tuple) and not isinstance(batch, Padded):
        return (
            f"its forward is given all {len(batch)} inputs as one tuple: let it take a parameter "
            "for each, or pass batch=, a function from an item to (inputs, targets)"
        )
    if whole and isinstance(batch, dict):
        return (
            f"its forward is given the whole dict: call its parameters as the keys "
            f"({', '.join(map(str, batch))}), or pass batch=, a function from an item to "
            "(inputs, targets)"
        )
    if isinstance(error, TypeError) and "positional argument" in str(error):
        return (
            "let its forward take the inputs of an item, or pass batch=, a function from an item "
            "to (inputs, targets)"
        )
    _, to_do = advice_for(error, Circumstances())
    return "match the model's first layer to the data" if to_do in (UNKNOWN, SHAPES) else to_do


@contextmanager
def as_declared(model: nn.Module) -> Iterator[None]:
    """Within it the model returns what the user wrote, also for one tensor: the user's own code
    calls it.
    """
    vars(model)[_AS_DECLARED] = True
    try:
        yield
    finally:
        del vars(model)[_AS_DECLARED]
