"""A number for each item of a batch, by which items that are equal are found."""

from typing import Any

import torch
from torch import Tensor

from recipe.data.trees import Tree, Values, every_tensor


def row_hashes(x: Values) -> list[int]:
    """A number for each item: the same for inputs that are equal bit by bit, and zero is zero
    whatever its sign. Of sequences that were
    padded in batches of different lengths, what stands behind their last change does not count.
    """
    if isinstance(x, Tree):
        return _hashes_of_trees(x)
    return [hash(row.tobytes()) for row in _array(x)]


def _array(x: Tensor) -> Any:
    array = x.detach().cpu().contiguous()
    array = array.float() if array.dtype == torch.bfloat16 else array  # numpy has no bfloat16
    return (array + 0.0 if array.is_floating_point() else array).numpy()  # zero has a sign, too


def _hashes_of_trees(x: Tree) -> list[int]:
    if x.gathered is not None:  # graphs side by side: each by itself
        return [hash_of_item(x[index : index + 1]) for index in range(len(x))]
    columns = [
        _of_entries(leaf) if isinstance(leaf, list) else _of_rows(leaf)
        for leaf in x.leaves() if isinstance(leaf, list) or (isinstance(leaf, Tensor) and leaf.ndim)
    ]  # fmt: skip
    return [hash(row) for row in zip(*columns, strict=True)] if columns else [0] * len(x)


def hash_of_item(item: Any) -> int:
    """Of all tensors of a structure."""
    return hash(tuple(_array(tensor).tobytes() for tensor in every_tensor(item)))


def _of_rows(leaf: Tensor) -> list[int]:
    array = _array(leaf)
    if leaf.ndim != 2 or leaf.is_floating_point():
        return [hash(row.tobytes()) for row in array]
    rows = []
    for row in array.tolist():
        end = len(row)
        while end > 1 and row[end - 1] == row[end - 2]:
            end -= 1
        rows.append(hash(tuple(row[:end])))
    return rows


def _of_entries(entries: list[Any]) -> list[int]:
    return [
        hash(entry) if isinstance(entry, str | bytes) else hash_of_item(entry) for entry in entries
    ]
