"""Reads a deterministic data set into tensors once, by several processes where that is possible."""

import math
import mmap
from collections.abc import Callable
from contextlib import closing
from functools import reduce
from typing import Any

import torch
from torch import Tensor

from recipe.border.faults import usage_error
from recipe.core.errors import UsageError
from recipe.data.collating import leaves_of, rebuilt
from recipe.data.disk_cache import CHUNK, Make, is_kept, on_disk
from recipe.data.equality import identical
from recipe.data.item_parts import Parting
from recipe.data.single_items import (
    Batch,
    Unequal,
    as_labels,
    item,
    probe_indices,
    raw_item,
    refuse_mixtures,
    stack_items,
    stack_leaves,
)
from recipe.data.transforms import ManyJpegs, Tail, split_transform
from recipe.data.trees import as_values
from recipe.machine.processes import Channel, RequestFailed, answer_requests, can_fork, cores

Notify = Callable[[float, float, str], None]
PARALLEL_FROM = 2_000
"""Items from which starting worker processes is faster than decoding here."""


def decode(
    dataset: Any, name: str, notify: Notify | None = None, parting: Parting | None = None
) -> Batch:
    """Inputs [n, ...] and targets [n, ...], in memory or mapped from a file.

    Args:
        dataset: with a length, the same item for the same index.
        name: what complaints call it.
        notify: told about progress as (done, total, what).
        parting: how an item parts into inputs and target.

    Raises:
        Unequal: items differ in shape, or hold text.
        UsageError: an item cannot be read, or the disk is full.

    """
    reader = _Reader(dataset, name, parting or Parting())
    if is_kept(reader):
        parts = on_disk(reader, lambda parts: _fill(reader, parts, notify))
    else:
        parts = reader.empty(_in_memory)
        _fill(reader, parts, notify)
    x, y = rebuilt(reader.first, parts)
    return as_values(x), as_labels(as_values(y))


class _Reader:
    """Reads stretches of a data set into place, each tensor of an item into one of its own."""

    def __init__(self, dataset: Any, name: str, parting: Parting) -> None:
        self.dataset, self.name, self.n = dataset, name, len(dataset)
        self.parting = parting
        sample = [item(dataset, index, name, parting) for index in probe_indices(self.n)]
        self.first = sample[0]
        refuse_mixtures(sample, name)
        self.inputs = len(leaves_of(self.first[0]))
        leaves = [leaves_of(each) for each in sample]
        stack_leaves(leaves, name, self.inputs)
        self.leaves: list[Tensor] = leaves[0]
        # The types that hold those of every item: 0 and 0.5 are both real.
        self.types = [reduce(torch.promote_types, (part.dtype for part in parts))
                      for parts in zip(*leaves, strict=True)]  # fmt: skip
        self.source: Any = dataset
        self.tail: Tail | None = None
        plain = all(isinstance(part, Tensor) for part in self.first)
        if plain and (parts := split_transform(dataset, name, sample)) is not None:
            self.source, self.tail = parts

    @property
    def size(self) -> int:
        """Bytes of the whole."""
        parts = zip(self.leaves, self.types, strict=True)
        return self.n * sum(part.numel() * int(dtype.itemsize) for part, dtype in parts)

    def empty(self, make: Make) -> list[Tensor]:
        """Room for every tensor."""
        names = "xy" if len(self.leaves) == 2 else range(len(self.leaves))
        return [
            make(str(what), [self.n, *part.shape], dtype)
            for what, part, dtype in zip(names, self.leaves, self.types, strict=True)
        ]

    def read(self, start: int, stop: int, parts: list[Tensor]) -> None:
        """Items start..stop into their place.

        Raises:
            Unequal: one of them differs in shape from the first.
            UsageError: one of them cannot be read.

        """
        found = self._apart(start, stop) or self._whole(start, stop)
        stack_leaves([[part[0] for part in found], self.leaves], self.name, self.inputs)
        for place, (values, room) in enumerate(zip(found, parts, strict=True)):
            if torch.promote_types(values.dtype, room.dtype) != room.dtype:
                what = "inputs" if place < self.inputs else "targets"
                raise UsageError(
                    f"The {what} of {self.name} are {room.dtype} at first and {values.dtype} in "
                    f"items {start} to {stop - 1}: give all items one type."
                )
            room[start:stop] = values

    def _whole(self, start: int, stop: int) -> list[Tensor]:
        items = [item(self.dataset, i, self.name, self.parting) for i in range(start, stop)]
        refuse_mixtures([self.first, *items], self.name)
        return stack_leaves([leaves_of(each) for each in items], self.name, self.inputs)

    def _apart(self, start: int, stop: int) -> list[Tensor] | None:
        """With the transform taken apart; None where that is not possible, or where the first
        item comes out differently.
        """
        if self.tail is None:
            return None
        try:
            if isinstance(self.source, ManyJpegs):
                pairs = self.source.read(start, stop)
            else:
                pairs = [item(self.source, i, self.name) for i in range(start, stop)]
            xs, ys = stack_items(pairs, self.name)
            xs = self.tail(xs)
            x, y = item(self.dataset, start, self.name, self.parting)
        except (UsageError, RuntimeError, ValueError, TypeError, OSError):
            return None
        return [xs, ys] if identical(xs[0], x) and identical(ys[0], y) else None


