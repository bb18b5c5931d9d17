"""Packed tables: what is in them, as far as memory has room for it."""

import bz2
import errno
import gzip
import io
import lzma
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import IO, Any

import torch

from recipe.core.errors import UsageError
from recipe.core.files import read_plain
from recipe.machine.memory import free_memory

OPENERS: Mapping[str, Callable[[IO[bytes]], Any]] = {
    ".gz": gzip.open, ".bz2": bz2.open, ".xz": lzma.open,
}  # fmt: skip
PACKED = (*OPENERS, ".zip")
"""Endings of packed files."""
SHARE = 0.2
"""Of the free memory that the content of a file may take: cells take several times as much."""
LEAST = 1 << 28
"""Bytes that are read in any case."""


def unpacked(path: Path) -> bytes:
    """The content of a file, unpacked where its name says that it is packed.

    Raises:
        OSError: it cannot be read, is no plain file, or has no room in memory.
        UsageError: it holds several files.

    """
    most = max(LEAST, int(SHARE * free_memory(torch.device("cpu"))))
    content = read_plain(path, most)
    if path.suffix.lower() == ".zip":
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            names = [n for n in archive.namelist() if not n.endswith("/") and "__MACOSX" not in n]
            if len(names) != 1:
                raise UsageError(
                    f"{str(path)!r} holds {len(names)} files: unpack it, and name one."
                )
            with archive.open(names[0]) as file:
                return _read(file, most)
    if (opener := OPENERS.get(path.suffix.lower())) is None:
        return content
    with opener(io.BytesIO(content)) as file:
        return _read(file, most)


def _read(file: Any, most: int) -> bytes:
    content: bytes = file.read(most + 1)
    if len(content) > most:
        raise OSError(errno.EFBIG, f"it is unpacked to more than {most / 1e9:.1f} GB")
    return content
