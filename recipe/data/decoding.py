"""Reads a deterministic data set into tensors once, by several processes where that is possible.

What does not fit into memory goes to a memory-mapped file in the cache, under a fingerprint of
its source: the next run reuses it, a changed source is read anew, and of two runs that want the
same one builds it while the other waits.
"""

import errno
import json
import math
import mmap
import os
import re
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from functools import reduce
from pathlib import Path
from typing import Any

import torch
from filelock import FileLock
from torch import Tensor
from torch.utils.data import Subset

from recipe.core.cache import cache_folder
from recipe.core.errors import UsageError
from recipe.core.files import write_text
from recipe.core.keys import key
from recipe.data.items import Batch, as_labels, identical, item, probes, stack_items
from recipe.data.transforms import ManyJpegs, Tail, split_transform
from recipe.machine.memory import free_memory
from recipe.machine.processes import Channel, RequestFailed, answers, can_fork, cores

Notify = Callable[[float, float, str], None]
MEMORY_SHARE = 0.4
"""Of the free memory that one data set may take; a larger one goes to a file."""
PARALLEL_FROM = 2_000
"""Items from which starting worker processes is faster than decoding here."""
CHUNK = 256
"""Items that are read before something is told."""


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
        x, y = _mapped(reader, notify)
    return x, as_labels(y)


class _Reader:
    """Reads stretches of a data set into place."""

    def __init__(self, dataset: Any, name: str) -> None:
        self.dataset, self.name, self.n = dataset, name, len(dataset)
        sample = [item(dataset, index, name) for index in probes(self.n)]
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
        with closing(answers(lambda line: _serve(line, reader, x, y), requests, width)) as read:
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


def _mapped(reader: _Reader, notify: Notify | None) -> Batch:
    """The data set as a file of the cache, built when it is not there yet. A data set that names
    no files might change unseen: its file is gone with this process.
    """
    source = _source_key(reader.dataset)
    with _folder(reader.name, reader.size) as folder:
        if source is None:
            x, y = reader.empty(lambda _, *of: unnamed_file(folder, *of))
            _fill(reader, x, y, notify)
            return x, y
        path = folder / key("data 2", reader.n, str(reader.types), source)
        with FileLock(path.with_suffix(".lock")):
            if not (path / "complete.json").exists():
                _build(reader, path, notify)
        return reader.empty(lambda *of: _file(path, *of, writable=False))


@contextmanager
def _folder(name: str, size: int) -> Iterator[Path]:
    """The cache's folder for data that does not fit into memory.

    Raises:
        UsageError: it cannot be written, or has no room.

    """
    folder = cache_folder() / "data"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        yield folder
    except OSError as error:
        raise UsageError(
            f"{name} takes {size / 1e9:.1f} GB, more than fits into memory, and "
            f"cannot be kept in {str(folder)!r} ({error.strerror}): set RECIPE_CACHE to a folder "
            "with room."
        ) from error


def unnamed_file(folder: Path, shape: list[int], dtype: torch.dtype) -> Tensor:
    """A tensor in a file that has no name any more and ends with this process."""
    count = math.prod(shape)
    _check_room(folder, count * dtype.itemsize)
    with tempfile.NamedTemporaryFile(dir=folder) as file:
        return torch.from_file(file.name, shared=True, size=count, dtype=dtype).reshape(shape)


def select_rows(x: Tensor, index: Tensor, name: str) -> Tensor:
    """The rows `index` of `x`, in a file where they take more memory than there is."""
    size = len(index) * x[:1].nbytes
    if x.device.type != "cpu" or size <= MEMORY_SHARE * free_memory(x.device):
        return x[index]
    with _folder(name, size) as folder:
        rows = unnamed_file(folder, [len(index), *x.shape[1:]], x.dtype)
    for start in range(0, len(index), CHUNK):
        rows[start : start + CHUNK] = x[index[start : start + CHUNK]]
    return rows


def _check_room(folder: Path, size: int) -> None:
    if shutil.disk_usage(folder).free < size:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def _build(reader: _Reader, path: Path, notify: Notify | None) -> None:
    beside = path.with_suffix(f".{os.getpid()}.tmp")
    shutil.rmtree(path, ignore_errors=True)
    # What a killed run left behind: nobody else builds it while we hold the lock.
    for left in path.parent.glob(f"{path.name}.*.tmp"):
        shutil.rmtree(left, ignore_errors=True)
    beside.mkdir()
    try:
        _check_room(beside, reader.size)
        x, y = reader.empty(lambda *of: _file(beside, *of, writable=True))
        _fill(reader, x, y, notify)
        write_text(beside / "complete.json", json.dumps({"items": reader.n}))
        beside.rename(path)
    finally:
        shutil.rmtree(beside, ignore_errors=True)


def _file(
    folder: Path, what: str, shape: list[int], dtype: torch.dtype, *, writable: bool
) -> Tensor:
    """A tensor mapped from `folder`: shared with the file, or private to this process."""
    count = math.prod(shape)
    tensor = torch.from_file(str(folder / what), shared=writable, size=count, dtype=dtype)
    return tensor.reshape(shape)


def _source_key(dataset: Any) -> str | None:
    """What the content of a data set of files depends on: their names, sizes and times, labels,
    and the transform. None for a data set that names no files.
    """
    indices = None
    while isinstance(dataset, Subset):
        indices = [dataset.indices[i] for i in indices] if indices else list(dataset.indices)
        dataset = dataset.dataset
    samples = getattr(dataset, "samples", None)
    if not isinstance(samples, list | tuple) or not samples:
        return None
    files = []
    for sample in samples:
        if not isinstance(sample, tuple | list) or not isinstance(sample[0], str | Path):
            return None
        try:
            stat = Path(sample[0]).stat()
        except OSError:
            return None
        files.append([str(sample[0]), repr(sample[1:]), stat.st_size, stat.st_mtime_ns])
    transforms = [repr(getattr(dataset, name, None)) for name in ("transform", "target_transform")]
    if any(re.search(r" at 0x[0-9a-f]+", text) for text in transforms):
        return None  # a function without a name of its own may do anything the next time
    return key(type(dataset).__qualname__, transforms, files, indices)
