"""Whether two batches, items or visits of one are the same."""

from typing import Any

import numpy as np
import optree
import torch
from torch import Tensor

from recipe.data.trees import NAMESPACE, Items, natural


def identical(a: Any, b: Any) -> bool:
    """Equal in structure, shapes, types and every value, a NaN counting as equal to a NaN."""
    if isinstance(a, Tensor) or isinstance(b, Tensor):
        return isinstance(a, Tensor) and isinstance(b, Tensor) and _same_tensors(a, b)
    mine, my_structure = _flat(a)
    others, structure = _flat(b)
    return my_structure == structure and all(map(_same_leaves, mine, others))


def _flat(values: Any) -> Any:
    return optree.tree_flatten(
        natural(values), is_leaf=lambda value: isinstance(value, Tensor | Items),
        none_is_leaf=True, namespace=NAMESPACE,
    )  # fmt: skip


def _same_tensors(a: Tensor, b: Tensor) -> bool:
    if a.shape != b.shape or a.dtype != b.dtype:
        return False
    if torch.equal(a, b):
        return True
    if not (a.is_floating_point() or a.is_complex()):
        return False
    return bool(((a == b) | (a.isnan() & b.isnan())).all())


def _same_leaves(a: Any, b: Any) -> bool:
    if isinstance(a, Items) and isinstance(b, Items):
        return len(a) == len(b) and all(map(identical, a, b))
    if isinstance(a, Tensor | Items) or isinstance(b, Tensor | Items):
        return isinstance(a, Tensor) and identical(a, b)
    return a is b or bool(np.all(a == b))
