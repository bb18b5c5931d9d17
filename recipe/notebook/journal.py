"""The laboratory notebook: an append-only file with one line per finished trial and step.

A line counts once it is complete and on disk. Whatever a crash leaves behind its last complete
line is cut off when the journal is opened, and the work it stood for is done again. So is the work
of a line whose checksum does not hold any more.
"""

import errno
import gc
import json
import os
from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from filelock import FileLock, Timeout

from recipe.core.checksums import DIGITS, checksum
from recipe.core.errors import UsageError
from recipe.core.files import (
    CannotWriteError,
    clear_beside,
    is_plain_file,
    refuse_links,
    to_json,
    why,
)

FILE = "journal.jsonl"
FIELDS = frozenset({"kind", "key", "value"})
_BEFORE, _BEHIND = b', "sum": "', b'"}'
_SEAL = len(_BEFORE) + DIGITS + len(_BEHIND)
"""The end of a line is the checksum of the same line without it; bytes that this takes."""


@contextmanager
def _nothing_collected() -> Iterator[None]:
    """The garbage collector would go through all records again and again, and none is garbage."""
    collects = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collects:
            gc.enable()


class Journal:
    """Finished work of one run folder, by kind and key; held by one process at a time."""

    def __init__(self, folder: Path) -> None:
        """Lock the folder, repair the file and read it.

        Raises:
            UsageError: another process holds the folder, or it cannot be written.

        """
        self.path = folder / FILE
        if os.path.lexists(self.path) and not is_plain_file(self.path):
            raise UsageError(
                f"{str(self.path)!r} is no plain file, so that nothing can be written to it: remove"
                " it, or start a new run with --fresh."
            )
        if folder.is_dir():
            refuse_links(folder)
        self._lock = FileLock(folder / ".lock", timeout=0)
        try:
            self._lock.acquire()
            try:
                self._open()
            except BaseException:
                self._lock.release()
                raise
        except Timeout as error:
            raise UsageError(
                f"The run folder {str(folder)!r} is in use by another process: "
                "wait for it to end, or start a new run with --fresh."
            ) from error
        except (OSError, ValueError) as error:
            raise UsageError(
                f"The run folder {str(folder)!r} cannot be written to ({why(error)}): see to "
                "its permissions, or start a new run with --fresh."
            ) from error

    def _open(self) -> None:
        clear_beside(self.path.parent)
        self.repaired = self._cut_torn_tail()
        lines = _lines(self.path)
        self.damaged = sum(entry is None for entry in lines)
        """Lines that are passed over."""
        self.entries = _by_key(lines)
        self._file = self.path.open("ab", buffering=0)
        self._refused: CannotWriteError | None = None

    def _cut_torn_tail(self) -> bool:
        if not self.path.exists():
            return False
        content = self.path.read_bytes()
        end = len(content)
        while end:
            start = content.rfind(b"\n", 0, end - 1) + 1
            line = content[start : end - 1]
            if content[end - 1 : end] == b"\n" and parse_record(line, FIELDS) is not None:
                break
            end = start
        if end < len(content):
            with self.path.open("r+b") as file:
                file.truncate(end)
                file.flush()
                os.fsync(file.fileno())
        return end < len(content)

    def get(self, kind: str, key: str) -> Any | None:
        """The recorded value, or None."""
        return self.entries.get((kind, key))

    def put(self, kind: str, key: str, value: Any) -> None:
        """Append a line and wait until it is on disk.

        Raises:
            CannotWriteError: it cannot be written; the file is as it was before, and nothing more
                is written.

        """
        if self._refused is not None:
            raise self._refused
        line = to_json({"kind": kind, "key": key, "value": value})
        whole = _sealed(line.encode()) + b"\n"
        state = os.fstat(self._file.fileno())
        before = state.st_size
        if not state.st_nlink:
            self._refused = CannotWriteError(
                self.path, FileNotFoundError(errno.ENOENT, "the run folder was deleted")
            )
            raise self._refused
        try:
            left = memoryview(whole)
            while left:
                left = left[self._file.write(left) :]
            os.fsync(self._file.fileno())
        except BaseException as error:  # half a line would spoil the one behind it
            with suppress(OSError):
                self._file.truncate(before)
            if isinstance(error, OSError):
                self._refused = CannotWriteError(self.path, error)
                raise self._refused from error
            raise
        self.entries[kind, key] = json.loads(line)["value"]

    def forget(self, kind: str, key: str) -> None:
        """Do as if it were not recorded; where it is recorded again, that counts from then on."""
        self.entries.pop((kind, key), None)

    def values(self, kind: str) -> list[Any]:
        """All recorded values of a kind, oldest first."""
        return [value for (of, _), value in self.entries.items() if of == kind]

    def close(self) -> None:
        """Give the folder back."""
        self._file.close()
        self._lock.release()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def read_entries(path: Path) -> dict[tuple[str, str], Any]:
    """The sound lines of a journal, by kind and key; none when there is no such file, or one that
    cannot be read.
    """
    entries = {}
    with suppress(OSError):
        entries = _by_key(_lines(path))
    return entries


