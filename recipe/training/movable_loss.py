"""Losses with tensors of their own, such as weights of classes, on the device of what they are
given: they are computed on the processor where faults are looked for, and on a GPU in training.
"""

import copy
from typing import Any

from torch import Tensor, nn

from recipe.data.trees import Tree, every_tensor
from recipe.training.ignored_labels import LeavesOut
from recipe.training.tree_losses import Natural


def movable(loss: Any) -> Any:
    """A loss that follows its inputs from device to device; the user's own module stays as it is.

    Args:
        loss: any callable; one that is no module, or has no tensors, is returned as it is.

    """
    if type(loss) in (LeavesOut, Natural):
        inner = movable(loss.function)
        if inner is loss.function:
            return loss
        outer = copy.copy(loss)
        outer.function = inner
        return outer
    if not isinstance(loss, nn.Module) or not _tensors(loss):
        return loss
    moved = copy.deepcopy(loss)
    moved.register_forward_pre_hook(_follow)
    return moved


def _tensors(module: nn.Module) -> list[Tensor]:
    return [*module.parameters(), *module.buffers()]


def _follow(module: nn.Module, args: tuple[Any, ...]) -> None:
    given = next((t for value in args if isinstance(value, Tensor | Tree)
                  for t in every_tensor(value)), None)  # fmt: skip
    if given is not None and any(t.device != given.device for t in _tensors(module)):
        module.to(given.device)
