"""How far a piece of work is, and how long the rest of it takes."""

import time


class TimeLeft:
    """Extrapolates from what was done so far; work that begins anew is a piece of its own."""

    def __init__(self) -> None:
        """Nothing was told yet."""
        self.begin()

    def begin(self) -> None:
        """Another piece of work."""
        self.began = self.last_sign = time.monotonic()
        self.first = self.done = self.before = 0.0
        self.total = 0.0

    def update(self, done: float, total: float) -> bool:
        """Take in how far it is; True where that is another piece of work."""
        now = time.monotonic()
        anew = done < self.done
        if anew:
            self.began, self.first, self.before = now, done, done
        elif done > self.done:
            self.before = self.done
        self.done, self.total, self.last_sign = done, total, now
        return anew

    @property
    def rate(self) -> float:
        """Work per second; 0 where nothing is known."""
        seconds = self.last_sign - self.began
        return (self.done - self.first) / seconds if seconds > 0 else 0.0

    @property
    def likely(self) -> float:
        """What is done by now: what was told, and what may have come since, a little less than the
        stretch between the last two reports.
        """
        since = self.rate * (time.monotonic() - self.last_sign)
        return min(self.total, self.done + min(since, 0.9 * (self.done - self.before)))

    @property
    def share(self) -> float:
        """Of the work, as last told."""
        return self.done / self.total if self.total else 0.0

    @property
    def left(self) -> float | None:
        """Seconds, None where nobody can know."""
        if self.rate <= 0:
            return None
        return max(0.0, (self.total - self.done) / self.rate - (time.monotonic() - self.last_sign))
