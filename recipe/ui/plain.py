"""Plain lines: for logs, CI and screen readers."""

import threading
import time
from contextlib import AbstractContextManager
from types import TracebackType
from typing import Self, TextIO

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

SOON, LATE = 1.6, 10.0
"""Least seconds between two lines of progress: at first, and in a run that takes minutes."""
GROWS = 12.0
"""How many times longer than this time a run has lasted when the lines become as rare."""
LOOKS = 0.25
"""Seconds between two looks whether it is time for another line."""


class Plain(AbstractContextManager["Plain"]):
    """Prints one line per event; a line of progress, with the time left, where there was none for
    some seconds; and while it is entered, a line that work goes on where nobody says how far.
    """

    def __init__(self, out: TextIO, *, guided: bool = False) -> None:
        """`out`: where the lines go; `guided`: say why each step is there."""
        self.out, self.guided = out, guided
        self.pace = TimeLeft()
        self.what, self._begun = "working", False
        self._told = self._began = time.monotonic()
        self._ended, self._writing = threading.Event(), threading.Lock()

    def __enter__(self) -> Self:
        """Begin to say that work goes on."""
        self._ended.clear()
        threading.Thread(target=self._keep_on, name="recipe-signs", daemon=True).start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """No more of it."""
        self._ended.set()

    def begin(self, what: str) -> None:
        """Say what is being done before there are events of it."""
        first, self.what = not self._begun, what
        self._begun = True
        self.pace.begin()
        if first:
            self._write([f"{what[0].upper()}{what[1:]} ..."])

    def pause(self) -> None:
        """Nothing more is said, such as while a question is asked."""
        self._ended.set()

    def resume(self) -> None:
        """And again."""
        self.__enter__()

    def __call__(self, event: Event) -> None:
        """Print what an event says."""
        self._write(self.lines(event))

    def _write(self, lines: list[str]) -> None:
        with self._writing:
            for line in lines:
                self.out.write(f"{line}\n")
                self._told = time.monotonic()
            self.out.flush()

    def _keep_on(self) -> None:
        """A line where there was none for long."""
        while not self._ended.wait(LOOKS):
            if time.monotonic() - self._told >= self.quiet:
                try:
                    self._write(shown([f"   {self._how_far()}"]))
                except (OSError, ValueError):  # the run says it at its next event
                    return

    @property
    def quiet(self) -> float:
        """Seconds without a line that are no silence yet."""
        return min(LATE, max(SOON, (time.monotonic() - self._began) / GROWS))

    def _how_far(self) -> str:
        if not self.pace.total:
            return f"{self.what} ... {terminal_lines.duration(time.monotonic() - self.pace.began)}"
        left = self.pace.left
        rest = "" if left is None else f", about {terminal_lines.duration(left)} left"
        return f"{self.what}: {self.pace.likely / self.pace.total:.0%}{rest}"

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
                self.what, self._told = event.title, time.monotonic()
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
                self.pace.begin()
                self.what = "working"
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
        anew = self.pace.update(event.done, event.total)
        self.what = event.what
        now = time.monotonic()
        if anew or not event.total or now - self._told < self.quiet:
            return []
        self._told = now
        return [f"   {self._how_far()}"]
