"""Plain lines: for logs, CI and screen readers."""

import time
from typing import TextIO

from recipe.events import (
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
from recipe.ui import words

QUIET_SECONDS = 10.0
"""Least time between two lines of progress."""


class Plain:
    """Prints one line per event; progress at most every QUIET_SECONDS, with the time left."""

    def __init__(self, out: TextIO) -> None:
        """`out`: where the lines go."""
        self.out = out
        self._told = self._began = time.monotonic()
        self._first = self._done = 0.0

    def __call__(self, event: Event) -> None:
        """Print what an event says."""
        for line in self.lines(event):
            print(line, file=self.out, flush=True)

    def lines(self, event: Event) -> list[str]:
        """The lines of an event; none for most progress."""
        match event:
            case RunStarted():
                verb = "Resuming" if event.resumed else "Running"
                return [f"{verb} {event.name} in {event.folder}"]
            case StepStarted():
                self._told = self._began = time.monotonic()
                self._first = self._done = 0.0
                why = f" - round {event.round}: {event.hypothesis}" if event.hypothesis else ""
                return [f"== {event.title}{why}"]
            case Progress():
                return self._progress(event)
            case Message():
                return [f"   {event.text}"]
            case Crash():
                return [f"   {event.reason}"]
            case TrialFinished():
                return [words.trial_line(event.trial)]
            case StepFinished():
                line = words.step_line(event.result, reused=event.reused)
                return [*words.finding_lines(event.result.findings), line]
            case RunFinished():
                return ["", *words.verdict_lines(event.result)]

    def _progress(self, event: Progress) -> list[str]:
        now = time.monotonic()
        if event.done < self._done:  # another piece of work: its time left starts anew
            self._began, self._first, self._told = now, event.done, now
        self._done = event.done
        if now - self._told < QUIET_SECONDS or not event.total:
            return []
        self._told = now
        rate = (event.done - self._first) / (now - self._began)
        share = event.done / event.total
        if rate <= 0:
            return [f"   {event.what}: {share:.0%}"]
        left = words.duration((event.total - event.done) / rate)
        return [f"   {event.what}: {share:.0%}, about {left} left"]
