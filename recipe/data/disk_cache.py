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
from contextvars import ContextVar
from pathlib import Path
from typing import Any, Protocol

import torch
from filelock import FileLock
from torch import Tensor
from torch.utils.data import Subset

from recipe.core.cache_folder import cache_folder
from recipe.core.checksums import checksum
from recipe.core.errors import UsageError
from recipe.core.files import is_plain_file, read_plain, write_text
from recipe.core.keys_and_seeds import key
from recipe.data.trees import Tree, Values
from recipe.machine.memory import free_memory

MEMORY_SHARE = 0.4
"""Of the free memory that one data set may take; a larger one goes to a file."""
PIECE, SUMMED = 1 << 20, 1 << 30
"""Bytes that are summed at a time, and of one file in all: reading them takes a second."""
COMPLETE = "complete.json"
"""In a folder of the cache: it was built to its end, with the checksums of its files."""
CHUNK = 256
"""Items that are read before something is told."""


_several: ContextVar[bool] = ContextVar("several processes read the same data", default=False)


@contextmanager
def read_by_several(several: bool = True) -> Iterator[None]:
    """Within it, files that are decoded are kept in the cache, whatever their size: the other
    processes of this machine that read them map what the first one has decoded.
    """
    before = _several.set(several)
    try:
        yield
    finally:
        _several.reset(before)


def is_kept(decoder: "Decoder") -> bool:
    """Whether decoded data go to a file: where they do not fit into memory, or others need them."""
    large = decoder.size > MEMORY_SHARE * free_memory(torch.device("cpu"))
    return large or (_several.get() and _source_key(decoder.dataset) is not None)


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
        _reserve(file.fileno(), count * dtype.itemsize)
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


def _reserve(file: int, size: int) -> None:
    """Take the room now: a disk that is full when a mapping is written kills the process."""
    if size and hasattr(os, "posix_fallocate"):
        os.posix_fallocate(file, 0, size)


def _check_room(folder: Path, size: int) -> None:
    if shutil.disk_usage(folder).free < size:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def _file(
    folder: Path, what: str, shape: list[int], dtype: torch.dtype, *, writable: bool
) -> Tensor:
    """A tensor mapped from `folder`: shared with the file, or private to this process."""
    count = math.prod(shape)
    if writable:
        with (folder / what).open("wb") as file:
            _reserve(file.fileno(), count * dtype.itemsize)
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
            if not _is_sound(decoder, path):
                _build(decoder, path, fill)
        return decoder.empty(lambda *of: _file(path, *of, writable=False))


def _is_sound(decoder: Decoder, path: Path) -> bool:
    """Whether it was built to its end, and its files are those that were written then."""
    try:
        known = json.loads(read_plain(path / COMPLETE))["files"]
        sizes = {name: _size_of(path / name) for name in known}
        wanted: dict[str, int] = {}
        decoder.empty(lambda what, shape, dtype: _noted(wanted, what, shape, dtype))
        return sizes == wanted and all(_sum_of(path / n) == known[n] for n in wanted)
    except (OSError, ValueError, TypeError, LookupError, AttributeError, RecursionError):
        return False


def _noted(sizes: dict[str, int], what: str, shape: list[int], dtype: torch.dtype) -> Tensor:
    sizes[what] = math.prod(shape) * dtype.itemsize
    return torch.empty(0)


def _size_of(file: Path) -> int | None:
    return file.stat().st_size if is_plain_file(file) else None


def _sum_of(file: Path) -> str:
    """Checksum of a file, of a large one that of evenly spaced pieces."""
    size = file.stat().st_size
    apart = max(PIECE, size * PIECE // SUMMED // PIECE * PIECE)
    with file.open("rb") as content:
        parts = []
        for start in range(0, size, apart):
            content.seek(start)
            parts.append(checksum(content.read(PIECE)).encode())
    return checksum(str(size).encode(), *parts)


def _sync(path: Path) -> None:
    """Wait until a file, or the names in a folder, are on disk."""
    file = os.open(path, os.O_RDONLY)
    try:
        os.fsync(file)
    finally:
        os.close(file)


def _build(decoder: Decoder, path: Path, fill: Fill) -> None:
    beside = path.with_suffix(f".{os.getpid()}.tmp")
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
    # What a killed run left behind: nobody else builds it while we hold the lock.
    for left in path.parent.glob(f"{path.name}.*.tmp"):
        shutil.rmtree(left, ignore_errors=True)
    beside.mkdir()
    try:
        _check_room(beside, decoder.size)
        fill(decoder.empty(lambda *of: _file(beside, *of, writable=True)))
        for file in beside.iterdir():
            _sync(file)
        found = {file.name: _sum_of(file) for file in beside.iterdir()}
        write_text(beside / COMPLETE, json.dumps({"items": decoder.n, "files": found}))
        _sync(beside)
        beside.rename(path)
    finally:
        shutil.rmtree(beside, ignore_errors=True)
