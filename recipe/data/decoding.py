"""Reads a deterministic data set into tensors once, by several processes where that is possible."""

import math
import mmap
from collections.abc import Callable
from contextlib import closing
from functools import reduce
from typing import Any

import torch
from torch import Tensor

from recipe.core.errors import UsageError
from recipe.data.disk_cache import CHUNK, MEMORY_SHARE, on_disk
from recipe.data.single_items import Batch, as_labels, identical, item, probe_indices, stack_items
from recipe.data.transforms import ManyJpegs, Tail, split_transform
from recipe.machine.memory import free_memory
from recipe.machine.processes import Channel, RequestFailed, answer_requests, can_fork, cores

Notify = Callable[[float, float, str], None]
PARALLEL_FROM = 2_000
"""Items from which starting worker processes is faster than decoding here."""


def decode(dataset: Any, name: str, notify: Notify | None = None) -> Batch:
    """Inputs [n, ...] and targets [n, ...], in memory or mapped from a file.

    Args:
        dataset: with a length, the same item for the same index.
        name: what complaints call it.
        notify: told about progress as (done, total, what).

    Raises:
        UsageError: an item cannot be read or differs in shape, or the disk is full.

    """
    reader = _Reader(dataset, name)
    if reader.size <= MEMORY_SHARE * free_memory(torch.device("cpu")):
        x, y = reader.empty(_in_memory)
        _fill(reader, x, y, notify)
    else:
        x, y = on_disk(reader, lambda x, y: _fill(reader, x, y, notify))
    return x, as_labels(y)


class _Reader:
    """Reads stretches of a data set into place."""

    def __init__(self, dataset: Any, name: str) -> None:
        self.dataset, self.name, self.n = dataset, name, len(dataset)
        sample = [item(dataset, index, name) for index in probe_indices(self.n)]
        self.first = sample[0]
        # The types that hold those of every item: 0 and 0.5 are both real.
        self.types = [reduce(torch.promote_types, (part.dtype for part in parts))
                      for parts in zip(*sample, strict=True)]  # fmt: skip
        self.source: Any = dataset
        self.tail: Tail | None = None
        if (parts := split_transform(dataset, name, sample)) is not None:
            self.source, self.tail = parts

    @property
    def size(self) -> int:
        """Bytes of the whole."""
        parts = zip(self.first, self.types, strict=True)
        return self.n * sum(part.numel() * int(dtype.itemsize) for part, dtype in parts)

    def empty(self, make: Callable[[str, list[int], torch.dtype], Tensor]) -> Batch:
        """Room for inputs and targets."""
        x, y = (
            make(what, [self.n, *part.shape], dtype)
            for what, part, dtype in zip("xy", self.first, self.types, strict=True)
        )
        return x, y

    def read(self, start: int, stop: int, x: Tensor, y: Tensor) -> None:
        """Items start..stop into their place.

        Raises:
            UsageError: one of them cannot be read, or differs in shape from the first.

        """
        xs, ys = self._apart(start, stop) or self._whole(self.dataset, start, stop)
        stack_items([(xs[0], ys[0]), self.first], self.name)
        for found, room, what in ((xs, x, "inputs"), (ys, y, "targets")):
            if torch.promote_types(found.dtype, room.dtype) != room.dtype:
                raise UsageError(
                    f"The {what} of {self.name} are {room.dtype} at first and {found.dtype} in "
                    f"items {start} to {stop - 1}: give all items one type."
                )
        x[start:stop], y[start:stop] = xs, ys

    def _whole(self, source: Any, start: int, stop: int) -> Batch:
        if isinstance(source, ManyJpegs):
            return stack_items(source.read(start, stop), self.name)
        return stack_items([item(source, i, self.name) for i in range(start, stop)], self.name)

    def _apart(self, start: int, stop: int) -> Batch | None:
        """With the transform taken apart; None where that is not possible, or where the first
        item comes out differently.
        """
        if self.tail is None:
            return None
        try:
            xs, ys = self._whole(self.source, start, stop)
            xs = self.tail(xs)
            x, y = item(self.dataset, start, self.name)
        except (UsageError, RuntimeError, ValueError, TypeError, OSError):
            return None
        return (xs, ys) if identical(xs[0], x) and identical(ys[0], y) else None


def _in_memory(_: str, shape: list[int], dtype: torch.dtype) -> Tensor:
    """Memory that forked children share."""
    size = math.prod(shape) * dtype.itemsize
    if size == 0:
        return torch.empty(shape, dtype=dtype)
    return torch.frombuffer(mmap.mmap(-1, size), dtype=dtype).reshape(shape)


def _fill(reader: _Reader, x: Tensor, y: Tensor, notify: Notify | None) -> None:
    what, done = f"decoding {reader.name}", 0

    def tell(items: int) -> None:
        nonlocal done
        done += items
        if notify:
            notify(done, reader.n, what)

    chunks = [(start, min(start + CHUNK, reader.n)) for start in range(0, reader.n, CHUNK)]
    width = min(cores(), len(chunks))
    device = reader.first[0].device  # what lies on an accelerator cannot be read by a child
    if reader.n < PARALLEL_FROM or width < 2 or not can_fork(device):
        for start, stop in chunks:
            reader.read(start, stop, x, y)
            tell(stop - start)
        return
    requests = [{"chunk": chunk} for chunk in chunks]
    try:
        with closing(
            answer_requests(lambda line: _serve(line, reader, x, y), requests, width)
        ) as read:
            for index, message in read:
                if "complaint" in message:
                    raise UsageError(message["complaint"])
                start, stop = chunks[index]
                tell(stop - start)
    except RequestFailed as gone:
        start, stop = chunks[gone.index]
        raise UsageError(
            f"Reading {reader.name}[{start}:{stop}] failed twice, {gone.how}: "
            "read these items by themselves to see why."
        ) from None


def _serve(line: Channel, reader: _Reader, x: Tensor, y: Tensor) -> None:
    while True:
        message, _ = line.receive()
        try:
            start, stop = message["chunk"]
            reader.read(start, stop, x, y)
        except UsageError as error:
            line.send({"complaint": str(error)})
        else:
            line.send({"done": True})
