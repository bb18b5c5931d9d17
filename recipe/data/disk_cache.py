"""Data that does not fit into memory, in a memory-mapped file of the cache.

It stands under a fingerprint of its source: the next run reuses it, a changed source is read again,
and of two runs that want the same one builds it while the other waits.
"""

import errno
import json
import math
import os
import re
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

import torch
from filelock import FileLock
from torch import Tensor
from torch.utils.data import Subset

from recipe.core.cache_folder import cache_folder
from recipe.core.errors import UsageError
from recipe.core.files import write_text
from recipe.core.keys_and_seeds import key
from recipe.data.trees import Tree, Values
from recipe.machine.memory import free_memory

MEMORY_SHARE = 0.4
"""Of the free memory that one data set may take; a larger one goes to a file."""
CHUNK = 256
"""Items that are read before something is told."""


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


def select_rows(x: Values, index: Tensor, name: str) -> Values:
    """The rows `index` of `x`, in a file where they take more memory than there is."""
    if isinstance(x, Tree):
        return x.mapped(lambda leaf: _rows_of(leaf, index, name) if isinstance(leaf, Tensor)
                        else Tree(leaf)[index].value)  # fmt: skip
    return _rows_of(x, index, name)


def _rows_of(x: Tensor, index: Tensor, name: str) -> Tensor:
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


Make = Callable[[str, list[int], torch.dtype], Tensor]
"""Makes room for a tensor, by its name, shape and type."""


class Decoder(Protocol):
    """What reads a data set, and how much there is of it."""

    dataset: Any
    name: str
    n: int
    types: list[torch.dtype]

    @property
    def size(self) -> int:
        """Bytes of the whole."""

    def empty(self, make: Make) -> list[Tensor]:
        """Room for every tensor."""


Fill = Callable[[list[Tensor]], None]
"""Reads all items into their place."""


def on_disk(decoder: Decoder, fill: Fill) -> list[Tensor]:
    """The data set as a file of the cache, built when it is not there yet. A data set that names
    no files might change unseen: its file is gone with this process.
    """
    source = _source_key(decoder.dataset)
    with _folder(decoder.name, decoder.size) as folder:
        if source is None:
            parts = decoder.empty(lambda _, *of: unnamed_file(folder, *of))
            fill(parts)
            return parts
        path = folder / key("data 2", decoder.n, str(decoder.types), source)
        with FileLock(path.with_suffix(".lock")):
            if not (path / "complete.json").exists():
                _build(decoder, path, fill)
        return decoder.empty(lambda *of: _file(path, *of, writable=False))


def _build(decoder: Decoder, path: Path, fill: Fill) -> None:
    beside = path.with_suffix(f".{os.getpid()}.tmp")
    shutil.rmtree(path, ignore_errors=True)
    # What a killed run left behind: nobody else builds it while we hold the lock.
    for left in path.parent.glob(f"{path.name}.*.tmp"):
        shutil.rmtree(left, ignore_errors=True)
    beside.mkdir()
    try:
        _check_room(beside, decoder.size)
        fill(decoder.empty(lambda *of: _file(beside, *of, writable=True)))
        write_text(beside / "complete.json", json.dumps({"items": decoder.n}))
        beside.rename(path)
    finally:
        shutil.rmtree(beside, ignore_errors=True)
