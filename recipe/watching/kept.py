"""What a watch keeps of the last iterations, so that a step which gave a NaN can be replayed."""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, suppress
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn

from recipe.data.trees import every_tensor
from recipe.frameworks.loss_finding import loss_of
from recipe.training.nan_causes import Origin
from recipe.training.nan_trace import finite, origin_of_nan
from recipe.watching.untouched import untouched

MOST_BYTES = 1 << 28
"""Of weights that are copied; larger models are replayed with the weights they have."""
_GRAPH = {
    "Log": "log-of-zero", "Log1P": "log-of-zero", "Log2": "log-of-zero", "Log10": "log-of-zero",
    "Div": "division-by-zero", "Reciprocal": "division-by-zero", "Sqrt": "root-at-zero",
    "Rsqrt": "root-at-zero", "Exp": "exponential",
}  # fmt: skip
"""Nodes of a graph that probably made a loss infinite, where nothing but their names is known."""
FAR = 30
"""Nodes behind a loss that are looked through."""


@dataclass
class Call:
    """How the model was called in an iteration."""

    args: tuple[Any, ...]
    kwargs: Mapping[str, Any]
    autocast: torch.dtype | None = None
    targets: tuple[Any, ...] | None = None
    """What the loss was given behind the outputs; None where nobody saw it."""

    @property
    def device(self) -> str:
        """Of its tensors."""
        return next((t.device.type for t in every_tensor([self.args, dict(self.kwargs)])), "cpu")

    @property
    def items(self) -> int | None:
        """Of the batch."""
        found = every_tensor([self.args, dict(self.kwargs)])
        return next((len(t) for t in found if t.ndim), None)

    def context(self) -> AbstractContextManager[Any] | None:
        """In which it was called."""
        if self.autocast is None:
            return None
        return torch.autocast(self.device, self.autocast)


@dataclass
class Kept:
    """The last two calls, and the weights from some iteration before them."""

    model: nn.Module
    loss: Callable[..., Any] | None = None
    whole: Callable[[nn.Module, Any], Any] | None = None
    """Computes the loss of a batch, where a framework knows how."""
    copied: "Callable[[nn.Module, Mapping[str, Tensor] | None], nn.Module] | None" = None
    """Copies the model, with these values of its parameters and buffers, where a framework has a
    way of its own."""
    now: Call | None = None
    before: Call | None = None
    weights: dict[str, Tensor] = field(default_factory=dict)

    def called(self, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> None:
        """The model is called with this."""
        device = args[0].device.type if args and isinstance(args[0], Tensor) else "cpu"
        dtype = torch.get_autocast_dtype(device) if torch.is_autocast_enabled(device) else None
        if args and isinstance(args[0], Tensor) and args[0].requires_grad:
            args = (args[0].detach(), *args[1:])
        self.before, self.now = self.now, Call(args, kwargs, dtype)

    def told(self, batch: Any, *, called: bool) -> None:
        """The batch of an iteration, as the user tells it.

        Args:
            batch: inputs and targets.
            called: whether the call of the model was seen: then only targets are news.

        """
        parts = tuple(batch) if isinstance(batch, tuple | list) else (batch,)
        count = len(self.now.args) if self.now is not None and self.now.args else 1
        if not called:
            self.called(parts[:count], self.now.kwargs if self.now is not None else {})
        self.compared(parts[count:])

    def compared(self, targets: tuple[Any, ...]) -> None:
        """The loss is called with outputs and this behind them."""
        if self.now is not None:
            self.now.targets = tuple(map(_leaf, targets))

    @torch.no_grad()
    def keep_weights(self) -> None:
        """Copy them, into the same memory every time."""
        state = self._state()
        if self.weights.keys() != state.keys():
            self.weights = {name: value.clone() for name, value in state.items()}
            return
        torch._foreach_copy_(list(self.weights.values()), list(state.values()))

    @property
    def can_keep(self) -> bool:
        """Whether the model is small enough."""
        return sum(t.numel() * t.element_size() for t in self._state().values()) <= MOST_BYTES

    def _state(self) -> dict[str, Tensor]:
        tensors = (*self.model.named_parameters(), *self.model.named_buffers())
        return {name: value.detach() for name, value in tensors}

    def weights_are_finite(self) -> bool:
        """Those that the model has now."""
        return all(finite(p) for p in self.model.parameters() if p.is_floating_point())

    def origin(self, loss: Any, grown: str) -> Origin:
        """Where the first value that is not finite came from.

        Args:
            loss: as the user gave it, which is not finite.
            grown: what is said where no step shows it: how losses went.

        """
        states: list[dict[str, Tensor] | None] = [None] if self.weights_are_finite() else []
        states += [self.weights] if self.weights else []
        for call in (self.now, self.before):
            for state in states:
                found = None
                with suppress(Exception):  # it is gone anyway: nothing may get worse
                    found = self._replayed(call, state) if call is not None else None
                if found is not None and found.phase != "weights":
                    return found
        return _by_graph(loss) or Origin("growth", before=grown)

    def _replayed(self, call: Call, state: Mapping[str, Tensor] | None) -> Origin | None:
        with untouched():
            copy = (self.copied or _copied)(self.model, state)
            given = deepcopy([call.args, dict(call.kwargs)])
            return origin_of_nan(
                copy, lambda: self._loss(copy, call, *given), given, items=call.items,
                autocast=call.context(),
            )  # fmt: skip

    def _loss(self, copy: nn.Module, call: Call, args: Any, kwargs: Any) -> Any:
        if self.whole is not None:
            return loss_of(self.whole(copy, args[0]))
        outputs = copy(*args, **kwargs)
        if self.loss is not None and call.targets is not None:
            return self.loss(outputs, *call.targets)
        found = loss_of(outputs) if not isinstance(outputs, Tensor) else None
        return outputs if found is None else found


@torch.no_grad()
def _copied(model: nn.Module, state: Mapping[str, Tensor] | None) -> nn.Module:
    copy = deepcopy(model)
    if state is not None:
        for name, value in (*copy.named_parameters(), *copy.named_buffers()):
            value.copy_(state[name])
    return copy


def _leaf(value: Any) -> Any:
    """Without the graph that it may hang on."""
    return value.detach() if isinstance(value, Tensor) and value.requires_grad else value


def _by_graph(loss: Any) -> Origin | None:
    """What the names of the nodes behind a loss tell."""
    waiting = [loss.grad_fn] if isinstance(loss, Tensor) and loss.grad_fn is not None else []
    for _ in range(FAR):
        if not waiting:
            return None
        node = waiting.pop(0)
        name = node.name().rstrip("0123456789").removesuffix("Backward")
        if name in _GRAPH and not (name == "Div" and loss.grad_fn is node):
            where = "the graph behind the loss"
            return Origin("forward", where, name.lower(), _GRAPH[name])
        waiting += [after for after, _ in node.next_functions if after is not None]
    return None
