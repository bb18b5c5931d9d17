"""What code of the user's may change in this process, and what is put back."""

import os
import sys
import threading
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TextIO

from recipe.core.errors import UsageError

STDOUT, STDERR = 1, 2
LAST_WAIT = 1.0
"""Seconds that threads of the user's are given to end when a command is done."""


@contextmanager
def folder_kept() -> Iterator[Path]:
    """The working directory, put back at the end: factories change it.

    Raises:
        UsageError: it is gone.

    """
    try:
        folder = Path.cwd()
    except OSError as error:
        raise UsageError(
            "The working directory does not exist any more: change to another one, or see whether "
            "the experiment's code calls os.chdir()."
        ) from error
    try:
        yield folder
    finally:
        with suppress(OSError):
            os.chdir(folder)


@contextmanager
def warnings_shown() -> Iterator[None]:
    """Within it, filters that the user's code sets do not make errors of warnings; those that were
    there before stay as they are.
    """
    before = list(warnings.filters)
    try:
        yield
    finally:
        new = [each for each in warnings.filters if each not in before]
        if any(each[0] == "error" for each in new):
            changed = [
                ("default", *each[1:]) if each in new and each[0] == "error" else each
                for each in warnings.filters
            ]
            warnings.filters[:] = changed  # type: ignore[index]
            with warnings.catch_warnings():  # which tells Python that they have changed
                pass


@contextmanager
def stdout_for_result() -> Iterator[TextIO]:
    """Standard output for what is written to it on purpose alone; whatever else prints goes to
    standard error, also afterwards: threads and exit handlers of the user's live on.
    """
    out = sys.stdout
    sys.stdout = sys.stderr
    kept = None
    with suppress(OSError, ValueError, AttributeError):
        if out.fileno() == STDOUT:
            out.flush()
            kept = os.dup(STDOUT)
            os.dup2(STDERR, STDOUT)
    try:
        if kept is None:
            yield out
        else:
            with os.fdopen(kept, "w", encoding=out.encoding, closefd=False) as real:
                yield real
    finally:
        sys.stdout = out
        if kept is not None:
            os.close(kept)


def leave(code: int) -> None:
    """End the process where a thread of the user's would keep it alive for ever."""
    own = (threading.main_thread(), threading.current_thread())
    others = [t for t in threading.enumerate() if not t.daemon and t not in own]
    until = time.monotonic() + LAST_WAIT
    for thread in others:
        thread.join(max(0.0, until - time.monotonic()))
    if any(thread.is_alive() for thread in others):
        for stream in (sys.stdout, sys.stderr):
            with suppress(OSError, ValueError, AttributeError):
                stream.flush()
        os._exit(code)
