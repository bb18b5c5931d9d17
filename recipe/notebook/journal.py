"""The laboratory notebook: an append-only file with one line per finished trial and step.

A line counts once it is complete and on disk. Whatever a crash leaves behind its last complete
line is cut off when the journal is opened, and the work it stood for is done again. So is the work
of a line whose checksum does not hold any more.
"""

import json
import os
import re
from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from filelock import FileLock, Timeout

from recipe.core.checksums import checksum
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
_SEAL = re.compile(rb', "sum": "([0-9a-f]+)"}$')
"""The end of a line: the checksum of the same line without it."""


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
        lines = list(_lines(self.path))
        self.damaged = sum(entry is None for entry in lines)
        """Lines that are passed over."""
        self.entries = {(e["kind"], e["key"]): e["value"] for e in lines if e is not None}
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
        before = os.fstat(self._file.fileno()).st_size
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
        entries = {(e["kind"], e["key"]): e["value"] for e in _lines(path) if e is not None}
    return entries


def _lines(path: Path) -> Iterator[dict[str, Any] | None]:
    """Each line; None for one that is damaged."""
    if not is_plain_file(path):
        return
    sealed = False
    with path.open("rb") as file:
        for whole in file:
            line = whole.rstrip(b"\r\n")
            sealed = sealed or _SEAL.search(line) is not None
            yield _parse(line, sealed=sealed)


def _sealed(line: bytes) -> bytes:
    return b'%b, "sum": "%b"}' % (line[:-1], checksum(line).encode())


def _parse(line: bytes, *, sealed: bool) -> dict[str, Any] | None:
    """A line; one without a checksum, as earlier versions wrote them, has nothing else in it, and
    stands before all `sealed` ones.
    """
    entry = parse_record(line, FIELDS)
    if entry is None or not all(isinstance(entry[name], str) for name in ("kind", "key")):
        return None
    seal = _SEAL.search(line)
    if seal is None:
        return None if sealed or entry.keys() != FIELDS else entry
    return entry if checksum(line[: seal.start()] + b"}") == seal[1].decode() else None


def parse_record(line: str | bytes, keys: AbstractSet[str]) -> dict[str, Any] | None:
    """The record in a line of JSON; None where it is torn, or lacks one of these keys."""
    try:
        entry = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return entry if isinstance(entry, dict) and keys <= entry.keys() else None
