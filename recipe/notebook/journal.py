"""The laboratory notebook: an append-only file with one line per finished trial and step.

A line counts once it is complete and on disk. Whatever a crash leaves behind its last complete
line is cut off when the journal is opened, and the work it stood for is done again.
"""

import json
import os
from collections.abc import Set as AbstractSet
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from filelock import FileLock, Timeout

from recipe.core.errors import UsageError
from recipe.core.files import to_json

FILE = "journal.jsonl"


class Journal:
    """Finished work of one run folder, by kind and key; held by one process at a time."""

    def __init__(self, folder: Path) -> None:
        """Lock the folder, repair the file and read it.

        Raises:
            UsageError: another process holds the folder.

        """
        self.path = folder / FILE
        self._lock = FileLock(folder / ".lock", timeout=0)
        try:
            self._lock.acquire()
        except Timeout as error:
            raise UsageError(
                f"The run folder {str(folder)!r} is in use by another process: "
                "wait for it to end, or start a new run with --fresh."
            ) from error
        self.repaired = self._cut_torn_tail()
        self.entries = read_entries(self.path)
        self._file = self.path.open("ab")

    def _cut_torn_tail(self) -> bool:
        if not self.path.exists():
            return False
        content = self.path.read_bytes()
        end = len(content)
        while end:
            start = content.rfind(b"\n", 0, end - 1) + 1
            if content[end - 1 : end] == b"\n" and _parse(content[start : end - 1]) is not None:
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
        """Append a line and wait until it is on disk."""
        line = to_json({"kind": kind, "key": key, "value": value})
        self._file.write(line.encode() + b"\n")
        self._file.flush()
        os.fsync(self._file.fileno())
        self.entries[kind, key] = json.loads(line)["value"]

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
    """The complete lines of a journal, by kind and key; none when there is no such file."""
    lines = path.read_bytes().splitlines() if path.exists() else []
    entries = [entry for line in lines if (entry := _parse(line)) is not None]
    return {(entry["kind"], entry["key"]): entry["value"] for entry in entries}


def _parse(line: bytes) -> dict[str, Any] | None:
    return parse_record(line, {"kind", "key", "value"})


def parse_record(line: str | bytes, keys: AbstractSet[str]) -> dict[str, Any] | None:
    """The record in a line of JSON; None where it is torn, or lacks one of these keys."""
    try:
        entry = json.loads(line)
    except ValueError:
        return None
    return entry if isinstance(entry, dict) and keys <= entry.keys() else None
