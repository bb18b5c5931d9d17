"""Reads a deterministic data set into tensors once, by several processes where that is possible.

What does not fit into memory goes to a memory-mapped file in the cache, under a fingerprint of
its source: the next run reuses it, a changed source is read anew, and of two runs that want the
same one builds it while the other waits.
"""

import json
import math
import mmap
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from filelock import FileLock
from torch import Tensor

from recipe.cache import cache_folder
from recipe.errors import UsageError
from recipe.files import write_text
from recipe.keys import key
from recipe.training.children import ATTEMPTS, Child, Children, Line, can_fork, cores, ready
from recipe.training.items import Batch, as_labels, item, probes, stack
from recipe.training.memory import free_memory
from recipe.training.transforms import Tail, apart

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
        self.first = item(dataset, 0, name)
        self.source: Any = dataset
        self.tail: Tail | None = None
        if (parts := apart(dataset, name)) is not None:
            self.source, self.tail = parts

    @property
    def size(self) -> int:
        """Bytes of the whole."""
        return self.n * sum(part.numel() * part.element_size() for part in self.first)

    def empty(self, make: Callable[[str, list[int], torch.dtype], Tensor]) -> Batch:
        """Room for inputs and targets."""
        x, y = (
            make(what, [self.n, *part.shape], part.dtype)
            for what, part in zip("xy", self.first, strict=True)
        )
        return x, y

    def read(self, start: int, stop: int, x: Tensor, y: Tensor) -> None:
        """Items start..stop into their place.

        Raises:
            UsageError: one of them cannot be read, or differs in shape from the first.

        """
        xs, ys = stack([item(self.source, i, self.name) for i in range(start, stop)], self.name)
        if self.tail is not None:
            xs = self.tail(xs)
        stack([(xs[0], ys[0]), self.first], self.name)
        x[start:stop], y[start:stop] = xs, ys


def _in_memory(_: str, shape: list[int], dtype: torch.dtype) -> Tensor:
    """Memory that forked children share."""
    size = math.prod(shape) * dtype.itemsize
    if size == 0:
        return torch.empty(shape, dtype=dtype)
    return torch.frombuffer(mmap.mmap(-1, size), dtype=dtype).reshape(shape)


def _fill(reader: _Reader, x: Tensor, y: Tensor, notify: Notify | None) -> None:
    what, done = f"decoding {reader.name}", 0

    def told(items: int) -> None:
        nonlocal done
        done += items
        if notify:
            notify(done, reader.n, what)

    chunks = [(start, min(start + CHUNK, reader.n)) for start in range(0, reader.n, CHUNK)]
    width = min(cores(), len(chunks))
    if reader.n < PARALLEL_FROM or width < 2 or not can_fork(torch.device("cpu")):
        for start, stop in chunks:
            reader.read(start, stop, x, y)
            told(stop - start)
        return
    with Children() as children:
        _share_out(reader, (x, y), chunks, width, children, told)


def _share_out(  # noqa: PLR0917
    reader: _Reader,
    room: Batch,
    chunks: list[tuple[int, int]],
    width: int,
    children: Children,
    told: Callable[[int], None],
) -> None:
    """Give each child a chunk at a time; a chunk whose reader died is read again once."""
    waiting = [(chunk, 1) for chunk in reversed(chunks)]
    busy: dict[Child, tuple[tuple[int, int], int]] = {}
    idle = [children.start(lambda line: _serve(line, reader, *room)) for _ in range(width)]
    while waiting or busy:
        while waiting and idle:
            chunk, attempt = waiting.pop()
            child = idle.pop()
            child.send({"chunk": chunk})
            busy[child] = (chunk, attempt)
        for child in ready(busy):
            chunk, attempt = busy.pop(child)
            try:
                message, _ = child.receive()
            except EOFError:
                if attempt == ATTEMPTS:
                    raise UsageError(
                        f"Reading {reader.name}[{chunk[0]}:{chunk[1]}] failed twice, "
                        f"{child.death()}: read these items by themselves to see why."
                    ) from None
                waiting.append((chunk, attempt + 1))
                children.end(child)
                idle.append(children.start(lambda line: _serve(line, reader, *room)))
                continue
            if "complaint" in message:
                raise UsageError(message["complaint"])
            told(chunk[1] - chunk[0])
            idle.append(child)


def _serve(line: Line, reader: _Reader, x: Tensor, y: Tensor) -> None:
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
    """The data set as a file of the cache, built when it is not there yet."""
    folder = cache_folder() / "data"
    path = folder / _source_key(reader)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with FileLock(path.with_suffix(".lock")):
            if not (path / "complete.json").exists():
                _build(reader, path, notify)
    except OSError as error:
        raise UsageError(
            f"{reader.name} takes {reader.size / 1e9:.1f} GB, more than fits into memory, and "
            f"cannot be kept in {str(folder)!r} ({error.strerror}): set RECIPE_CACHE to a folder "
            "with room."
        ) from error
    return reader.empty(lambda *of: _file(path, *of, writable=False))


def _build(reader: _Reader, path: Path, notify: Notify | None) -> None:
    beside = path.with_suffix(f".{os.getpid()}.tmp")
    shutil.rmtree(path, ignore_errors=True)
    beside.mkdir()
    try:
        if shutil.disk_usage(beside).free < reader.size:
            raise OSError(28, os.strerror(28))
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


def _source_key(reader: _Reader) -> str:
    """What the content of the data set depends on: its files' sizes and times where it names
    them, its transform, and a sample of its items.
    """
    dataset = reader.dataset
    files = []
    for sample in getattr(dataset, "samples", None) or ():
        if isinstance(sample, tuple | list) and isinstance(sample[0], str):
            stat = Path(sample[0]).stat()
            files.append([sample[0], stat.st_size, stat.st_mtime_ns])
    sampled = [
        [part.contiguous().numpy().tobytes().hex() for part in item(dataset, i, reader.name)]
        for i in probes(reader.n)
    ]
    return key(
        "data 1", reader.n, type(dataset).__qualname__, repr(getattr(dataset, "transform", None)),
        files, sampled,
    )  # fmt: skip
