"""Passes without gradient in as many parts as memory asks for."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

import torch
from torch import nn

from recipe.core.names import named_as
from recipe.data.joining import join, split
from recipe.data.trees import Tree, Values, every_tensor
from recipe.machine.out_of_memory import give_back, is_out_of_memory

_HALVES = "_recipe_halves"
_FITTING: dict[tuple[str, str, int], int] = {}
"""Items that go through models of a kind at once, by their size, where all of them did not."""
_PASSED: dict[tuple[str, str, int], int] = {}
"""The most items that have gone through."""


def outputs_that_fit(call: Callable[[Values], Any], x: Values, owner: nn.Module) -> Any:
    """Outputs [n, ...] of a pass over inputs [n, ...]; where memory runs out, of parts of them,
    joined. To be called where the items of a batch do not see each other: in evaluation mode.

    Sizes of parts are powers of two, so that they do not depend on which batch came first.
    """
    kind = type(owner).__module__, type(owner).__qualname__, _numbers(x) // max(1, len(x))
    size, passed = _FITTING.get(kind, len(x)), _PASSED.get(kind, 0)
    # The model may write into what it is given before it finds that there is no room.
    kept = x.clone() if min(size, len(x)) > passed else None
    versions = _versions(x)
    while True:
        try:
            parts = [x] if size >= len(x) else split(x, size)
            outputs = join([call(part) for part in parts])
        except Exception as error:
            smaller = 1 << (min(size, len(x)) - 1).bit_length() - 1 if size > 1 else 0
            lost = kept is None and versions != _versions(x)
            if not is_out_of_memory(error) or not smaller or lost:
                raise
        else:
            _PASSED[kind] = max(passed, min(size, len(x)))
            return outputs
        # Behind the except clause: the error holds the frames of the pass, and these its memory.
        first = next(every_tensor(x), None)
        give_back(torch.device("cpu") if first is None else first.device)
        size = smaller
        x = x if kept is None else kept.clone()
        versions = _versions(x)
        _FITTING[kind], _PASSED[kind] = smaller, 0


def _versions(x: Values) -> list[int]:
    """How often each tensor was written into."""
    return [tensor._version for tensor in every_tensor(x)]  # noqa: SLF001 - autograd's own count


def _numbers(x: Values) -> int:
    return sum(tensor.numel() for tensor in every_tensor(x))


@dataclass(frozen=True)
class Halving:
    """The user's factory, whose models take a batch in halves where memory runs out in a pass in
    evaluation mode without gradient.
    """

    factory: Callable[..., nn.Module]

    def __call__(self, *args: Any, **given: Any) -> nn.Module:
        """A fresh model."""
        model = self.factory(*args, **given)
        if isinstance(model, nn.Module) and _HALVES not in vars(model):
            model.__class__ = _halved(type(model))  # type: ignore[arg-type]
            vars(model)[_HALVES] = True
        return model

    @property
    def __wrapped__(self) -> Callable[..., nn.Module]:
        """What tells the arguments that may be searched."""
        return self.factory


@cache
def _halved(kind: type[nn.Module]) -> type[nn.Module]:
    class Halved(kind):  # type: ignore[misc, valid-type]
        def forward(self, *args: Any, **kwargs: Any) -> Any:
            own = super().forward
            alone = len(args) == 1 and not kwargs and isinstance(args[0], torch.Tensor | Tree)
            if not alone or self.training or torch.is_grad_enabled():
                return own(*args, **kwargs)
            return outputs_that_fit(own, args[0], self)

    Halved.forward.__wrapped__ = kind.forward  # type: ignore[attr-defined]  # its parameters
    named_as(Halved, kind)
    return Halved
