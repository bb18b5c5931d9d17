"""Batches as trees: tensors in dicts, lists, tuples, named tuples and dataclasses, nested at will.

A batch of one tensor stays a tensor. Anything else is a `Tree`, which answers to what a batch is
asked for (its length, some of its items, a copy, another device) as a tensor does. Containers are
walked by optree: unlike torch's own pytree it is a public interface, walks in C++, keeps the order
of keys and takes a class of the user's under a name space of ours alone.
"""

import dataclasses
from collections.abc import Callable, Iterator, Mapping, Sequence
from copy import deepcopy
from typing import Any, NamedTuple

import optree
import torch
from torch import Tensor

NAMESPACE = "recipe"
Rows = slice | list[int] | Tensor


class Items(list[Any]):
    """One entry per item of a batch, where they cannot stand in one tensor: images of several
    sizes, boxes, names of files.
    """


class Padded(NamedTuple):
    """Sequences of several lengths as one tensor."""

    values: Tensor
    """[n, longest, ...], zero behind the end of each."""
    lengths: Tensor
    """Of each, [n] int64."""


class WithTargets(NamedTuple):
    """What a model is given that computes its own loss."""

    inputs: Any
    targets: Any


class Tree:
    """A batch of n items as a tree of tensors [n, ...] and of `Items` of length n."""

    def __init__(self, value: Any, gathered: "Gathered | None" = None) -> None:
        """Take a structure as `as_structure` gives it.

        Args:
            value: the structure.
            gathered: the items that a function of the user's made a batch of which cannot be taken
                apart again: graphs side by side, say.

        """
        self.value, self.gathered = value, gathered

    def __len__(self) -> int:
        """Number of items."""
        if self.gathered is not None:
            return len(self.gathered.places)
        return next((len(leaf) for leaf in self.leaves() if _counts(leaf)), 0)

    def __getitem__(self, index: Rows) -> "Tree":
        """Some of the items, as a batch."""
        if self.gathered is not None:
            some: Tree = self.gathered[index].to(self.device)
            return some
        return self.mapped(lambda leaf: _rows(leaf, index))

    def leaves(self) -> list[Any]:
        """Tensors, `Items` and values that belong to the whole batch, in the order of the tree."""
        return optree.tree_leaves(self.value, **WALK)

    def tensors(self) -> dict[str, Tensor]:
        """The tensors by where they stand, such as "input_ids" or "0.boxes"; those inside `Items`
        are left out.
        """
        paths, leaves, _ = optree.tree_flatten_with_path(self.value, **WALK)
        return {
            ".".join(map(str, path)): leaf
            for path, leaf in zip(paths, leaves, strict=True)
            if isinstance(leaf, Tensor)
        }

    def mapped(self, function: Callable[[Any], Any]) -> "Tree":
        """The same structure with other leaves."""
        return Tree(optree.tree_map(function, self.value, **WALK), self.gathered)

    def named(self, function: Callable[[str, Tensor], Tensor]) -> "Tree":
        """The same with every tensor changed, by where it stands; see `tensors`."""

        def change(path: tuple[Any, ...], leaf: Any) -> Any:
            return function(".".join(map(str, path)), leaf) if isinstance(leaf, Tensor) else leaf

        return Tree(optree.tree_map_with_path(change, self.value, **WALK), self.gathered)

    def clone(self) -> "Tree":
        """A copy that a model may write into."""
        return self.mapped(
            lambda leaf: leaf.clone() if isinstance(leaf, Tensor) else deepcopy(leaf)
        )

    def detach(self) -> "Tree":
        """Without gradients."""
        return self.on_tensors(Tensor.detach)

    def to(self, device: torch.device | str, *, copy: bool = False) -> "Tree":
        """On a device."""
        return self.on_tensors(lambda tensor: tensor.to(device, copy=copy))

    def cpu(self) -> "Tree":
        """In the memory of the processor."""
        return self.to("cpu")

    def on_tensors(self, function: Callable[[Tensor], Tensor]) -> "Tree":
        """The same with every tensor changed, those inside `Items` too."""
        return Tree(_on_tensors(function, self.value), self.gathered)

    @property
    def device(self) -> torch.device:
        """Where its tensors are."""
        found = next(iter(every_tensor(self)), None)
        return torch.device("cpu") if found is None else found.device

    @property
    def nbytes(self) -> int:
        """Bytes of all tensors."""
        return sum(tensor.nbytes for tensor in every_tensor(self))

    def __repr__(self) -> str:
        """Shapes and types of the leaves."""
        return f"Tree({described(self)})"


