"""Batches parted and joined."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import optree
import torch
from torch import Tensor

from recipe.data.trees import WALK, Items, Tree, Values


def split(values: Values, sizes: int | Sequence[int]) -> list[Any]:
    """Batches of so many items each, in order.

    Args:
        values: of n items.
        sizes: of every batch, or of each one; they add up to n.

    """
    if isinstance(values, Tensor):
        return list(torch.split(values, sizes))  # type: ignore[arg-type]
    n = len(values)
    if isinstance(sizes, int):
        sizes = [min(sizes, n - start) for start in range(0, n, sizes)]
    starts = np.cumsum([0, *sizes]).tolist()
    return [values[a:b] for a, b in pairwise(starts)]


def join(parts: Sequence[Any], fill: float = 0) -> Any:
    """Batches as one; sequences that were padded to different lengths are padded to the longest.

    Args:
        parts: of the same structure.
        fill: what stands behind the end of the shorter ones.

    """
    if len(parts) == 1:
        return parts[0]
    if isinstance(parts[0], Tensor):
        return _joined_tensors(parts, fill)
    if parts[0].gathered is not None:
        every = tuple(place for part in parts for place in part.gathered.places)
        return parts[0].gathered.make(every).to(parts[0].device)
    first, *rest = (part.value for part in parts)
    return Tree(optree.tree_map(lambda *leaves: _joined(leaves, fill), first, *rest, **WALK))


def _joined(leaves: Sequence[Any], fill: float) -> Any:
    if isinstance(leaves[0], Tensor):
        return (
            _joined_tensors(leaves, fill) if leaves[0].ndim else torch.stack(list(leaves)).mean(0)
        )
    if isinstance(leaves[0], Items):
        return Items(entry for leaf in leaves for entry in leaf)
    return leaves[0]


def _joined_tensors(parts: Sequence[Tensor], fill: float) -> Tensor:
    shapes = {part.shape[1:] for part in parts}
    if len(shapes) > 1 and len({part.ndim for part in parts}) == 1:
        longest = [max(sizes) for sizes in zip(*shapes, strict=True)]
        parts = [grown(part, [len(part), *longest], fill) for part in parts]
    return torch.cat(list(parts))


def grown(part: Tensor, shape: Sequence[int], fill: float) -> Tensor:
    """A tensor in the corner of a larger one."""
    if list(part.shape) == list(shape):
        return part
    room = part.new_full(list(shape), fill)
    room[tuple(slice(size) for size in part.shape)] = part
    return room


def copies(values: Values, times: int) -> Values:
    """A batch so many times behind itself."""
    return join([values] * times) if times > 1 else values
