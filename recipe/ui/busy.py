"""A sign of life from work that says nothing itself; work that begins before it is needed."""

import importlib
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TextIO

from recipe.ui.terminal import plain_wanted

PATIENCE = 0.4
"""Seconds that may pass without one."""
REPEATED = 3.0
"""Seconds between two lines where a line is all there may be."""
LIBRARIES = "torch", "sklearn.utils", "pandas"
"""What most runs need and what takes long to import, in this order."""


@contextmanager
def busy(what: str, out: TextIO | None = None) -> Iterator[None]:
    """Show that something is being done, if it takes longer than a moment and somebody looks.

    Args:
        what: is being done, such as "reading flats.csv".
        out: where somebody may look; by default standard error.

    """
    out = sys.stderr if out is None else out
    if not out.isatty():
        yield
        return
    done = threading.Event()
    thread = threading.Thread(target=_show, args=(what, out, done), daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


def _show(what: str, out: TextIO, done: threading.Event) -> None:
    if done.wait(PATIENCE):
        return
    with suppress(OSError, ValueError):  # nobody can look any more
        if plain_wanted(out):
            out.write(f"{what} ...\n")
            out.flush()
            while not done.wait(REPEATED):
                out.write(f"still {what} ...\n")
                out.flush()
            return
        from rich.console import Console
        from rich.text import Text

        with Console(file=out, highlight=False).status(Text(f"{what} ...")):
            done.wait()


def import_ahead() -> None:
    """Import large libraries while somebody reads and answers.

    Libraries alone: the questions import modules of our own meanwhile, and two threads that import
    modules which import each other would wait for one another.
    """
    later = threading.Timer(PATIENCE, _import_all)  # the first question is drawn before
    later.daemon = True
    later.start()


def _import_all() -> None:
    for name in LIBRARIES:
        with suppress(Exception):  # told where it is needed
            importlib.import_module(name)
