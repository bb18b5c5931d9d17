"""Checksums that tell a file which was changed by a fault of the disk; they keep nobody out.

Weights carry theirs in the metadata of the safetensors file: 8 bytes for the length of the header,
the header as JSON, the tensors (https://huggingface.co/docs/safetensors, format).
"""

import hashlib
import json
from pathlib import Path
from typing import Any

from recipe.core.files import is_plain_file, write_bytes

LENGTH = 8
"""Bytes that say how long the header is; the header is padded to a multiple of it."""
DIGITS = 16
METADATA, NAME = "__metadata__", "checksum"


def checksum(*parts: bytes | bytearray | memoryview) -> str:
    """DIGITS hexadecimal digits of all parts together."""
    found = hashlib.blake2b(digest_size=DIGITS // 2)
    for part in parts:
        found.update(part)
    return found.hexdigest()


def sealed(weights: bytes) -> bytes:
    """The same safetensors file with its checksum in it."""
    header, tensors = _parted(weights)
    about = {**header.pop(METADATA, {}), NAME: _sum(header, tensors)}
    head = json.dumps({METADATA: about, **header}, separators=(",", ":")).encode()
    head += b" " * (-len(head) % LENGTH)
    return b"".join((len(head).to_bytes(LENGTH, "little"), head, tensors))


def is_intact(weights: bytes) -> bool:
    """Whether a safetensors file is what was written; where it carries no checksum, as earlier
    versions wrote it, whether it is whole.
    """
    try:
        header, tensors = _parted(weights)
        about = header.pop(METADATA, {})
        end = max((entry["data_offsets"][1] for entry in header.values()), default=0)
        known = about.get(NAME)
    except (ValueError, TypeError, LookupError, AttributeError, RecursionError):
        return False
    return len(tensors) == end and known in (None, _sum(header, tensors))


def write_sealed(path: Path, weights: bytes) -> None:
    """Write a safetensors file with its checksum.

    Raises:
        CannotWriteError: the system refuses.

    """
    write_bytes(path, sealed(weights))


def read_sealed(path: Path) -> bytes | None:
    """A safetensors file; None where it is missing, no plain file, or not what was written."""
    if not is_plain_file(path):
        return None
    try:
        content = path.read_bytes()
    except OSError:
        return None
    return content if is_intact(content) else None


def _parted(weights: bytes) -> tuple[dict[str, Any], memoryview]:
    length = int.from_bytes(weights[:LENGTH], "little")
    header = json.loads(weights[LENGTH : LENGTH + length])
    if not isinstance(header, dict):
        raise TypeError("the header is no object")
    return header, memoryview(weights)[LENGTH + length :]


def _sum(header: dict[str, Any], tensors: memoryview) -> str:
    return checksum(json.dumps(header, sort_keys=True).encode(), tensors)
