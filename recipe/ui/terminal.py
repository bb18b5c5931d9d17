"""What a terminal can do, and what its user wants of it."""

import os
import sys
from contextlib import suppress
from typing import TextIO


def plain_wanted(out: TextIO) -> bool:
    """Whether lines are all there may be: no terminal, one that cannot move its cursor, or a screen
    reader, for which RECIPE_PLAIN is set.
    """
    dumb = os.environ.get("TERM") in (None, "", "dumb") and os.name != "nt"
    return not out.isatty() or dumb or bool(os.environ.get("RECIPE_PLAIN"))


def has_user(out: TextIO) -> bool:
    """Whether somebody can be asked who reads `out`."""
    return sys.stdin.isatty() and out.isatty() and not is_true("CI")


def unicode_works(out: TextIO) -> bool:
    """Whether it can write what is not ASCII."""
    return "utf" in (getattr(out, "encoding", None) or "").lower()


def has_screen() -> bool:
    """Whether a picture can be opened beside the terminal."""
    if sys.platform in ("win32", "darwin"):
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def forget_typed() -> None:
    """Drop keys that were pressed while nothing was asked: they answer nothing that follows."""
    with suppress(ImportError, OSError, ValueError):  # no such terminal, or none at all
        import termios

        termios.tcflush(sys.stdin, termios.TCIFLUSH)


def is_true(name: str) -> bool:
    """Whether a variable of the environment says yes."""
    return os.environ.get(name, "").lower() in ("1", "true", "yes")
