"""Batch normalisation in several places of a model: one layer for each place."""

import copy
from collections.abc import Callable, Mapping
from typing import Any

from torch import Tensor, nn


class InTurn(nn.Module):
    """Layers that take turns within one pass of a model."""

    def __init__(self, layer: nn.Module, times: int) -> None:
        """So many copies of the layer, itself the first."""
        super().__init__()
        self.layers = nn.ModuleList([layer, *(copy.deepcopy(layer) for _ in range(times - 1))])
        self.turn = 0

    def forward(self, x: Tensor) -> Tensor:
        """What the layer whose turn it is makes of it; the last one of all that come later."""
        layer = self.layers[min(self.turn, len(self.layers) - 1)]
        self.turn += 1
        found: Tensor = layer(x)
        return found


def norms_apart(
    make: Callable[..., nn.Module], times: Mapping[str, int]
) -> Callable[..., nn.Module]:
    """Models in which each call of these layers has a layer of its own.

    Args:
        make: the factory.
        times: calls in one pass, by the name of the layer.

    """

    def made(**given: Any) -> nn.Module:
        model = make(**given)
        turns = {id(model.get_submodule(n)): InTurn(model.get_submodule(n), k)
                 for n, k in times.items()}  # fmt: skip
        for parent in list(model.modules()):
            for name, child in list(parent.named_children()):
                if id(child) in turns and not isinstance(parent, InTurn):
                    setattr(parent, name, turns[id(child)])

        def begin(*_: object) -> None:
            for each in turns.values():
                each.turn = 0

        model.register_forward_pre_hook(begin)
        return model

    return made
