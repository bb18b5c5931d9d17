"""Plain lines: for logs, CI and screen readers."""

import time
from typing import TextIO

from recipe.core.events import (
    Crash,
    Event,
    Message,
    Progress,
    RunFinished,
    RunStarted,
    StepFinished,
    StepStarted,
    TrialFinished,
)
from recipe.core.plain_text import shown
from recipe.plugin.step import in_brief
from recipe.ui import terminal_lines
from recipe.ui.time_left import TimeLeft

QUIET_SECONDS = 10.0
"""Least time between two lines of progress."""


class Plain:
    """Prints one line per event; progress at most every QUIET_SECONDS, with the time left."""

    def __init__(self, out: TextIO, *, guided: bool = False) -> None:
        """`out`: where the lines go; `guided`: say why each step is there."""
        self.out, self.guided = out, guided
        self.pace = TimeLeft()
        self._told = time.monotonic()

    def __call__(self, event: Event) -> None:
        """Print what an event says."""
        for line in self.lines(event):
            self.out.write(f"{line}\n")
            self.out.flush()

    def lines(self, event: Event) -> list[str]:
        """The lines of an event; none for most progress."""
        return shown(self._lines(event))

    def _lines(self, event: Event) -> list[str]:
        match event:
            case RunStarted():
                verb = "Resuming" if event.resumed else "Running"
                return [f"{verb} {event.name} in {event.folder}"]
            case StepStarted():
                self.pace.begin()
                self._told = time.monotonic()
                return self._head(event)
            case Progress():
                return self._progress(event)
            case Message():
                return [f"   {event.text}"]
            case Crash():
                return [f"   {event.reason}"]
            case TrialFinished():
                return [terminal_lines.trial_line(event.trial)]
            case StepFinished():
                line = terminal_lines.step_line(event.result, reused=event.reused)
                return [*terminal_lines.finding_lines(event.result.findings), line]
            case RunFinished():
                result = event.result
                return [
                    "",
                    *terminal_lines.verdict_lines(result),
                    *terminal_lines.place_lines(result),
                ]

    def _head(self, event: StepStarted) -> list[str]:
        round_ = f" - round {event.round}: {event.hypothesis}" if event.hypothesis else ""
        why = in_brief(event.why)
        said = [f"   {why}"] if why and self.guided else []
        return [f"== {event.title}{round_}", *said]

    def _progress(self, event: Progress) -> list[str]:
        now = time.monotonic()
        if self.pace.update(event.done, event.total):
            self._told = now
        if now - self._told < QUIET_SECONDS or not event.total:
            return []
        self._told = now
        left = self.pace.left
        rest = "" if left is None else f", about {terminal_lines.duration(left)} left"
        return [f"   {event.what}: {self.pace.share:.0%}{rest}"]