def read_items(
    dataset: Any,
    name: str,
    notify: Notify | None = None,
    parting: Parting | None = None,
    *,
    raw: bool = False,
) -> list[Any]:
    """All items as a list, for those that cannot be stacked.

    Args:
        dataset: as of `decode`.
        name: what complaints call it.
        notify: told about progress as (done, total, what).
        parting: how an item parts into inputs and target.
        raw: leave them as the data set gives them, for a collate function of the user's.

    Raises:
        UsageError: an item cannot be read.

    """
    n, items = len(dataset), []
    for index in range(n):
        items.append(raw_item(dataset, index, name) if raw else item(dataset, index, name, parting))
        if notify and (index + 1) % CHUNK == 0:
            notify(index + 1, n, f"decoding {name}")
    return items


def _in_memory(_: str, shape: list[int], dtype: torch.dtype) -> Tensor:
    """Memory that forked children share."""
    size = math.prod(shape) * dtype.itemsize
    if size == 0:
        return torch.empty(shape, dtype=dtype)
    return torch.frombuffer(mmap.mmap(-1, size), dtype=dtype).reshape(shape)


def _fill(reader: _Reader, parts: list[Tensor], notify: Notify | None) -> None:
    what, done = f"decoding {reader.name}", 0

    def tell(items: int) -> None:
        nonlocal done
        done += items
        if notify:
            notify(done, reader.n, what)

    chunks = [(start, min(start + CHUNK, reader.n)) for start in range(0, reader.n, CHUNK)]
    width = min(cores(), len(chunks))
    device = reader.leaves[0].device  # what lies on an accelerator cannot be read by a child
    if reader.n < PARALLEL_FROM or width < 2 or not can_fork(device):
        for start, stop in chunks:
            reader.read(start, stop, parts)
            tell(stop - start)
        return
    requests = [{"chunk": chunk} for chunk in chunks]
    try:
        with closing(
            answer_requests(lambda line: _serve(line, reader, parts), requests, width)
        ) as read:
            for index, message in read:
                if "complaint" in message:
                    kind = Unequal if message["unequal"] else UsageError
                    raise kind(message["complaint"])
                start, stop = chunks[index]
                tell(stop - start)
    except RequestFailed as gone:
        start, stop = chunks[gone.index]
        raise UsageError(
            f"Reading {reader.name}[{start}:{stop}] failed twice, {gone.how}: "
            "read these items by themselves to see why."
        ) from None


def _serve(line: Channel, reader: _Reader, parts: list[Tensor]) -> None:
    while True:
        message, _ = line.receive()
        try:
            start, stop = message["chunk"]
            reader.read(start, stop, parts)
        except BaseException as error:  # the parent raises it
            if (fault := usage_error(error)) is None:
                raise
            line.send({"complaint": str(fault), "unequal": isinstance(error, Unequal)})
        else:
            line.send({"done": True})
