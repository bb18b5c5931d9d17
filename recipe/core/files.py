"""Files that are either complete or absent: written beside, then renamed."""

import errno
import json
import os
import re
import stat
from contextlib import suppress
from pathlib import Path
from typing import Any

from recipe.core.errors import DeviceLostError, UsageError


class CannotWriteError(OSError):
    """A file of ours cannot be written: no room, no right to, or its folder is gone."""

    def __init__(self, path: Path, error: OSError) -> None:
        super().__init__(error.errno, why(error), str(path))

    @property
    def sentence(self) -> str:
        """For the user: what is kept, and what to do."""
        if self.errno == errno.ENOENT:
            return (
                f"{str(Path(self.filename).parent)!r} is gone ({self.strerror}), and a run needs "
                "its folder to its end: give the same command again. What lay there is lost."
            )
        return (
            f"{str(self.filename)!r} cannot be written ({self.strerror}): see to it and give the "
            "same command again. Everything finished before is kept."
        )


MACHINE = frozenset(
    getattr(errno, name)
    for name in (
        "ENOSPC", "EDQUOT", "EROFS", "EIO", "EFBIG", "EACCES", "EPERM", "EMFILE", "ENFILE",
        "ENOMEM", "ESTALE", "ENODEV", "ENXIO", "ETIMEDOUT", "EHOSTDOWN", "ENOTCONN", "ENAMETOOLONG",
        "ELOOP", "EBADF", "EAGAIN",
    )
    if hasattr(errno, name)
)  # fmt: skip
"""What a system says that refuses."""


def of_the_machine(error: BaseException) -> str | None:
    """What is said of an error where the machine refuses something; None for any other one."""
    seen: set[int] = set()
    each: BaseException | None = error
    while each is not None and id(each) not in seen:
        seen.add(id(each))
        if isinstance(each, CannotWriteError | DeviceLostError):
            return each.sentence
        if isinstance(each, MemoryError) or _no_room_for_a_library(each):
            return (
                "There is not enough memory: use a smaller batch size or data set. Everything "
                "finished is kept."
            )
        gone = isinstance(each, FileNotFoundError) and each.filename is None and _is_gone()
        if gone:
            return "The working directory does not exist any more: change to another one."
        if isinstance(each, OSError) and each.errno in MACHINE:
            what = f"{str(each.filename)!r}" if each.filename else "a file or stream"
            return (
                f"The system refuses to open or write {what} ({why(each)}): see to it and give the "
                "same command again. Everything finished before is kept."
            )
        each = each.__cause__
    return None


def _no_room_for_a_library(error: BaseException) -> bool:
    said = str(error)
    return isinstance(error, ImportError) and (
        "failed to map segment" in said or "annot allocate memory" in said
    )


def _is_gone() -> bool:
    try:
        Path.cwd()
    except OSError:
        return True
    return False


def why(error: BaseException) -> str:
    """What the system says of an error, without the number and the path."""
    return getattr(error, "strerror", None) or str(error) or type(error).__name__


def write_bytes(path: Path, content: bytes) -> None:
    """Write `path` so that a reader, or a crash, sees the old file or the new one whole.

    Raises:
        CannotWriteError: the system refuses.

    """
    beside = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with beside.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    except OSError as error:
        raise CannotWriteError(path, error) from error
    finally:
        with suppress(OSError):
            beside.unlink(missing_ok=True)


def clear_beside(folder: Path) -> None:
    """Remove what a kill inside of `write_bytes` left in a folder, and in those in it."""
    for left in (*folder.glob(".*.tmp"), *folder.glob("*/.*.tmp")):
        if _BESIDE.fullmatch(left.name) and is_plain_file(left):
            with suppress(OSError):
                left.unlink()


_BESIDE = re.compile(r"\..+\.\d+\.tmp")


def write_text(path: Path, content: str) -> None:
    """Write UTF-8 text with `write_bytes`; bytes of file names that are none are written as they
    are.
    """
    write_bytes(path, to_bytes(content))


def to_bytes(text: str) -> bytes:
    """UTF-8, and what cannot be written in it as in Python's source."""
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return text.encode("utf-8", "backslashreplace")


def is_plain_file(path: Path) -> bool:
    """Whether there is a file, and no link, pipe or folder of that name."""
    try:
        return stat.S_ISREG(path.lstat().st_mode)
    except (OSError, ValueError):
        return False


MOST_BYTES = 1 << 28
"""Of a file of ours that is read as a whole: a quarter of a gigabyte."""


def read_plain(path: Path, most: int = MOST_BYTES) -> bytes:
    """The content of a plain file: a pipe is never waited for, nor a device read without end.

    Raises:
        OSError: there is none, or it is larger than `most` bytes.

    """
    size = path.stat().st_size  # which says best that there is none
    if not path.resolve().is_file():
        raise OSError(errno.EINVAL, "no plain file", str(path))
    if size > most:
        raise OSError(errno.EFBIG, f"larger than {most / 1e6:.0f} MB", str(path))
    return path.read_bytes()


_SURROGATES = re.compile("[\ud800-\udfff]")
"""Bytes of file names that are no UTF-8, as Python reads them."""


def to_json(value: Any, *, indent: int | None = None) -> str:
    """Strict JSON: a NaN is an error here, never written."""
    text = json.dumps(value, indent=indent, allow_nan=False, ensure_ascii=False, default=str)
    return _SURROGATES.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def refuse_links(folder: Path) -> None:
    """What is written into a folder of a run folder stays in it.

    Raises:
        UsageError: a folder in it is a link.

    """
    for inside in folder.iterdir():
        if inside.is_symlink() and inside.is_dir():
            raise UsageError(
                f"{str(inside)!r} is a link, which nothing is written through: remove it."
            )


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
            f"Cannot write to the output folder {str(folder)!r} ({why(error)}): "
            "choose another one with --out."
        ) from error
    return folder
