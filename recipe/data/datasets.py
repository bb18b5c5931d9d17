"""Data sets as batches: inputs and targets are tensors or trees of tensors.

A deterministic data set (the same index gives the same item twice) is decoded once: into tensors
where items are equal in shape, into a list of items where they are not. A random one is read
through a DataLoader in every epoch.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol, Self

import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset, Subset

from recipe.data.collating import IGNORED, Collate, part_item, with_lengths
from recipe.data.order import Order
from recipe.data.single_items import Batch, read
from recipe.data.trees import Gathered, Items, Tree, Values, join, split

EVAL_BATCH, LEAST_EVAL = 512, 32

Suit = Callable[[Values, Values], Batch]
"""What is done to a batch so that it suits the model, item by item: its precision, a shift."""


class Data(Protocol):
    """What is trained or validated on."""

    @property
    def deterministic(self) -> bool:
        """Whether the same item is the same at every visit."""

    @property
    def order(self) -> Order:
        """In which items are trained on."""

    @property
    def suits(self) -> tuple[Suit, ...]:
        """What was done to the data so that they suit the model."""

    def __len__(self) -> int:
        """Number of items; of a stream, those of an epoch."""

    def batches(
        self, size: int, generator: torch.Generator | None = None, *, shuffle: bool = False
    ) -> Iterator[Batch]:
        """One pass. A last batch of a single item is left out when others were not:
        batch normalisation cannot train on it.
        """

    def eval_batches(self) -> Iterator[Batch]:
        """One pass in order over every item."""

    def sample(self, n: int, generator: torch.Generator) -> "TensorData":
        """`n` random items as one batch, or all of them in order when there are no more."""

    def suited(self, suit: Suit) -> Self:
        """The same data, changed to suit a model."""

    def at_epoch(self, number: int) -> Self:
        """The same, for the batches of this epoch."""


class _AnyEpoch:
    """Data whose epochs differ in order alone."""

    def at_epoch(self, number: int) -> Self:  # noqa: ARG002 - the generator tells the order
        """The same data."""
        return self


@dataclass(frozen=True)
class TensorData(_AnyEpoch):
    """Inputs [n, ...] and targets [n, ...], on the training device where they fit there."""

    x: Values
    y: Values
    deterministic: bool = True
    device: torch.device | None = None
    """Where batches go, when that is not where the data is."""
    order: Order = field(default_factory=Order)
    """In which items are trained on."""
    suits: tuple[Suit, ...] = ()
    """What was done to the data so that they suit the model."""

    def __len__(self) -> int:
        """Number of items."""
        return len(self.x)

    def batches(
        self, size: int, generator: torch.Generator | None = None, *, shuffle: bool = False
    ) -> Iterator[Batch]:
        """See `Data`."""
        if not shuffle and not self.order.drawn:
            n = len(self)
            for start in range(0, n, size):
                if n - start > 1 or size == 1 or start == 0:
                    x = self.x[start : start + size].clone()
                    yield self._there(x, self.y[start : start + size])
            return
        device = self.x.device
        for index in self.order.batches(len(self), size, generator, device, shuffle=shuffle):
            yield self._there(self.x[index], self.y[index])

    def _there(self, x: Values, y: Values) -> Batch:
        return (x, y) if self.device is None else (x.to(self.device), y.to(self.device))

    def eval_batches(self) -> Iterator[Batch]:
        """One pass in order over every item."""
        sizes = eval_sizes(len(self))
        for x, y in zip(split(self.x, sizes), split(self.y, sizes), strict=True):
            # A model that works in place must not change the data.
            yield self._there(x.clone(), y)

    def sample(self, n: int, generator: torch.Generator) -> "TensorData":
        """`n` random items, or all of them in order when there are no more."""
        if n >= len(self):
            x, y = self._there(self.x.clone(), self.y)
        else:
            index = torch.randperm(len(self), generator=generator)[:n].to(self.x.device)
            x, y = self._there(self.x[index], self.y[index])
        return replace(self, x=x, y=y, device=None, order=Order())

    def suited(self, suit: Suit) -> "TensorData":
        """The same data, changed to suit a model."""
        x, y = suit(self.x, self.y)
        return replace(self, x=x, y=y, suits=(*self.suits, suit))

    def part(self, index: Sequence[int]) -> "TensorData":
        """Some of the items."""
        places = torch.tensor(index, device=self.x.device, dtype=torch.long)
        return replace(self, x=self.x[places], y=self.y[places])


def eval_sizes(n: int) -> list[int]:
    """Items of each batch of a pass in evaluation mode."""
    whole, rest = divmod(n, EVAL_BATCH)
    sizes = [EVAL_BATCH] * whole + ([rest] if rest else [])
    if whole and 0 < rest < LEAST_EVAL:  # of two items a loss may find nothing to compare
        sizes = [*sizes[:-2], EVAL_BATCH + rest]
    return sizes


@dataclass(frozen=True)
class ItemData(_AnyEpoch):
    """Items that differ in shape, decoded once and kept as a list; batches are made when they are
    wanted, padded or by the user's own function.
    """

    kept: Sequence[Any]
    """Items as `collate` takes them."""
    collate: Collate
    device: torch.device
    name: str = "train"
    deterministic: bool = True
    order: Order = field(default_factory=Order)
    suits: tuple[Suit, ...] = ()

    def __len__(self) -> int:
        """Number of items."""
        return len(self.kept)

    def _made(self, index: Sequence[int]) -> Batch:
        batch = gathered(self.kept, self.collate, self.name, index)
        return suited(moved(batch, self.device), self.suits)

    def batches(
        self, size: int, generator: torch.Generator | None = None, *, shuffle: bool = False
    ) -> Iterator[Batch]:
        """See `Data`."""
        for index in self.order.batches(len(self), size, generator, shuffle=shuffle):
            yield self._made(index.tolist())

    def eval_batches(self) -> Iterator[Batch]:
        """One pass in order over every item."""
        start = 0
        for size in eval_sizes(len(self)):
            yield self._made(range(start, start + size))
            start += size

    def sample(self, n: int, generator: torch.Generator) -> TensorData:
        """`n` random items as one batch, or all of them in order when there are no more."""
        chosen: Sequence[int] = range(len(self))
        if n < len(self):
            chosen = torch.randperm(len(self), generator=generator)[:n].tolist()
        x, y = self._made(chosen)
        return TensorData(x, y, deterministic=self.deterministic, suits=self.suits)

    def suited(self, suit: Suit) -> "ItemData":
        """The same data, changed to suit a model."""
        return replace(self, suits=(*self.suits, suit))

    def part(self, index: Sequence[int]) -> "ItemData":
        """Some of the items."""
        return replace(self, kept=[self.kept[i] for i in index])


@dataclass(frozen=True)
class StreamData(_AnyEpoch):
    """A random data set, read again in every epoch."""

    dataset: Dataset[Any]
    device: torch.device
    workers: int = 0
    deterministic: bool = False
    rewritten: bool = False
    """Whether reading an item changes what the data set keeps."""
    collate: Collate = field(default_factory=Collate)
    name: str = "train"
    order: Order = field(default_factory=Order)
    suits: tuple[Suit, ...] = ()

    def __len__(self) -> int:
        """Number of items."""
        return len(self.dataset)  # type: ignore[arg-type]

    def _load(self, **options: Any) -> Iterator[Batch]:
        loader: Iterable[Any] = DataLoader(
            self.dataset, num_workers=self.workers,
            collate_fn=Assembly(self.collate, self.name), **options,
        )  # fmt: skip
        for batch in read(loader, self.name):
            yield suited(moved(batch, self.device), self.suits)

    def batches(
        self, size: int, generator: torch.Generator | None = None, *, shuffle: bool = False
    ) -> Iterator[Batch]:
        """See `Data`."""
        if self.order.drawn:
            drawn = self.order.batches(len(self), size, generator, shuffle=shuffle)
            return self._load(batch_sampler=[index.tolist() for index in drawn])
        drop = len(self) > size and len(self) % size == 1
        return self._load(batch_size=size, shuffle=shuffle, generator=generator, drop_last=drop)

    def eval_batches(self) -> Iterator[Batch]:
        """One pass in order over every item."""
        return self._load(batch_size=EVAL_BATCH)

    def sample(self, n: int, generator: torch.Generator) -> TensorData:
        """`n` random items, drawn once and then fixed."""
        index = torch.randperm(len(self), generator=generator)[:n].tolist()
        read = replace(self, dataset=Subset(self.dataset, index), order=Order(), suits=())
        if self.collate.own is not None:
            loader = DataLoader(read.dataset, EVAL_BATCH, num_workers=self.workers, collate_fn=list)
            kept = [item for items in loader for item in items]
            some = ItemData(kept, self.collate, self.device, self.name, False, suits=self.suits)
            return some.sample(n, generator)
        xs, ys = zip(*read.eval_batches(), strict=True)
        x, y = suited((join(xs), join(ys, IGNORED)), self.suits)
        return TensorData(x, y, deterministic=False, suits=self.suits)

    def suited(self, suit: Suit) -> "StreamData":
        """The same data, changed to suit a model."""
        return replace(self, suits=(*self.suits, suit))

    def part(self, index: Sequence[int]) -> "StreamData":
        """Some of the items."""
        return replace(self, dataset=Subset(self.dataset, list(index)))


def gathered(kept: Sequence[Any], collate: Collate, name: str, places: Sequence[int]) -> Batch:
    """A batch of some items. One that the user's function made is made anew where some of its items
    are asked for, unless each of its tensors has them one after the other.
    """
    x, y = collate([kept[place] for place in places], name)
    if collate.own is None or (item_by_item(x, len(places)) and item_by_item(y, len(places))):
        return x, y

    def part(of: int) -> Callable[[Sequence[int]], Values]:
        return lambda chosen: gathered(kept, collate, name, chosen)[of]

    return tuple(  # type: ignore[return-value]
        Tree(values.value, Gathered(part(of), tuple(places)))
        if isinstance(values, Tree)
        else values
        for of, values in enumerate((x, y))
    )


def item_by_item(values: Values, count: int) -> bool:
    """Whether every tensor of a batch has one entry for each of so many items."""
    if isinstance(values, Tensor):
        return values.ndim > 0 and len(values) == count
    found = [leaf for leaf in values.leaves() if isinstance(leaf, Tensor | Items)]
    return bool(found) and all(len(leaf) == count for leaf in found if not _is_number(leaf))


def _is_number(leaf: Any) -> bool:
    return isinstance(leaf, Tensor) and not leaf.ndim


def moved(batch: Batch, device: torch.device) -> Batch:
    """A batch on a device."""
    return batch[0].to(device), batch[1].to(device)


@dataclass(frozen=True)
class Assembly:
    """Makes a batch of what a data set returned, in the process that reads it."""

    collate: Collate
    name: str

    def __call__(self, items: list[Any]) -> Batch:
        """Inputs and targets of raw items."""
        if self.collate.own is None:
            where = f"An item of {self.name}"
            items = [part_item(each, self.collate.parting, self.name, where) for each in items]
        return self.collate(items, self.name)


def suited(batch: Batch, suits: Sequence[Suit]) -> Batch:
    """A batch as it suits the model."""
    for suit in suits:
        batch = suit(*batch)
    return batch


def _with_lengths(data: Data, sequences: frozenset[int]) -> Data:
    """Data whose inputs at these places are sequences that may differ in length."""
    if not sequences:
        return data
    if not isinstance(data, TensorData):
        collate: Collate = data.collate  # type: ignore[attr-defined]  # all others have one
        known = replace(collate, sequences=collate.sequences | sequences)
        return replace(data, collate=known)  # type: ignore[type-var]
    return replace(data, x=with_lengths(data.x, sequences))


def like(data: Data, other: Data) -> Data:
    """Data changed as other data were that were made to suit a model: sequences that differ in
    length there say where they end here too.
    """
    data = _with_lengths(data, getattr(other, "collate", Collate()).sequences)
    for suit in other.suits[len(data.suits) :]:
        data = data.suited(suit)
    return data


@dataclass(frozen=True)
class Splits:
    """Training and validation data of a run."""

    train: Data
    val: Data
