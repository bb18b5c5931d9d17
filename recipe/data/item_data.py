"""Data whose items are brought together when a batch is wanted: kept as a list, or read anew."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import accumulate, pairwise
from typing import Any

import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset, Subset

from recipe.border.call_limit import seconds_allowed
from recipe.data.collating import IGNORED, Collate, copied_item, part_item, with_lengths
from recipe.data.datasets import (
    EVAL_BATCH,
    AnyEpoch,
    Data,
    Suit,
    TensorData,
    eval_sizes,
    suited,
)
from recipe.data.joining import join
from recipe.data.order import Order
from recipe.data.prefetch import sent
from recipe.data.single_items import Batch
from recipe.data.single_items import read as read_batches
from recipe.data.trees import Gathered, Items, Tree, Values


@dataclass(frozen=True)
class ItemData(AnyEpoch):
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
    eval_size: int = EVAL_BATCH

    def __len__(self) -> int:
        """Number of items."""
        return len(self.kept)

    def _made(self, index: Sequence[int]) -> Batch:
        return next(self._all_made([index]))

    def _all_made(self, indices: Iterable[Sequence[int]]) -> Iterator[Batch]:
        made = (gathered(self.kept, self.collate, self.name, index) for index in indices)
        for batch in sent(made, self.device):
            yield suited(batch, self.suits)

    def batches(
        self, size: int, generator: torch.Generator | None = None, *, shuffle: bool = False
    ) -> Iterator[Batch]:
        """See `Data`."""
        drawn = self.order.batches(len(self), size, generator, shuffle=shuffle)
        yield from self._all_made(index.tolist() for index in drawn)

    def eval_batches(self) -> Iterator[Batch]:
        """One pass in order over every item."""
        ends = accumulate(eval_sizes(len(self), self.eval_size), initial=0)
        yield from self._all_made(range(start, end) for start, end in pairwise(ends))

    def sample(self, n: int, generator: torch.Generator) -> TensorData:
        """`n` random items as one batch, or all of them in order when there are no more."""
        chosen: Sequence[int] = range(len(self))
        if n < len(self):
            chosen = torch.randperm(len(self), generator=generator)[:n].tolist()
        x, y = self._made(chosen)
        return TensorData(x, y, deterministic=self.deterministic, suits=self.suits,
                          eval_size=self.eval_size)  # fmt: skip

    def suited(self, suit: Suit) -> "ItemData":
        """The same data, changed to suit a model."""
        return replace(self, suits=(*self.suits, suit))

    def part(self, index: Sequence[int]) -> "ItemData":
        """Some of the items."""
        return replace(self, kept=[self.kept[i] for i in index])


@dataclass(frozen=True)
class StreamData(AnyEpoch):
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
    eval_size: int = EVAL_BATCH

    def __len__(self) -> int:
        """Number of items."""
        return len(self.dataset)  # type: ignore[arg-type]

    @property
    def _begun(self) -> str | None:
        """How processes of the loader begin: as copies of this one, whatever Python's default."""
        return "fork" if self.workers else None

    @property
    def _patience(self) -> float:
        """Seconds that a process of the loader may take for a batch; 0 for ever."""
        return seconds_allowed() if self.workers else 0.0

    def _load(self, **options: Any) -> Iterator[Batch]:
        loader: Iterable[Any] = DataLoader(
            self.dataset, num_workers=self.workers, timeout=self._patience,
            collate_fn=Assembly(self.collate, self.name), multiprocessing_context=self._begun,
            **options,
        )  # fmt: skip
        for batch in sent(read_batches(loader, self.name), self.device):
            yield suited(batch, self.suits)

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
        return self._load(batch_size=self.eval_size)

    def sample(self, n: int, generator: torch.Generator) -> TensorData:
        """`n` random items, drawn once and then fixed."""
        index = torch.randperm(len(self), generator=generator)[:n].tolist()
        read = replace(self, dataset=Subset(self.dataset, index), order=Order(), suits=())
        if self.collate.own is not None:
            loader: Iterable[Any] = DataLoader(
                read.dataset, EVAL_BATCH, num_workers=self.workers, timeout=self._patience,
                collate_fn=list, multiprocessing_context=self._begun,
            )  # fmt: skip
            kept = [item for items in read_batches(loader, self.name) for item in items]
            some = ItemData(kept, self.collate, self.device, self.name, False, suits=self.suits)
            return some.sample(n, generator)
        xs, ys = zip(*read.eval_batches(), strict=True)
        x, y = suited((join(xs), join(ys, IGNORED)), self.suits)
        return TensorData(x, y, deterministic=False, suits=self.suits,
                          eval_size=self.eval_size)  # fmt: skip

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
    items = [kept[place] for place in places]
    if collate.separate:  # else they are joined, which copies them
        items = list(map(copied_item, items))
    x, y = collate(items, name)
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
    return data.evaluated_by(other.eval_size)
