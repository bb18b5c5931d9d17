"""Single items of a data set as checked tensors."""

from itertools import pairwise
from typing import Any, Literal

import numpy as np
import torch
from torch import Tensor

from recipe.core.errors import UsageError

Batch = tuple[Tensor, Tensor]
PROBED_ITEMS = 32
"""Items read twice to see whether the data set is deterministic: a flip with probability one half
hides from a handful of them."""


def as_tensor(value: Any, name: str) -> Tensor:
    """A tensor, array or number as a tensor; float64 becomes float32.

    Raises:
        UsageError: it is something else.

    """
    if isinstance(value, Tensor):
        tensor = value.detach()
    elif isinstance(value, np.ndarray) and value.dtype.kind in "biufc":
        tensor = torch.from_numpy(np.require(value, requirements=("C", "W")))
    elif isinstance(value, int | float | np.number | np.bool_):
        tensor = torch.tensor(value)
    else:
        raise UsageError(
            f"{name} holds a {type(value).__name__} where a tensor or number is needed: "
            "add a transform such as ToTensor to the data set."
        )
    return tensor.float() if tensor.dtype == torch.float64 else tensor


def as_double(values: Tensor) -> Tensor:
    """Real values as float64; anything else as it is."""
    return values.double() if values.is_floating_point() else values


def as_labels(y: Tensor) -> Tensor:
    """Small integer types as int64, the one that losses index by."""
    return y.long() if y.dtype in (torch.int8, torch.int16, torch.int32) else y


def item(dataset: Any, index: int, name: str) -> Batch:
    """One item (x, y).

    Raises:
        UsageError: it cannot be read, or is no pair.

    """
    try:
        found = dataset[index]
    except Exception as error:
        raise UsageError(
            f"{name}[{index}] raised {type(error).__name__}: {error}; "
            "read that item by itself to see where."
        ) from error
    if not isinstance(found, tuple | list) or len(found) != 2:
        raise UsageError(
            f"{name}[{index}] is a {type(found).__name__}: each item has to be a pair (x, y)."
        )
    return as_tensor(found[0], name), as_tensor(found[1], name)


def probe_indices(n: int) -> list[int]:
    """At most PROBED_ITEMS indices spread over a data set of `n` items."""
    return sorted({round(i * (n - 1) / (PROBED_ITEMS - 1)) for i in range(PROBED_ITEMS)})


def identical(a: Tensor, b: Tensor) -> bool:
    """Equal in shape, type and every value, a NaN counting as equal to a NaN."""
    return a.shape == b.shape and a.dtype == b.dtype and torch.equal(a.nan_to_num(), b.nan_to_num())


Randomness = Literal["none", "random", "rewritten"]
"""Of the items of a data set: the same index gives the same item; another one; or at every visit
the one before, changed in the same way, which the data set has written into what it keeps."""
STEADY = 1e-3
"""Relative difference up to which changes are the same."""
FEWEST_CHANGED = 4
"""Values of an item that have to change in the same way."""


def randomness(dataset: Any, name: str) -> Randomness:
    """Whether the same index gives the same item twice, on a sample of items."""
    for index in probe_indices(len(dataset)):
        first, second = _visit(dataset, index, name), _visit(dataset, index, name)
        if not all(map(identical, first, second)):
            visits = [first, second, *(_visit(dataset, index, name) for _ in range(2))]
            drift = [_drifts(list(parts)) for parts in zip(*visits, strict=True)]
            return "rewritten" if any(drift) else "random"
    return "none"


def _visit(dataset: Any, index: int, name: str) -> list[Tensor]:
    """An item in memory of its own: the data set may write over what it gave out."""
    return [part.clone() for part in item(dataset, index, name)]


def _drifts(visits: list[Tensor]) -> bool:
    """Whether each of four visits follows from the one before by one and the same scale and shift,
    as after `image /= 255`: its changes then shrink or grow by one and the same factor.
    """
    if any(part.shape != visits[0].shape or part.is_complex() for part in visits):
        return False
    changes = [b.double() - a.double() for a, b in pairwise(visits)]
    moved = (changes[0] != 0) & (changes[1] != 0)
    if int(moved.sum()) < FEWEST_CHANGED:
        return False
    once, again = (b[moved] / a[moved] for a, b in pairwise(changes))
    factor = once.median()
    return bool(((torch.cat([once, again]) - factor).abs() <= STEADY * factor.abs()).all())


def stack_items(pairs: list[Batch], name: str) -> Batch:
    """Items as a batch.

    Raises:
        UsageError: they differ in shape.

    """
    xs, ys = zip(*pairs, strict=True)
    for parts, what in ((xs, "inputs"), (ys, "targets")):
        found = sorted({tuple(part.shape) for part in parts})
        if len(found) > 1:
            few = " and ".join(str(list(shape)) for shape in found[:2])
            raise UsageError(
                f"The {what} of {name} differ in shape ({few}): resize or pad them to one shape."
            )
    return torch.stack(xs), torch.stack(ys)
