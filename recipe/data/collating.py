"""Items as batches: stacked where shapes are equal, padded where sequences differ in length."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import numpy as np
import optree
import torch
from torch import Tensor

from recipe.border.faults import said_of
from recipe.core.errors import UsageError
from recipe.data.item_parts import Parting, as_targets, as_tensors
from recipe.data.joining import grown
from recipe.data.trees import (
    WALK,
    Items,
    Padded,
    Values,
    as_structure,
    as_values,
    natural,
)

IGNORED = -100
"""Label that losses of this field leave out: it stands behind the end of shorter targets."""

Item = tuple[Any, Any]
"""Inputs and target of one item: structures of tensors without a batch axis."""
Role = Literal["inputs", "targets"]


def part_item(item: Any, parting: Parting, name: str, where: str) -> Item:
    """An item as inputs and target in tensors.

    Raises:
        UsageError: it has another form, or holds what is no tensor.

    """
    x, y = parting(item, where)
    y = y if parting.words is None else parting.words.encoded(y, where)
    for part in (x, y):
        if isinstance(part, str | bytes) or part is None:
            raise UsageError(
                f"{name} holds a {type(part).__name__} where a tensor or number is needed: "
                "add a transform such as ToTensor to the data set, or pass collate=, which turns "
                "a list of items into a batch of numbers."
            )
    return as_tensors(x, name), as_targets(y, name)


def leaves_of(structure: Any) -> list[Any]:
    """Tensors and `Items` of an item's inputs or target."""
    return [structure] if isinstance(structure, Tensor) else optree.tree_leaves(structure, **WALK)


def rebuilt(structure: Any, leaves: Sequence[Any]) -> Any:
    """The structure of an item with other leaves."""
    if isinstance(structure, Tensor):
        return leaves[0]
    return optree.tree_unflatten(optree.tree_structure(structure, **WALK), leaves)


def copied_item(item: Any) -> Any:
    """An item with tensors and arrays of its own, for code that may work in place."""
    return optree.tree_map(_copied, item, **WALK)


def _copied(leaf: Any) -> Any:
    if isinstance(leaf, Tensor):
        return leaf.clone()
    return leaf.copy() if isinstance(leaf, np.ndarray) else leaf


def same_structure(items: Sequence[Any]) -> bool:
    """Whether all have the same containers and keys."""
    if all(isinstance(item, Tensor) for item in items):
        return True
    first = optree.tree_structure(items[0], **WALK)
    return all(optree.tree_structure(item, **WALK) == first for item in items[1:])


@dataclass(frozen=True)
class Collate:
    """Makes a batch of items.

    Attributes:
        own: the user's function, which is given the items as their data set returns them.
        parting: what of an item, or of the batch that `own` made, is the target.
        separate: entries stay apart, as detectors take images of several sizes.
        sequences: places of the inputs that differ in length from item to item: a batch of equal
            lengths says of each where it ends, as all others do.

    """

    own: Callable[[list[Any]], Any] | None = None
    parting: Parting = field(default_factory=Parting)
    separate: bool = False
    sequences: frozenset[int] = frozenset()

    def knowing(self, items: Sequence[Item]) -> "Collate":
        """The same, with what these items show of the lengths of others."""
        columns = zip(*(leaves_of(x) for x, _ in items), strict=False)
        found = frozenset(
            place for place, column in enumerate(columns) if _of_several_lengths(column)
        )
        return replace(self, sequences=self.sequences | found)

    def __call__(self, items: Sequence[Any], name: str) -> tuple[Values, Values]:
        """Inputs and targets of items, which are raw for an own function and parted else.

        Raises:
            UsageError: the function fails, or items cannot be brought together.

        """
        if self.own is not None:
            return self._owned(list(items), name)
        xs, ys = zip(*items, strict=True)
        if self.separate:
            return as_values(Items(xs)), as_values(Items(ys))
        inputs = batch_of(xs, name, "inputs", self.sequences)
        return as_values(inputs), as_values(batch_of(ys, name, "targets"))

    def _owned(self, items: list[Any], name: str) -> tuple[Values, Values]:
        assert self.own is not None  # noqa: S101 - the caller asked
        try:
            made = self.own(list(map(copied_item, items)))
        except Exception as error:
            otherwise = "call it with a list of items by itself"
            who, given = f"The collate function of {name}", f" for {len(items)} items"
            raise UsageError(said_of(error, who, otherwise, given)) from error
        x, y = self.parting(made, f"The batch that the collate function of {name} makes")
        x, y = batch_values(x, len(items), name), batch_values(y, len(items), name)
        _same_count(x, y, name)
        return x, y


def _same_count(x: Values, y: Values, name: str) -> None:
    """Refuse a batch whose first axes differ. Of trees nothing is known: graphs side by side have
    an entry per node.
    """
    if not (isinstance(x, Tensor) and isinstance(y, Tensor) and x.ndim and y.ndim):
        return
    if len(x) != len(y):
        raise UsageError(
            f"The batch that the collate function of {name} makes has inputs of shape "
            f"{list(x.shape)} and targets of shape {list(y.shape)}: the first axis of both counts "
            "the items, so let collate= return as many of one as of the other."
        )


def batch_values(part: Any, count: int, name: str) -> Values:
    """Inputs or targets of a batch that the user's code made, of so many items. A list with one
    entry per item is taken as that.
    """
    if isinstance(part, list) and len(part) == count and not _numbers(part):
        return as_values(Items(as_structure(entry) for entry in part))
    structure = as_structure(part)
    if isinstance(structure, dict):
        structure = {
            key: Items(value) if isinstance(value, list | tuple) and len(value) == count
            and not _numbers(value) and not any(isinstance(v, Tensor) for v in value) else value
            for key, value in structure.items()
        }  # fmt: skip
    if isinstance(structure, tuple | dict) or not hasattr(structure, "to"):
        structure = as_tensors(structure, name)
    return as_values(structure)


