"""The lines about the step that runs: how far, how long still, the loss, the best score so far."""

import time
from collections.abc import Iterator

from rich.text import Text

from recipe.core.events import Progress
from recipe.core.plain_text import in_one_line
from recipe.core.run_course import Course
from recipe.core.trials import Trial
from recipe.ui import terminal_lines
from recipe.ui.step_signs import SPINS
from recipe.ui.time_left import TimeLeft

LEVELS = ("▁▂▃▄▅▆▇█", "━", "─"), ("", "#", "-")
"""Heights of a curve, done and not done, with Unicode and without."""
LONGEST_CURVE = 24
TURNS_PER_SECOND = 8
AWHILE = 3.0
"""Seconds from which it is said how long something takes that nobody knows the end of."""


class Status:
    """Two lines about the step that runs."""

    def __init__(self, *, unicode: bool) -> None:
        """`unicode`: whether blocks can be shown."""
        self.heights, self.full, self.empty = LEVELS[0] if unicode else LEVELS[1]
        self.turns = SPINS[0 if unicode else 1]
        self.pace, self.what = TimeLeft(), ""
        self.course = Course()

    def begin(self, what: str = "working") -> None:
        """Something else is done, of which nobody has said yet how far it is."""
        self.what, self.course.losses = what, {}
        self.pace.begin()

    def advance(self, event: Progress) -> None:
        """Take in how far it is."""
        self.course.advance(event, anew=self.pace.update(event.done, event.total))
        self.what = in_one_line(event.what)

    def ended(self, trial: Trial) -> None:
        """Take in a trial."""
        self.course.ended(trial)

    @property
    def turn(self) -> str:
        """What turns as time passes."""
        return self.turns[int(time.monotonic() * TURNS_PER_SECOND) % len(self.turns)]

    def lines(self, width: int) -> Iterator[Text]:
        """What is being done and how far it is; below it the loss and the best score, if any."""
        if not self.pace.total:
            since = time.monotonic() - self.pace.began
            long = f" {terminal_lines.duration(since)}" if since >= AWHILE else ""
            yield Text(f" {self.turn} {self.what} ...{long}", no_wrap=True, overflow="crop")
        else:
            yield self._bar(width)
        parts = [part for part in (self._loss(), self._best()) if part]
        if parts:
            yield Text("   " + "   ".join(parts), no_wrap=True, overflow="crop", style="dim")

    def _bar(self, width: int) -> Text:
        share = self.pace.likely / self.pace.total
        left = self.pace.left
        time_ = "" if left is None else f"  {terminal_lines.duration(left)} left"
        tail = f" {share:4.0%}{time_}"
        what = Text(f" {self.turn} {self.what} ", no_wrap=True)
        what.truncate(width // 2, overflow="ellipsis" if self.heights else "crop", pad=False)
        room = max(4, width - len(what) - len(tail))
        done = round(room * share)
        bar = (self.full * done, "cyan"), (self.empty * (room - done), "dim")
        return Text.assemble(what, *bar, tail, no_wrap=True, overflow="crop")

    def _loss(self) -> str:
        """The curve of the trial whose loss is the lowest."""
        lowest = self.course.lowest
        if not lowest:
            return ""
        return " ".join(f"loss {curve(lowest, self.heights)} {lowest[-1]:.4g}".split())

    def _best(self) -> str:
        best = self.course.best
        if best is None or best.val_score is None:
            return ""
        return f"best {in_one_line(best.metric)} {best.val_score:.4f}{self.course.rate_of_best}"


def curve(values: list[float], heights: str) -> str:
    """Values as a row of blocks, the lowest one at the bottom; empty without blocks or a course."""
    if not heights or len(values) < 2:
        return ""
    step = max(1.0, len(values) / LONGEST_CURVE)
    shown = [values[int(i * step)] for i in range(min(len(values), LONGEST_CURVE))]
    shown[-1] = values[-1]
    low, high = min(shown), max(shown)
    scale = (len(heights) - 1) / (high - low) if high > low else 0.0
    return "".join(heights[round((value - low) * scale)] for value in shown)
