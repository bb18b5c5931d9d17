"""Views that stand where a transposition is meant: from [n, T, C] to [n, C, T] the values stay in
their order in memory, so that time and channels are mixed.
"""

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from recipe.models.mended_calls import Around

Shape = tuple[int, ...]
Factory = Callable[..., nn.Module]
_CALLS = frozenset({Tensor.view, Tensor.reshape, torch.reshape, Tensor.view_as, Tensor.reshape_as})


def turned(before: Sequence[int], after: Sequence[int]) -> tuple[int, ...] | None:
    """The order of axes by which a shape becomes another one of the same sizes, the first axis in
    its place; None where it is none, or where only axes of one value change places. Axes of one
    size keep their order.
    """
    if len(before) != len(after) or len(before) < 3 or before[0] != after[0]:
        return None
    left, order = list(range(1, len(before))), [0]
    for size in after[1:]:
        axis = next((a for a in left if before[a] == size), None)
        if axis is None:
            return None
        left.remove(axis)
        order.append(axis)
    wide = [axis for axis in order if before[axis] != 1]
    return None if wide == sorted(wide) else tuple(order)


def _turn(func: Any, args: Any, made: Any) -> tuple[Any, tuple[Shape, Shape] | None]:
    """How a call turned axes round, and the shapes of an item before and after; None twice where it
    did not.
    """
    if func in _CALLS and args and isinstance(made, Tensor):
        before, after = tuple(args[0].shape), tuple(made.shape)
        order = turned(before, after)
        if order is not None:
            return order, (before[1:], after[1:])
    return None, None


class _Watch(TorchFunctionMode):
    def __init__(self) -> None:
        super().__init__()
        self.seen: list[tuple[Shape, Shape]] = []

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        made = func(*args, **(kwargs or {}))
        _, pair = _turn(func, args, made)
        if pair is not None:
            self.seen.append(pair)
        return made


@torch.no_grad()
def views_for_transpositions(model: nn.Module, x: Any, y: Any) -> list[tuple[Shape, Shape]]:
    """The shapes of an item, before and after, of views in the forward pass that turn axes round.

    Args:
        model: in evaluation mode.
        x: some inputs.
        y: another number of inputs: what turns by the size of a batch alone is meant otherwise.

    """
    found = []
    for some in (x, y):
        with _Watch() as watch:
            model(some.clone())
        found.append(watch.seen)
    return [pair for pair in dict.fromkeys(found[0]) if pair in found[1]]


class _Turned(TorchFunctionMode):
    """A transposition in place of these views."""

    def __init__(self, pairs: Sequence[tuple[Shape, Shape]]) -> None:
        super().__init__()
        self.pairs = pairs

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        made = func(*args, **(kwargs or {}))
        order, pair = _turn(func, args, made)
        return args[0].permute(order).contiguous() if pair in self.pairs else made


def transposed_instead(make: Factory, pairs: Sequence[tuple[Shape, Shape]]) -> Factory:
    """Models that transpose where a view goes from one of these shapes of an item to the other."""

    def made(**given: Any) -> nn.Module:
        return Around(make(**given), lambda _: _Turned(pairs))

    return made


def as_channels_last(x: Tensor) -> Tensor:
    """Pictures [n, C, H, W] read as if their values lay there as height x width x channel."""
    n, channels, height, width = x.shape
    return x.reshape(n, height, width, channels).permute(0, 3, 1, 2)


class ReadChannelsLast(nn.Module):
    """The model behind `as_channels_last`."""

    def __init__(self, model: nn.Module) -> None:
        """Wrap a fresh model."""
        super().__init__()
        self.model = model

    def forward(self, x: Tensor) -> Any:
        """The outputs of the model."""
        return self.model(as_channels_last(x).contiguous())
