"""What a mask of an undecided name means to a model: 1 for real steps, or for padding.

Libraries do not agree on `mask` and `padding_mask`. Padding must not change the answer for an item,
and with one of the two meanings it does not.
"""

from contextlib import suppress
from dataclasses import replace
from typing import Any

import optree
import torch
from torch import Tensor, nn

from recipe.data.trees import (
    NAMESPACE,
    Items,
    Padded,
    Tree,
    Values,
    natural,
)
from recipe.models.calling import Calling
from recipe.models.outputs import parts_of
from recipe.models.randomness import seeded

UNDECIDED = ("mask", "padding_mask")
SAME = 1e-5
"""Relative difference of outputs that rounding may leave."""
CPU = torch.device("cpu")


def with_mask_meaning(model: nn.Module, calling: Calling | None, x: Values) -> Calling | None:
    """How a model takes a batch like `x`, with the mask turned round where only then padding does
    not change its answer.
    """
    if calling is None or calling.mask not in UNDECIDED or not isinstance(x, Tree):
        return calling
    turned = replace(calling, turned=True)
    if _indifferent(model, calling, x) or not _indifferent(model, turned, x):
        return calling
    return turned


def _indifferent(model: nn.Module, calling: Calling, x: Tree) -> bool:
    """Whether the answer for the shortest item is the same without its padding."""
    padded = next((part for part in _parts(x.value) if isinstance(part, Padded)), None)
    if padded is None:
        return False
    length, item = int(padded.lengths.min()), int(padded.lengths.argmin())
    steps = padded.values.shape[1]
    if length == steps:
        return False
    whole = x[[item, item]]  # some models take no batch of one
    with suppress(Exception), torch.no_grad():
        long, short = (_outputs(model, calling, batch) for batch in (whole, _cut(whole, length)))
        if long.ndim > 1 and long.shape[1] == steps and short.shape[1] == length:
            long = long[:, :length]
        return torch.allclose(long, short, rtol=0, atol=SAME * float(short.abs().max()))
    return False


def _outputs(model: nn.Module, calling: Calling, x: Tree) -> Tensor:
    args, kwargs = calling.arguments(natural(x.clone()))
    with seeded(0, CPU):
        returned = model.eval()(*args, **kwargs)
    if isinstance(returned, Tensor):
        return returned
    return next(part for part in parts_of(returned).values() if isinstance(part, Tensor))


def _parts(value: Any) -> list[Any]:
    return optree.tree_leaves(value, **_WALK)


def _cut(x: Tree, length: int) -> Tree:
    def shorter(part: Any) -> Any:
        return Padded(part.values[:, :length], part.lengths) if isinstance(part, Padded) else part

    return Tree(optree.tree_map(shorter, x.value, **_WALK))


_WALK: dict[str, Any] = {
    "is_leaf": lambda part: isinstance(part, Tensor | Items | Padded),
    "none_is_leaf": True,
    "namespace": NAMESPACE,
}