@_nothing_collected()
def _by_key(lines: list[dict[str, Any] | None]) -> dict[tuple[str, str], Any]:
    return {(e["kind"], e["key"]): e["value"] for e in lines if e is not None}


@_nothing_collected()
def _lines(path: Path) -> list[dict[str, Any] | None]:
    """Each line; None for one that is damaged. Those with a checksum are parsed in one go, which
    takes a third of the time of one by one.
    """
    if not is_plain_file(path):
        return []
    lines = [line.rstrip(b"\r") for line in path.read_bytes().split(b"\n")]
    if not lines[-1]:
        lines.pop()
    seals = [_seal(line) for line in lines]
    first = next((place for place, seal in enumerate(seals) if seal is not None), len(lines))
    found = [_unsealed(line) for line in lines[:first]]
    found += [None] * (len(lines) - first)
    whole = [i for i in range(first, len(lines)) if seals[i] == _checksum_of(lines[i])]
    for place, entry in zip(whole, _parsed([lines[i] for i in whole]), strict=True):
        found[place] = entry if _is_record(entry) else None
    return found


def _sealed(line: bytes) -> bytes:
    return b"%b%b%b%b" % (line[:-1], _BEFORE, checksum(line).encode(), _BEHIND)


def _seal(line: bytes) -> bytes | None:
    """The checksum at the end of a line."""
    if line[-_SEAL : -_SEAL + len(_BEFORE)] != _BEFORE or not line.endswith(_BEHIND):
        return None
    return line[-_SEAL + len(_BEFORE) : -len(_BEHIND)]


def _checksum_of(line: bytes) -> bytes:
    """That of a sealed line without its seal."""
    return checksum(memoryview(line)[:-_SEAL], b"}").encode()


def _parsed(lines: list[bytes]) -> list[Any]:
    try:
        found: list[Any] = json.loads(b"[" + b",".join(lines) + b"]")
    except (ValueError, RecursionError):
        found = []
    return found if len(found) == len(lines) else [parse_record(line, FIELDS) for line in lines]


def _is_record(entry: Any) -> bool:
    return (
        isinstance(entry, dict) and entry.keys() >= FIELDS
        and isinstance(entry["kind"], str) and isinstance(entry["key"], str)
    )  # fmt: skip


def _unsealed(line: bytes) -> dict[str, Any] | None:
    """A line as earlier versions wrote it, which has nothing else in it, and stands before all
    sealed ones.
    """
    entry = parse_record(line, FIELDS)
    return entry if _is_record(entry) and entry is not None and entry.keys() == FIELDS else None


def parse_record(line: str | bytes, keys: AbstractSet[str]) -> dict[str, Any] | None:
    """The record in a line of JSON; None where it is torn, or lacks one of these keys."""
    try:
        entry = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return entry if isinstance(entry, dict) and keys <= entry.keys() else None
