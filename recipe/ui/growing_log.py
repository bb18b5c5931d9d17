"""A log that is still being written: read again whenever it has grown."""

import math
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from threading import Thread

POLL, REST = 0.2, 2.0
"""Seconds between two looks; and times what reading a long log took, so that two thirds of the time
are left to the training beside it."""


class Growing:
    """A file, a folder, or standard input."""

    def __init__(self, path: Path | None, idle: float) -> None:
        """None is standard input. `idle`: seconds without growth after which it has ended."""
        self.path, self.idle = path, idle
        self._kept = Path(tempfile.mkdtemp(prefix="recipe-log-"))
        self._copy = self._kept / (path.name if path else "standard input")
        self._ended = False
        if path is None:
            Thread(target=self._pump, daemon=True).start()

    def close(self) -> None:
        """Remove the copy."""
        import shutil

        shutil.rmtree(self._kept, ignore_errors=True)

    def snapshots(self) -> Iterator[Path]:
        """What can be read, each time that it has grown, until it grows no more."""
        seen, since = -1.0, time.monotonic()
        while True:
            ended, size = self._ended, self._size()
            took = 0.0
            if size != seen:
                seen, since = size, time.monotonic()
                yield self._whole()
                took = time.monotonic() - since
            elif ended or time.monotonic() - since > self.idle:
                return
            time.sleep(max(POLL, REST * took))

    def whole(self) -> Path:
        """All of it, the last line too."""
        return self._copy if self.path is None else self.path

    def _size(self) -> float:
        with suppress(OSError):
            if self.path is None:
                return self._raw.stat().st_size
            if self.path.is_dir():
                return sum(f.stat().st_size for f in self.path.rglob("*") if f.is_file())
            return self.path.stat().st_size
        return -math.inf

    @property
    def _raw(self) -> Path:
        return self._kept / "raw" if self.path is None else self.path

    def _whole(self) -> Path:
        """A copy up to the last whole line: half a number is another number. A folder, and a file
        that is not text, is read as it is.
        """
        if self.path is not None and self.path.is_dir():
            return self.path
        with suppress(OSError):
            content = self._raw.read_bytes()
            if b"\0" in content[:4096] or content[:2] == b"\x1f\x8b":
                return self._raw
            self._copy.write_bytes(content[: content.rfind(b"\n") + 1])
        return self._copy

    def _pump(self) -> None:
        """Standard input into a file, as it comes."""
        with self._raw.open("wb", buffering=0) as file:
            while chunk := os.read(sys.stdin.fileno(), 1 << 16):
                file.write(chunk)
        self._ended = True


def standard_input(say: Callable[[str], None]) -> Path:
    """All of standard input as a file in a folder of its own, which the caller removes."""
    if sys.stdin.isatty():
        say("Reading standard input; end it with Ctrl-D.")
    path = Path(tempfile.mkdtemp(prefix="recipe-log-")) / "standard input"
    path.write_bytes(sys.stdin.buffer.read())
    return path