@dataclasses.dataclass(frozen=True)
class Gathered:
    """Items of which the user's own function makes one batch or another."""

    make: Callable[[Sequence[int]], Any]
    """The batch of items by their numbers: a `Tree`, or a tensor."""
    places: tuple[int, ...]

    def __getitem__(self, index: Rows) -> Any:
        """The batch of some of them."""
        if isinstance(index, slice):
            chosen = self.places[index]
        else:
            numbers = index.tolist() if isinstance(index, Tensor) else index
            chosen = tuple(self.places[number] for number in numbers)
        return self.make(chosen)


Values = Tensor | Tree
"""Inputs, targets or outputs of a batch."""


def _is_leaf(value: Any) -> bool:
    return isinstance(value, Tensor | Items)


WALK: dict[str, Any] = {"is_leaf": _is_leaf, "none_is_leaf": True, "namespace": NAMESPACE}


def _counts(leaf: Any) -> bool:
    return isinstance(leaf, Items) or (isinstance(leaf, Tensor) and leaf.ndim > 0)


def _rows(leaf: Any, index: Rows) -> Any:
    if isinstance(leaf, Tensor):
        return leaf[index] if leaf.ndim else leaf
    if isinstance(leaf, Items):
        if isinstance(index, slice):
            return Items(leaf[index])
        numbers = index.tolist() if isinstance(index, Tensor) else index
        return Items(leaf[number] for number in numbers)
    return leaf


def _on_tensors(function: Callable[[Tensor], Tensor], value: Any) -> Any:
    def change(leaf: Any) -> Any:
        if isinstance(leaf, Tensor):
            return function(leaf)
        if isinstance(leaf, Items):
            return Items(_on_tensors(function, entry) for entry in leaf)
        return leaf

    return optree.tree_map(change, value, **WALK)


def every_tensor(values: Any) -> Iterator[Tensor]:
    """All tensors of a batch or of a structure, those inside `Items` too."""
    for leaf in [values] if isinstance(values, Tensor) else _leaves_of(values):
        if isinstance(leaf, Tensor):
            yield leaf
        elif isinstance(leaf, Items):
            for entry in leaf:
                yield from every_tensor(entry)


def _leaves_of(values: Any) -> list[Any]:
    return optree.tree_leaves(natural(values), **WALK)


def natural(values: Any) -> Any:
    """A batch as the user's own code knows it: a tensor, or containers of tensors."""
    return values.value if isinstance(values, Tree) else values


def as_values(structure: Any) -> Values:
    """A structure as a batch."""
    return structure if isinstance(structure, Tensor | Tree) else Tree(structure)


def as_structure(value: Any) -> Any:
    """Containers as they can be walked: mappings of any kind as dicts, dataclasses as they are."""
    if isinstance(value, Tensor | Items) or value is None:
        return value
    if isinstance(value, Mapping):
        return {key: as_structure(part) for key, part in value.items()}
    if isinstance(value, tuple):
        parts = [as_structure(part) for part in value]
        return type(value)(*parts) if hasattr(value, "_fields") else tuple(parts)
    if isinstance(value, list):
        return [as_structure(part) for part in value]
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        _register(type(value))
    return value


def _register(kind: type) -> None:
    """Let optree walk a dataclass of the user's."""
    names = tuple(field.name for field in dataclasses.fields(kind))
    if kind in _REGISTERED or not names:
        return
    _REGISTERED.add(kind)

    def rebuilt(_: Any, children: Sequence[Any]) -> Any:
        made: Any = object.__new__(kind)
        for name, child in zip(names, children, strict=True):
            object.__setattr__(made, name, child)
        return made

    optree.register_pytree_node(
        kind,
        lambda value: ([getattr(value, name) for name in names], None, names),
        rebuilt,  # type: ignore[arg-type]  # what optree calls a collection is the class itself
        namespace=NAMESPACE,
    )


_REGISTERED: set[type] = set()


def only_tensor(values: Any) -> Tensor | None:
    """The one tensor that a batch consists of; None where it is a tree."""
    return values if isinstance(values, Tensor) else None


def shape_of(values: Values) -> str:
    """Of one item, as text: [3, 32, 32], or {"input_ids": [128], "mask": [128]}."""
    if isinstance(values, Tensor):
        return str(list(values.shape[1:]))
    return described(values, items=True)


def described(values: Values, *, items: bool = False) -> str:
    """Shapes of the tensors of a batch, or of one of its items."""
    if isinstance(values, Tensor):
        return str(list(values.shape[items:]))
    told = {name: str(list(tensor.shape[items:])) for name, tensor in values.tensors().items()}
    if not told:
        return f"{len(values)} separate items"
    return ", ".join(f"{name} {shape}" for name, shape in told.items())
