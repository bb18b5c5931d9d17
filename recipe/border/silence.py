"""A run that gives no sign for long says where it is: its stack tells a hang from slow work."""

import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import TypeVar

from recipe.border.faults import name_of, owner_of
from recipe.core.budget import Budget

T = TypeVar("T")
NAMED = 6
"""Places of the stack that are told, the innermost first."""


@contextmanager
def silence_told(
    limit: Budget | None, emit: Callable[[T], None], say: Callable[[str], None]
) -> Iterator[Callable[[T], None]]:
    """`emit`, watched: where it is not called for so long, it is said what runs meanwhile, and
    again each time as long has passed.

    Args:
        limit: in seconds; None for silence.
        emit: called with every event.
        say: told a sentence, from another thread.

    """
    if limit is None:
        yield emit
        return
    watch = _Watch(limit.amount, say)

    def heard(event: T) -> None:
        watch.heard = time.monotonic()
        emit(event)

    watch.start()
    try:
        yield heard
    finally:
        watch.done.set()


class _Watch(threading.Thread):
    def __init__(self, seconds: float, say: Callable[[str], None]) -> None:
        super().__init__(name="recipe-silence", daemon=True)
        self.seconds, self.say = seconds, say
        self.watched = threading.get_ident()
        self.heard = time.monotonic()
        self.done = threading.Event()

    def run(self) -> None:
        """Until it is told that it is done."""
        while not self.done.wait(max(0.01, self.heard + self.seconds - time.monotonic())):
            if time.monotonic() - self.heard < self.seconds:
                continue
            self.heard = time.monotonic()
            frame = sys._current_frames().get(self.watched)  # noqa: SLF001 - there is no other way
            self.say(
                f"No sign for {self.seconds:g} s: {stack(frame)}. It goes on; Ctrl-C ends it and "
                "keeps what is finished (--stall says when this is told)."
            )
            del frame  # which keeps the tensors in it


def stack(frame: FrameType | None) -> str:
    """What runs, the innermost place first, those of libraries left out."""
    places: list[str] = []
    while frame is not None and len(places) < NAMED:
        code = frame.f_code
        if owner_of(code.co_filename) != "library":
            places.append(f"{Path(code.co_filename).name}:{frame.f_lineno} ({name_of(code)})")
        frame = frame.f_back
    return ", called from ".join(places) or "unknown"
