"""Streams: items that come one after another, without a length and without a number each."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Any

import torch
from torch.utils.data import Dataset, IterableDataset

from recipe.border.call_limit import beat
from recipe.border.faults import said_of
from recipe.core.errors import UsageError
from recipe.data.collating import (
    Collate,
    check_items,
    leaves_of,
    part_item,
    rebuilt,
)
from recipe.data.datasets import (
    EVAL_BATCH,
    Data,
    Suit,
    TensorData,
    suited,
)
from recipe.data.equality import identical
from recipe.data.item_data import ItemData
from recipe.data.order import Order
from recipe.data.single_items import Batch, Unequal, as_labels, refuse_mixtures, stack_leaves
from recipe.data.trees import as_values

DEFAULT_EPOCH = 10_000
"""Items of an epoch of a stream that has more than that."""
COMPARED = 32
"""Items of two passes that are compared."""
Fresh = Callable[[], Iterator[Any]]
"""Begins the stream anew."""


def is_stream(source: Any) -> bool:
    """Whether items come one after another only."""
    if isinstance(source, IterableDataset):
        return True
    return hasattr(source, "__iter__") and not hasattr(source, "__getitem__")


def as_factory(source: Any) -> Fresh:
    """What begins a stream anew: the function that makes it, or the stream itself."""
    if callable(source) and not isinstance(source, Dataset):
        return lambda: iter(source())
    return lambda: iter(source)


def load_stream(
    fresh: Fresh,
    name: str,
    device: torch.device,
    collate: Collate,
    *,
    epoch_items: int | None,
    say: Callable[[str], None],
) -> Data:
    """A stream as data: kept where one pass of it is short and always the same, else read on from
    epoch to epoch.

    Raises:
        UsageError: it ends at once, cannot be begun anew, or its items cannot be read.

    """
    limit = epoch_items or DEFAULT_EPOCH
    first = _read(fresh(), name, limit + 1)
    if not first:
        raise UsageError(f"{name} has no items: the stream ends at once.")
    again = _read(fresh(), name, min(COMPARED, len(first)))
    if not again:
        raise UsageError(
            f"{name} can be read once only: pass a function that begins it anew, such as "
            f"{name}=lambda: stream()."
        )
    short = len(first) <= limit
    parted = [_parted(each, collate, name) for each in first[:COMPARED]]
    same = all(
        len(leaves_of(a)) == len(leaves_of(b)) and all(map(_same, leaves_of(a), leaves_of(b)))
        for a, b in zip(parted, (_parted(each, collate, name) for each in again), strict=False)
    )
    if short and same:
        say(f"{name}: one pass of the stream gives {len(first)} items; they were read once.")
        return _kept(first, name, device, collate)
    if collate.own is None and not collate.separate:
        check_items(parted, name)
        collate = collate.knowing(parted)
    items = len(first) if short else limit
    say(
        f"{name}: an epoch is {items} items of the stream"
        + (", one pass" if short else "; epoch_items= sets another number")
        + ". It is read on from epoch to epoch, in its own order."
    )
    if collate.own is None and not collate.separate:
        collate = collate.knowing([_parted(each, collate, name) for each in first])
    return IterableData(fresh, collate, device, items, name, length=len(first) if short else None)


def _parted(item: Any, collate: Collate, name: str) -> Any:
    if collate.own is not None:
        x, y = collate([item], name)
        return (getattr(x, "value", x), getattr(y, "value", y))
    return part_item(item, collate.parting, name, f"An item of {name}")


def _same(a: Any, b: Any) -> bool:
    return identical(a, b) if isinstance(a, torch.Tensor) else bool(a == b)


def _read(stream: Iterator[Any], name: str, count: int) -> list[Any]:
    found = []
    try:
        for each in islice(stream, count):
            beat()
            found.append(each)
    except Exception as error:
        raise _unreadable(name, error) from error
    return found


def _unreadable(name: str, error: Exception) -> UsageError:
    return UsageError(said_of(error, f"Reading {name}", "go through the stream by itself"))


def _kept(raw: list[Any], name: str, device: torch.device, collate: Collate) -> Data:
    """Items of a short stream: in tensors where they are equal in shape."""
    if collate.own is not None or collate.separate:
        return ItemData(raw if collate.own else [_parted(i, collate, name) for i in raw],
                        collate, device, name)  # fmt: skip
    items = [_parted(each, collate, name) for each in raw]
    try:
        refuse_mixtures(items, name)
        inputs = len(leaves_of(items[0][0]))
        parts = stack_leaves([leaves_of(each) for each in items], name, inputs)
    except Unequal:
        check_items(items, name)
        return ItemData(items, collate.knowing(items), device, name)
    x, y = rebuilt(items[0], parts)
    return TensorData(as_values(x).to(device), as_labels(as_values(y)).to(device))


@dataclass
class _Position:
    """How far a stream that is open was read."""

    stream: Iterator[Any]
    at: int


@dataclass(frozen=True)
class IterableData:
    """A stream that is read on from epoch to epoch; behind its end it begins anew."""

    fresh: Fresh
    collate: Collate
    device: torch.device
    items: int
    """Of an epoch."""
    name: str = "train"
    skipped: int = 0
    """Items at its beginning that are validated on."""
    length: int | None = None
    """Of one pass, where it is known."""
    number: int = 0
    """Of the epoch."""
    deterministic: bool = False
    rewritten: bool = False
    suits: tuple[Suit, ...] = ()
    order: Order = field(default_factory=Order)
    eval_size: int = EVAL_BATCH
    _open: list[_Position] = field(default_factory=list, repr=False, compare=False)
    """The stream where the epoch before ended."""
    _ends: list[int] = field(default_factory=list, repr=False, compare=False)
    """Items of one pass, as soon as its end was met."""

    def __post_init__(self) -> None:
        if self.length is not None and not self._ends:
            self._ends.append(self.length)

    def __len__(self) -> int:
        """Items of an epoch."""
        return self.items

    def at_epoch(self, number: int) -> "IterableData":
        """The same, for the batches of a later epoch."""
        return replace(self, number=number)

    def first(self, count: int) -> Data:
        """The first items, read once and kept: what is validated on."""
        return _kept(_read(self.fresh(), "val", count), "val", self.device, self.collate)

    def after(self, count: int) -> "IterableData":
        """What comes behind the first items."""
        rest = None if self.length is None else self.length - count
        items = self.items if rest is None else min(self.items, rest)
        return replace(self, skipped=count, items=items, length=rest, _open=[], _ends=[])

    def _place(self, start: int) -> _Position:
        """The stream at a position. It is nobody else's until the epoch ends: a training that
        pauses goes on where it was.
        """
        if self._ends:
            start %= self._ends[0]
        place = next((p for p in self._open if p.at == start), None)
        if place is None:
            return self._begun(start)
        self._open.remove(place)
        return place

    def _begun(self, start: int) -> _Position:
        stream = islice(self.fresh(), self.skipped, None)
        passed = sum(1 for _ in islice(stream, start))
        if passed == start:
            return _Position(stream, start)
        self._ends[:] = [max(1, passed)]
        start %= self._ends[0]
        return _Position(islice(self.fresh(), self.skipped + start, None), start)

    def _from(self, place: _Position) -> Iterator[Any]:
        """Items from a position on, for ever."""
        while True:
            found = False
            try:
                for item in place.stream:
                    found = True
                    place.at += 1
                    beat()
                    yield item
            except Exception as error:
                raise _unreadable(self.name, error) from error
            if not found and place.at == 0:
                return  # nothing at all: `load_stream` would have said so
            self._ends[:] = [place.at]
            place.stream, place.at = islice(self.fresh(), self.skipped, None), 0

    def batches(
        self,
        size: int,
        generator: torch.Generator | None = None,  # noqa: ARG002 - in its own order
        *,
        shuffle: bool = False,  # noqa: ARG002
    ) -> Iterator[Batch]:
        """One epoch; see `Data`."""
        place = self._place(self.number * self.items)
        stream = self._from(place)
        left = self.items
        while left > 0:
            wanted = min(size, left)
            raw = list(islice(stream, wanted))
            left -= wanted
            whole = wanted == size or not self.order.drop_last or self.items < size
            if whole and (len(raw) > 1 or size == 1 or self.items == 1):
                yield self._made(raw)
        self._open[:] = [place]

    def _made(self, raw: list[Any]) -> Batch:
        if self.collate.own is None:
            raw = [_parted(each, self.collate, self.name) for each in raw]
        x, y = self.collate(raw, self.name)
        return suited((x.to(self.device), y.to(self.device)), self.suits)

    def eval_batches(self) -> Iterator[Batch]:
        """One pass in order over the items of the first epoch."""
        yield from replace(self, number=0, _open=[]).batches(self.eval_size)

    def sample(self, n: int, generator: torch.Generator) -> TensorData:
        """`n` items of the first epoch, as one batch."""
        count = min(self.items, 2 * n)
        raw = list(islice(self._from_start(), count))
        chosen = torch.randperm(count, generator=generator)[:n].tolist()
        kept = [raw[i] for i in chosen]
        if self.collate.own is None:
            kept = [_parted(each, self.collate, self.name) for each in kept]
        some = ItemData(kept, self.collate, self.device, self.name, False, suits=self.suits)
        return some.sample(n, generator)

    def _from_start(self) -> Iterable[Any]:
        return islice(self.fresh(), self.skipped, None)

    def evaluated_by(self, size: int) -> "IterableData":
        """See `Data`."""
        return replace(self, eval_size=size, _open=[])

    def suited(self, suit: Suit) -> "IterableData":
        """The same data, changed to suit a model."""
        return replace(self, suits=(*self.suits, suit), _open=[])
