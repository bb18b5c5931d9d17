"""Processes that somebody stopped, or that wait for a disk that does not answer: they say nothing,
and do not end either.
"""

import time
from pathlib import Path

LONGEST = 300.0
"""Seconds that a process may stand still before it is given up."""
LOOK_EVERY = 5.0
"""Seconds between two looks, at most."""
STILL = "TtD"
"""States of a process that is stopped, or in a wait that no signal ends (proc(5))."""


def in_words(seconds: float) -> str:
    """What is said of a process that was given up."""
    return f"its process stood still for {seconds:.0f} s, stopped by somebody or waiting for a disk"


class Stillness:
    """How long a process has stood still."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.cpu, self.since = -1, time.monotonic()

    def seconds(self) -> float:
        """Seconds since it was last seen to do something; 0 where that is not known."""
        now, (state, cpu) = time.monotonic(), _state(self.pid)
        if state not in STILL or cpu != self.cpu:
            self.cpu, self.since = cpu, now
        return now - self.since


def _state(pid: int) -> tuple[str, int]:
    """Its state, and the ticks that it has computed."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text("ascii", "replace").rpartition(")")[2].split()
        return fields[0], int(fields[11]) + int(fields[12])
    except (OSError, ValueError, IndexError):
        return "?", -1
