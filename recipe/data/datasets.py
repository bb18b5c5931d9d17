"""Data sets as batches: inputs and targets are tensors or trees of tensors.

A deterministic data set (the same index gives the same item twice) is decoded once: into tensors
where items are equal in shape, into a list of items where they are not. A random one is read
through a DataLoader in every epoch.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol, Self

import torch

from recipe.data.joining import split
from recipe.data.order import Order
from recipe.data.prefetch import sent
from recipe.data.single_items import Batch
from recipe.data.trees import Values

EVAL_BATCH, LEAST_EVAL = 512, 32
MOST_OUTPUTS = 1 << 26
"""Numbers that a batch in evaluation mode gives at most: a quarter of a gigabyte."""

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

    @property
    def eval_size(self) -> int:
        """Items of a batch in evaluation mode."""

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

    def evaluated_by(self, size: int) -> Self:
        """The same data, in evaluation mode in batches of so many items."""

    def at_epoch(self, number: int) -> Self:
        """The same, for the batches of this epoch."""


class AnyEpoch:
    """Data whose epochs differ in order alone."""

    def at_epoch(self, number: int) -> Self:  # noqa: ARG002 - the generator tells the order
        """The same data."""
        return self

    def evaluated_by(self, size: int) -> Self:
        """See `Data`."""
        return replace(self, eval_size=size)  # type: ignore[type-var]


@dataclass(frozen=True)
class TensorData(AnyEpoch):
    """Inputs [n, ...] and targets [n, ...], on the training device where they fit there.

    A model, a loss or a metric may work in place: all methods give copies, and whoever takes `x` or
    `y` itself gives nothing of it to code of the user's.
    """

    x: Values
    y: Values
    deterministic: bool = True
    device: torch.device | None = None
    """Where batches go, when that is not where the data is."""
    order: Order = field(default_factory=Order)
    """In which items are trained on."""
    suits: tuple[Suit, ...] = ()
    """What was done to the data so that they suit the model."""
    eval_size: int = EVAL_BATCH
    """Items of a batch in evaluation mode."""

    def __len__(self) -> int:
        """Number of items."""
        return len(self.x)

    def batches(
        self, size: int, generator: torch.Generator | None = None, *, shuffle: bool = False
    ) -> Iterator[Batch]:
        """See `Data`."""
        yield from sent(self._batches(size, generator, shuffle=shuffle), self.device)

    def _batches(
        self, size: int, generator: torch.Generator | None, *, shuffle: bool
    ) -> Iterator[Batch]:
        """Where the data are."""
        if not shuffle and not self.order.drawn:
            n = len(self)
            for start in range(0, n, size):
                if n - start > 1 or size == 1 or start == 0:
                    yield self.x[start : start + size].clone(), self.y[start : start + size].clone()
            return
        device = self.x.device
        for index in self.order.batches(len(self), size, generator, device, shuffle=shuffle):
            yield self.x[index], self.y[index]

    def _there(self, x: Values, y: Values) -> Batch:
        return (x, y) if self.device is None else (x.to(self.device), y.to(self.device))

    def copied(self, start: int, stop: int) -> Batch:
        """A copy of these items, as a batch."""
        return self._there(self.x[start:stop].clone(), self.y[start:stop].clone())

    def eval_batches(self) -> Iterator[Batch]:
        """One pass in order over every item."""
        sizes = eval_sizes(len(self), self.eval_size)
        parts = zip(split(self.x, sizes), split(self.y, sizes), strict=True)
        yield from sent(((x.clone(), y.clone()) for x, y in parts), self.device)

    def sample(self, n: int, generator: torch.Generator) -> "TensorData":
        """`n` random items, or all of them in order when there are no more."""
        if n >= len(self):
            x, y = self._there(self.x.clone(), self.y.clone())
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


def eval_sizes(n: int, size: int = EVAL_BATCH) -> list[int]:
    """Items of each batch of a pass in evaluation mode."""
    whole, rest = divmod(n, size)
    sizes = [size] * whole + ([rest] if rest else [])
    if whole and 0 < rest < min(LEAST_EVAL, size):  # of two a loss may find nothing to compare
        sizes = [*sizes[:-2], size + rest]
    return sizes


def eval_size_for(outputs: int) -> int:
    """Items of a batch in evaluation mode, where each has so many outputs."""
    return max(1, min(EVAL_BATCH, MOST_OUTPUTS // max(1, outputs)))


def suited(batch: Batch, suits: Sequence[Suit]) -> Batch:
    """A batch as it suits the model."""
    for suit in suits:
        batch = suit(*batch)
    return batch


@dataclass(frozen=True)
class Splits:
    """Training and validation data of a run."""

    train: Data
    val: Data
    classes: tuple[str, ...] = ()
    """What labels that were words stand for, in the order of their numbers."""
