"""How long one call of the user's code may take: an item, a forward pass, a metric.

A thread looks at what the main thread runs. Where it is in one and the same call of the user's for
too long, the main thread is interrupted there, so that the error names the line.
"""

import ctypes
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import CodeType, FrameType

from recipe.border.faults import CallTooLong, Place, name_of, owner_of
from recipe.core.budget import Budget

LOOK_EVERY = 1.0
"""Seconds between two looks."""
LONGEST_LOOK = 0.05
"""A look of this length tells a long call from many short ones, whose frames are let go at once:
what holds a frame keeps the tensors in it."""
TOLD_AFTER = 30.0
"""Seconds after which it is said that a call takes long."""
Say = Callable[[str], None]

_limit: Budget | None = None
"""Of the run, for processes that are forked in it."""
_beats = 0


def beat() -> None:
    """A generator of the user's came back with an item: its frame is the same for the next one."""
    global _beats  # noqa: PLW0603 - one number for the process
    _beats += 1


@contextmanager
def limited_calls(
    limit: Budget | None, entry: CodeType, say: Say = lambda _: None
) -> Iterator[None]:
    """Within it, one call of the user's code may take `limit`.

    Args:
        limit: in seconds; None for as long as it takes.
        entry: what calls the user's code: their frames above it are looked at alone.
        say: told of a call that takes long, from another thread.

    Raises:
        CallTooLong: in the line of the user's that does not come to an end.

    """
    global _limit  # noqa: PLW0603 - children that are forked here read it
    if limit is None:
        yield
        return
    before, _limit = _limit, limit
    watch = _Watch(limit, entry, say)
    try:
        with _woken_by_signal() as wake:
            watch.wake = wake
            watch.start()
            yield
    finally:
        _limit = before
        watch.done.set()


@contextmanager
def limited_in_child(entry: CodeType) -> Iterator[None]:
    """The same limit in a forked process, where no thread but the one that forked lives on."""
    with limited_calls(_limit, entry):
        yield


def seconds_allowed() -> float:
    """What a loader of PyTorch's is given to wait for its processes; 0 for as long as it takes."""
    return 0.0 if _limit is None else _limit.amount


class _Watch(threading.Thread):
    """Looks at the thread that made it."""

    def __init__(self, limit: Budget, entry: CodeType, say: Say) -> None:
        super().__init__(name="recipe-call-limit", daemon=True)
        self.limit, self.entry, self.say = limit, entry, say
        self.watched = threading.get_ident()
        self.wake: Callable[[int, str], None] = _raise_there
        self.done = threading.Event()

    def run(self) -> None:
        """Until it is told that it is done."""
        every = min(LOOK_EVERY, self.limit.amount / 4)
        while not self.done.wait(every):
            if (frame := self._held()) is not None:
                self._stay(frame, every)
                del frame

    def _held(self) -> FrameType | None:
        """The outermost frame of a call of the user's that takes longer than a look."""
        frame = self._calls()
        if frame is None or self.done.wait(LONGEST_LOOK) or self._calls() is not frame:
            return None
        return frame

    def _calls(self) -> FrameType | None:
        frame = sys._current_frames().get(self.watched)  # noqa: SLF001 - there is no other way
        found = None
        while frame is not None and frame.f_code is not self.entry:
            if owner_of(frame.f_code.co_filename) == "user":
                found = frame
            frame = frame.f_back
        return None if frame is None else found

    def _stay(self, frame: FrameType, every: float) -> None:
        """As long as that call lasts."""
        since, beats, told = time.monotonic(), _beats, False
        while self._calls() is frame and _beats == beats:
            lasted = time.monotonic() - since
            if lasted > self.limit.amount:
                self.wake(self.watched, str(self.limit))
            elif lasted > TOLD_AFTER and not told:
                told = True
                self.say(self._sentence(frame, lasted))
            if self.done.wait(every):
                return

    def _sentence(self, frame: FrameType, lasted: float) -> str:
        code = frame.f_code
        where = Place(code.co_filename, frame.f_lineno)
        return (
            f"{name_of(code)} ({where}) has been running for {lasted:.0f} s; after {self.limit} "
            "it is given up (--call-limit)."
        )


@contextmanager
def _woken_by_signal() -> Iterator[Callable[[int, str], None]]:
    """How to interrupt the thread that enters: by a signal where there are any, which ends sleeping
    and waiting too; else by an exception that shows at its next instruction.
    """
    number = getattr(signal, "SIGUSR2", None)
    main = threading.current_thread() is threading.main_thread()
    if number is None or not main or signal.getsignal(number) is not signal.SIG_DFL:
        yield _raise_there
        return
    limits: list[str] = []

    def interrupt(_: int, __: FrameType | None) -> None:
        if limits:
            raise CallTooLong(limits.pop())

    def wake(thread: int, limit: str) -> None:
        limits[:] = [limit]
        if signal.getsignal(number) is interrupt:
            signal.pthread_kill(thread, number)
        else:
            _raise_there(thread, limit)

    signal.signal(number, interrupt)
    try:
        yield wake
    finally:
        if signal.getsignal(number) is interrupt:
            signal.signal(number, signal.SIG_DFL)


def _raise_there(thread: int, limit: str) -> None:
    """An exception cannot be given words on this way: its class carries them."""
    kind = type("CallTooLong", (CallTooLong,), {"__str__": lambda _: limit})
    ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread), ctypes.py_object(kind))
