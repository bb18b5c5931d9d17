"""Until when the work in hand may go on: asked between iterations, batches and plots.

What runs long asks `check()` every now and then; whoever has a limit says so around it. Without a
limit nothing is ever stopped.
"""

import math
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

Made = TypeVar("Made")
_ends: list[float] = []
"""By `time.monotonic`, the innermost last: none of them is later than one around it. Forked
processes have the same clock."""


class TimeUp(BaseException):
    """The time for what was being done is used up. No `Exception`: code that takes whatever fails
    for a property of the model would read a meaning into it.
    """


@contextmanager
def working_until(moment: float | None) -> Iterator[None]:
    """Work inside ends at this moment, or earlier where a limit around it says so; None for no
    limit of its own.
    """
    _ends.append(min(math.inf if moment is None else moment, *_ends[-1:], math.inf))
    try:
        yield
    finally:
        _ends.pop()


@contextmanager
def without_limit() -> Iterator[None]:
    """Work inside is done to its end, whatever is said around it."""
    _ends.append(math.inf)
    try:
        yield
    finally:
        _ends.pop()


def seconds_left() -> float:
    """Until the innermost limit; without end where there is none."""
    return _ends[-1] - time.monotonic() if _ends else math.inf


@contextmanager
def part_of_time(parts: float) -> Iterator[None]:
    """Work inside has one of so many equal parts of the time that is left."""
    left = seconds_left()
    with working_until(None if left == math.inf else time.monotonic() + left / parts):
        yield


def is_up(before: float = 0.0) -> bool:
    """Whether the limit is reached, or is going to be within `before` seconds."""
    return bool(_ends) and _ends[-1] < math.inf and seconds_left() <= before


def check(before: float = 0.0) -> None:
    """Go on only where `is_up` says no.

    Raises:
        TimeUp: the time is used up.

    """
    if is_up(before):
        raise TimeUp


def unless_late(make: Callable[[], Made]) -> Made:
    """What something gives that nobody can stop, such as a library's fit, where it is done in time;
    without a limit it is simply called. What it does after that counts for nothing, so it may
    change nothing but its own.

    Args:
        make: called in a thread of its own.

    Raises:
        TimeUp: it was not done in time; the thread goes on, and ends with the process at latest.

    """
    left = seconds_left()
    if left == math.inf:
        return make()
    made: list[Made] = []
    raised: list[BaseException] = []

    def work() -> None:
        try:
            made.append(make())
        except BaseException as error:  # noqa: BLE001 - raised where it is waited for
            raised.append(error)

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    thread.join(max(0.0, left))
    if raised:
        raise raised[0]
    if not made:
        raise TimeUp
    return made[0]
