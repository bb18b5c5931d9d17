"""Single items of a data set as checked tensors."""

import random
import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import pairwise
from typing import Any, Literal

import numpy as np
import torch
from torch import Tensor

from recipe.border.call_limit import seconds_allowed
from recipe.border.faults import Place, owner_of, said_of
from recipe.core.errors import UsageError, raised
from recipe.data.collating import Collate, Item, leaves_of, part_item, same_structure
from recipe.data.equality import identical
from recipe.data.item_parts import Parting
from recipe.data.trees import Items, Tree, Values

Batch = tuple[Values, Values]
"""Inputs and targets."""
PROBED_ITEMS = 32
"""Items read twice to see whether the data set is deterministic: a flip with probability one half
hides from a handful of them."""


def as_double(values: Values) -> Values:
    """Real values as float64; anything else as it is."""
    if isinstance(values, Tree):
        return values.on_tensors(_double)
    return _double(values)


def _double(values: Tensor) -> Tensor:
    return values.double() if values.is_floating_point() else values


def as_labels(y: Values) -> Values:
    """Small integer types as int64, the one that losses index by."""
    return y.on_tensors(_labels) if isinstance(y, Tree) else _labels(y)


def _labels(y: Tensor) -> Tensor:
    return y.long() if y.dtype in (torch.int8, torch.int16, torch.int32) else y


def raw_item(dataset: Any, index: int, name: str) -> Any:
    """One item as the data set gives it.

    Raises:
        UsageError: it cannot be read.

    """
    try:
        return dataset[index]
    except Exception as error:
        raise UsageError(said_of(error, f"{name}[{index}]", "read that item by itself")) from error


def item(dataset: Any, index: int, name: str, parting: Parting | None = None) -> Item:
    """One item (x, y).

    Raises:
        UsageError: it cannot be read, or does not part into inputs and target.

    """
    found = raw_item(dataset, index, name)
    return part_item(found, parting or Parting(), name, f"{name}[{index}]")


def probe_indices(n: int) -> list[int]:
    """At most PROBED_ITEMS indices spread over a data set of `n` items."""
    return sorted({round(i * (n - 1) / (PROBED_ITEMS - 1)) for i in range(PROBED_ITEMS)})


@contextmanager
def undisturbed() -> Iterator[None]:
    """Within it random numbers are drawn that nobody misses."""
    states = random.getstate(), np.random.get_state()  # noqa: NPY002 - what data sets draw from
    try:
        with torch.random.fork_rng(devices=[]):
            yield
    finally:
        random.setstate(states[0])
        np.random.set_state(states[1])  # noqa: NPY002


def read(loader: Iterable[Any], name: str) -> Iterator[Any]:
    """What a loader yields. A process that reads tells of an error with its whole history; the last
    line of that with the name of an error says what it was.

    Raises:
        UsageError: an item cannot be read, or a batch not be made.

    """
    try:
        yield from loader
    except Exception as error:
        history = re.findall(r"^[A-Za-z_][\w.]*: .*$", str(error), re.MULTILINE)
        told = history[-1] if history and "Traceback" in str(error) else raised(error)
        if isinstance(error, UsageError):
            raise UsageError(told.partition("UsageError: ")[2]) from error
        places = re.findall(r'File "(.*)", line (\d+), in ', str(error))
        theirs = [Place(file, int(line)) for file, line in places if owner_of(file) == "user"]
        where = f" ({theirs[-1]})" if theirs else ""
        if "DataLoader timed out" in told:
            raise UsageError(
                f"Reading {name}: no batch came within {seconds_allowed():.0f} s; look for a loop "
                "without an end in its data set, or give it longer with --call-limit."
            ) from error
        raise UsageError(
            f"Reading {name} raised {told}{where}; read its items one by one."
        ) from error


Randomness = Literal["none", "random", "rewritten"]
"""Of the items of a data set: the same index gives the same item; another one; or at every visit
the one before, changed in the same way, which the data set has written into what it keeps."""
STEADY = 1e-3
"""Relative difference up to which changes are the same."""
FEWEST_CHANGED = 4
"""Values of an item that have to change in the same way."""


def randomness(dataset: Any, name: str, collate: Collate | None = None) -> Randomness:
    """Whether the same index gives the same item twice, on a sample of items."""
    for index in probe_indices(len(dataset)):
        first, second = (_visit(dataset, index, name, collate) for _ in range(2))
        if len(first) != len(second) or not all(map(identical, first, second)):
            visits = [first, second, *(_visit(dataset, index, name, collate) for _ in range(2))]
            drift = [_drifts(list(parts)) for parts in zip(*visits, strict=False)]
            return "rewritten" if any(drift) else "random"
    return "none"


def _visit(dataset: Any, index: int, name: str, collate: Collate | None) -> list[Tensor]:
    """An item in memory of its own: the data set may write over what it gave out."""
    collate = collate or Collate()
    if collate.own is None:
        parts = leaves_of(item(dataset, index, name, collate.parting))
    else:
        x, y = collate([raw_item(dataset, index, name)], name)
        parts = [leaf for part in (x, y) for leaf in leaves_of(getattr(part, "value", part))]
    return [part.clone() for part in parts if isinstance(part, Tensor)]


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


class Unequal(UsageError):  # noqa: N818 - another way to keep them, not a mistake
    """Items that cannot be stacked: sequences of several lengths, text."""


def refuse_mixtures(items: Sequence[Item], name: str) -> None:
    """Refuse to stack items of other keys than the first, though their tensors may be as many.

    Raises:
        Unequal: there are some.

    """
    if not all(map(same_structure, zip(*items, strict=True))):
        raise Unequal(f"The items of {name} differ in structure.")


def stack_leaves(items: Sequence[Sequence[Any]], name: str, inputs: int) -> list[Tensor]:
    """The tensors of items, as a batch.

    Args:
        items: the leaves of each, see `leaves_of`.
        name: what complaints call the data set.
        inputs: how many of the leaves are inputs; the others are targets.

    Raises:
        Unequal: they differ in shape or number, or hold text.

    """
    if len({len(leaves) for leaves in items}) > 1:
        raise Unequal(f"The items of {name} differ in structure.")
    stacked = []
    for place, column in enumerate(zip(*items, strict=True)):
        if any(isinstance(part, Items) for part in column):
            raise Unequal(f"{name} holds text beside its tensors.")
        found = sorted({tuple(part.shape) for part in column})
        if len(found) > 1:
            what = "inputs" if place < inputs else "targets"
            few = " and ".join(str(list(shape)) for shape in found[:2])
            raise Unequal(
                f"The {what} of {name} differ in shape ({few}): resize or pad them to one shape."
            )
        stacked.append(torch.stack(column))
    return stacked


def stack_items(pairs: Sequence[Item], name: str) -> tuple[Tensor, Tensor]:
    """Pairs of one tensor each as a batch.

    Raises:
        Unequal: they are no such pairs, or differ in shape.

    """
    leaves = [leaves_of(pair) for pair in pairs]
    if len(leaves[0]) != 2:
        raise Unequal(f"The items of {name} are no pairs of tensors.")
    x, y = stack_leaves(leaves, name, 1)
    return x, y
