"""Files that are either complete or absent: written beside, then renamed."""

import json
import os
from pathlib import Path
from typing import Any

from recipe.core.errors import UsageError


def write_bytes(path: Path, content: bytes) -> None:
    """Write `path` so that a reader, or a crash, sees the old file or the new one whole."""
    beside = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with beside.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)


def write_text(path: Path, content: str) -> None:
    """Write UTF-8 text with `write_bytes`."""
    write_bytes(path, content.encode())


def to_json(value: Any, *, indent: int | None = None) -> str:
    """Strict JSON: a NaN is an error here, never written."""
    return json.dumps(value, indent=indent, allow_nan=False, ensure_ascii=False, default=str)


def make_folder(folder: Path) -> Path:
    """Create `folder` with its parents.

    Raises:
        UsageError: it cannot be created or written to.

    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe = folder / f".write-{os.getpid()}"
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise UsageError(
            f"Cannot write to the output folder {str(folder)!r} ({error.strerror}): "
            "choose another one with --out."
        ) from error
    return folder