def _numbers(values: Sequence[Any]) -> bool:
    return all(isinstance(value, int | float) for value in values)


def check_items(items: Sequence[Item], name: str, numbers: Sequence[int] | None = None) -> None:
    """Refuse items that no batch can be made of, wherever they stand.

    Args:
        items: of a data set.
        name: of it.
        numbers: of the items, where they are some of them.

    Raises:
        UsageError: some have other containers or keys than the first, or differ in shape.

    """
    _check_structure(items, name, numbers or range(len(items)))
    roles: tuple[Role, Role] = "inputs", "targets"
    for role, parts in zip(roles, zip(*items, strict=True), strict=True):
        for column in zip(*map(leaves_of, parts), strict=True):
            _check_column(column, name, role)


def _check_structure(items: Sequence[Item], name: str, numbers: Sequence[int]) -> None:
    for role, parts in zip(("inputs", "targets"), zip(*items, strict=True), strict=True):
        if same_structure(parts):
            continue
        number = next(i for i, part in enumerate(parts) if not same_structure([parts[0], part]))
        raise UsageError(
            f"The {role} of {name} differ in structure from item to item ({_kinds(parts[0])} at "
            f"first, {_kinds(parts[number])} in item {numbers[number]}): give all of them "
            "the same keys, or pass collate=, a function from a list of items to a batch."
        )


def _kinds(part: Any) -> str:
    """Of an item's inputs or target: its keys, or what else it is."""
    if isinstance(part, dict):
        return f"a dict with {', '.join(map(repr, part)) or 'no keys'}"
    if isinstance(part, Items):
        return "text or None"
    return "a tensor" if isinstance(part, Tensor) else f"a {type(part).__name__}"


def batch_of(
    items: Sequence[Any], name: str, role: Role, sequences: frozenset[int] = frozenset()
) -> Any:
    """Structures of tensors as one whose tensors have a batch axis.

    Raises:
        UsageError: they differ in structure, or in shape otherwise than in length.

    """
    if not same_structure(items):
        raise UsageError(
            f"The {role} of {name} differ in structure from item to item: give all of them the "
            "same keys, or pass collate=, a function from a list of items to a batch."
        )
    columns = zip(*(leaves_of(item) for item in items), strict=True)
    made = [
        _padded(column, role) if place in sequences and differ_in_length_only(column)
        else _brought_together(column, name, role)
        for place, column in enumerate(columns)
    ]  # fmt: skip
    return rebuilt(items[0], made)


def _brought_together(column: Sequence[Any], name: str, role: Role) -> Any:
    _check_column(column, name, role)
    if isinstance(column[0], Items):
        return Items(entry for items in column for entry in items)
    if len({part.shape for part in column}) == 1:
        return torch.stack(list(column))
    return _padded(column, role)


def _check_column(column: Sequence[Any], name: str, role: Role) -> None:
    """Refuse parts of items that can neither be stacked nor padded."""
    texts = sum(isinstance(part, Items) for part in column)
    if 0 < texts < len(column):
        raise UsageError(
            f"The {role} of {name} hold numbers in some items and text or None in others: give "
            "each of them the same kind in every item, or pass collate=, a function from a list "
            "of items to a batch."
        )
    if texts or len({part.shape for part in column}) == 1:
        return
    if not differ_in_length_only(column):
        found = sorted({tuple(part.shape) for part in column})
        few = " and ".join(str(list(shape)) for shape in found[:2])
        raise UsageError(
            f"The {role} of {name} differ in shape ({few}): resize or pad them to one shape, or "
            "pass collate=, a function from a list of items to a batch."
        )
    if role == "targets" and (column[0].is_floating_point() or column[0].ndim > 1):
        lengths = [len(part) for part in column]
        raise UsageError(
            f"The targets of {name} differ in length ({min(lengths)} to {max(lengths)}), and only "
            "labels can be padded so that a loss leaves them out: pass collate=, a function from "
            "a list of items to a batch."
        )


def differ_in_length_only(column: Sequence[Any]) -> bool:
    """Whether they are sequences [length, ...] whose other sizes agree. Images are none."""
    tensors = all(isinstance(part, Tensor) and part.ndim in (1, 2) for part in column)
    return tensors and len({part.shape[1:] for part in column}) == 1


def with_lengths(values: Values, sequences: frozenset[int]) -> Values:
    """Inputs with the lengths of those of their parts that are sequences, here of equal length."""
    structure = natural(values)
    leaves = [
        Padded(leaf, torch.full((len(leaf),), leaf.shape[1]))
        if place in sequences and isinstance(leaf, Tensor) and leaf.ndim > 1 else leaf
        for place, leaf in enumerate(leaves_of(structure))
    ]  # fmt: skip
    return as_values(rebuilt(structure, leaves))


def _of_several_lengths(column: Sequence[Any]) -> bool:
    return differ_in_length_only(column) and len({len(part) for part in column}) > 1


def _padded(column: Sequence[Tensor], role: Role) -> Any:
    lengths = torch.tensor([len(part) for part in column])
    fill = IGNORED if role == "targets" else 0
    longest = int(lengths.max())
    column = [part.long() for part in column] if role == "targets" else column
    values = torch.stack([grown(p, [longest, *p.shape[1:]], fill) for p in column])
    return values if role == "targets" else Padded(values, lengths)
