"""Whose code a run folder names: a run of this user, known by a key in their cache, or that of
somebody else, which is not run before it was asked for.
"""

import hashlib
import hmac
import json
import os
import secrets
from contextlib import suppress
from pathlib import Path

from recipe.core.cache_folder import cache_folder
from recipe.core.errors import UsageError
from recipe.core.files import is_plain_file, read_plain, write_text

FILE = ".origin"
"""In a run folder: what its code is, sealed with the key."""
KEY, KEY_BYTES = "run-key", 32
BUILT_IN = frozenset({"digits"})
"""Targets that are recipe's own code."""


def sign(folder: Path, target: str | None, base: Path) -> None:
    """Note that a run of this user called a target from the folder `base`."""
    if target is None or target in BUILT_IN:
        return
    with suppress(OSError):  # without a cache it is asked for every time
        write_text(folder / FILE, _seal(_key(), target, base) + "\n")


def check(folder: Path, target: str, base: Path, *, trust: bool) -> None:
    """Whether the code that a run folder names may be run.

    Args:
        folder: the run folder.
        target: what it names.
        base: from which folder it is called.
        trust: whether the user said so.

    Raises:
        UsageError: it was not run here before, and nobody said so.

    """
    if trust or is_own(folder, target, base):
        return
    raise UsageError(
        f"The run folder {str(folder)!r} names the code {target!r}, which no run of yours has "
        "called from here: look at it, and say --trust (in Python trust=True) to run it."
    )


def is_own(folder: Path, target: str, base: Path) -> bool:
    """Whether a run of this user, in this folder, called the target from there."""
    if target in BUILT_IN:
        return True
    if not is_plain_file(folder / FILE):
        return False
    try:
        known = read_plain(folder / FILE).decode("ascii", "replace").strip()
        return hmac.compare_digest(known.encode(), _seal(_key(), target, base).encode())
    except OSError:
        return False


def _seal(key: bytes, target: str, base: Path) -> str:
    source, _, name = target.rpartition(":") if ".py:" in target else (target, "", "")
    place = str((base / source).resolve()) if source.endswith(".py") else source
    return hmac.new(key, json.dumps([place, name]).encode(), hashlib.sha256).hexdigest()


def _key() -> bytes:
    """The key of this user, made where there is none."""
    path = cache_folder() / KEY
    path.parent.mkdir(parents=True, exist_ok=True)
    with suppress(FileExistsError):
        file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(file, "wb") as key:
            key.write(secrets.token_bytes(KEY_BYTES))
    found = read_plain(path)
    if len(found) != KEY_BYTES:
        raise OSError("no key")
    return found
