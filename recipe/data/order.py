"""In which order the items of a data set are trained on."""

import copy
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor
from torch.utils.data import WeightedRandomSampler

from recipe.core.errors import UsageError

POOL = 50
"""Batches whose items are sorted by length among themselves."""


@dataclass(frozen=True)
class Order:
    """Random or as they stand, or as a sampler of the user's draws them.

    Attributes:
        sampler: draws the items of an epoch, as a `WeightedRandomSampler` does.
        batch_sampler: draws whole batches; their size is its own.
        drop_last: whether a last batch that is not full is left out.
        lengths: of the items, where those of like length are batched together.

    """

    sampler: Any = None
    batch_sampler: Any = None
    drop_last: bool = False
    lengths: tuple[int, ...] = ()

    @property
    def drawn(self) -> bool:
        """Whether more is asked for than a shuffle."""
        drawn = self.sampler is not None or self.batch_sampler is not None
        return drawn or self.drop_last or bool(self.lengths)

    def check(self, n: int) -> None:
        """Refuse a weighted sampler that was made for another number of items than `n`."""
        if isinstance(self.sampler, WeightedRandomSampler) and len(self.sampler.weights) != n:
            raise UsageError(
                f"The WeightedRandomSampler of the DataLoader has {len(self.sampler.weights)} "
                f"weights for {n} items: give it one weight per item."
            )

    def count(self, n: int) -> int:
        """Items of an epoch over `n` items."""
        return n if self.sampler is None else len(self.sampler)

    @property
    def whole(self) -> "Order":
        """Of data that are not trained on."""
        return Order()

    def of(self, kept: Sequence[int]) -> "Order":
        """The same for some of the items.

        Raises:
            UsageError: a sampler of the user's own draws from all of them.

        """
        if self.lengths:
            return replace(self, lengths=tuple(self.lengths[place] for place in kept))
        if self.batch_sampler is None and self.sampler is None:
            return self
        if isinstance(self.sampler, WeightedRandomSampler):
            n, weights = len(self.sampler.weights), self.sampler.weights[list(kept)].tolist()
            count = round(self.sampler.num_samples * len(kept) / n)
            return replace(
                self, sampler=WeightedRandomSampler(weights, count, self.sampler.replacement)
            )
        kind = type(self.batch_sampler or self.sampler).__name__
        raise UsageError(
            f"The {kind} of the DataLoader draws from all training items, so none of them can be "
            "held out: pass validation data of its own, val=..."
        )

    def iterations(self, n: int, size: int) -> int:
        """Batches of an epoch, as `batches` yields them: a last single item is left out."""
        if self.batch_sampler is not None:
            return max(1, len(self.batch_sampler))
        n = self.count(n)
        whole, rest = divmod(n, size)
        if self.drop_last and whole:
            return whole
        return max(1, whole + (rest > 1 or (rest == 1 and n == 1)))

    def _by_length(self, order: Tensor, size: int, generator: torch.Generator | None) -> Tensor:
        """A random order in which items of like length follow each other, batch by batch: pools of
        some batches are sorted, and the batches of all pools shuffled.
        """
        lengths = torch.tensor(self.lengths)
        batches: list[Tensor] = []
        for start in range(0, len(order), POOL * size):
            pool = order[start : start + POOL * size]
            batches += torch.split(pool[lengths[pool].argsort(stable=True)], size)
        last = [batch for batch in batches if len(batch) < size]
        whole = [batch for batch in batches if len(batch) == size]
        places = torch.randperm(len(whole), generator=generator).tolist()
        return torch.cat([whole[place] for place in places] + last)

    def batches(
        self,
        n: int,
        size: int,
        generator: torch.Generator | None,
        device: torch.device | None = None,
        *,
        shuffle: bool,
    ) -> Iterator[Tensor]:
        """Indices of the items of every batch of one epoch.

        Args:
            n: items that there are.
            size: of a batch.
            generator: of the order.
            device: where the indices are wanted.
            shuffle: whether items are trained on in random order.

        """
        if self.batch_sampler is not None:
            for chosen in _seeded(self.batch_sampler, generator):
                yield self._within(torch.tensor(list(chosen)), n).to(device)
            return
        if self.sampler is not None:
            order = self._within(torch.tensor(list(_seeded(self.sampler, generator))), n)
        else:
            order = torch.randperm(n, generator=generator) if shuffle else torch.arange(n)
        if self.lengths and shuffle:
            order = self._by_length(order, size, generator)
        order = order.to(device) if device is not None else order
        for start in range(0, len(order), size):
            index = order[start : start + size]
            whole = len(index) == size or not self.drop_last or len(order) < size
            if whole and (len(index) > 1 or size == 1 or start == 0):
                yield index

    def _within(self, index: Tensor, n: int) -> Tensor:
        """What a sampler drew.

        Raises:
            UsageError: that are no items.

        """
        if not index.numel() or int(index.max()) >= n or int(index.min()) < 0:
            drawn = f"item {int(index.max())}" if index.numel() else "no items"
            raise UsageError(
                f"The {type(self.batch_sampler or self.sampler).__name__} of the DataLoader drew "
                f"{drawn} from data with {n}: let it draw numbers from 0 to {n - 1}."
            )
        return index


def padding_share(lengths: Sequence[int], order: Sequence[int], size: int) -> float:
    """How much of batches of so many items is padding, where each is padded to its longest."""
    room = real = 0
    for start in range(0, len(order), size):
        batch = [lengths[place] for place in order[start : start + size]]
        room += max(batch) * len(batch)
        real += sum(batch)
    return 1 - real / max(1, room)


def saved_by_length(lengths: Sequence[int], size: int) -> float:
    """How much less room batches take whose items are of like length than random ones, as a share
    of the latter; on one order.
    """
    generator = torch.Generator().manual_seed(0)
    order = torch.randperm(len(lengths), generator=generator)
    near = Order(lengths=tuple(lengths))._by_length(order, size, generator)  # noqa: SLF001
    random, sorted_ = (padding_share(lengths, each.tolist(), size) for each in (order, near))
    return 1 - (1 - random) / (1 - sorted_)


def _seeded(sampler: Any, generator: torch.Generator | None) -> Any:
    """A copy of a sampler that draws from `generator`, where it draws from one."""
    made = copy.copy(sampler)
    if hasattr(made, "generator"):
        made.generator = generator
    inner = getattr(made, "sampler", None)
    if hasattr(inner, "generator"):
        made.sampler = _seeded(inner, generator)
    return made
