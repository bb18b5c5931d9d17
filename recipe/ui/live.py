"""A terminal with a progress bar and the time left (rich)."""

from contextlib import AbstractContextManager
from types import TracebackType
from typing import Self, TextIO

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeRemainingColumn
from rich.text import Text

from recipe.events import Event, RunFinished, StepFinished, StepStarted
from recipe.events import Progress as ProgressEvent
from recipe.ui.plain import Plain

STYLES = {"pass": "green", "warn": "yellow", "fail": "red", "error": "red", "skip": "dim"}


class Live(AbstractContextManager["Live"]):
    """The plain lines in colour, above one bar for the running step."""

    def __init__(self, out: TextIO) -> None:
        """`out`: the terminal."""
        self.console = Console(file=out, highlight=False)
        self.plain = Plain(out)
        self.bar = Progress(
            TextColumn("   {task.description}"),
            BarColumn(bar_width=None),
            TextColumn("{task.percentage:>3.0f} %"),
            TimeRemainingColumn(),
            console=self.console,
            transient=True,
        )
        self._task: TaskID | None = None

    def __enter__(self) -> Self:
        """Show the bar."""
        self.bar.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Take the bar away."""
        self.bar.stop()

    def __call__(self, event: Event) -> None:
        """Show what an event says."""
        if isinstance(event, ProgressEvent):
            self._advance(event)
            return
        if isinstance(event, StepFinished | StepStarted | RunFinished):
            self._clear()
        style = ""
        if isinstance(event, StepFinished):
            style = STYLES[event.result.status]
        elif isinstance(event, StepStarted):
            style = "bold"
        lines = self.plain.lines(event)
        for number, line in enumerate(lines):
            last = number == len(lines) - 1 or isinstance(event, StepStarted)
            self.console.print(Text(line, style if last else ""), soft_wrap=True)

    def pause(self) -> None:
        """Take the bar away while a question is asked."""
        self._clear()
        self.bar.stop()

    def resume(self) -> None:
        """Show the bar again."""
        self.bar.start()

    def _advance(self, event: ProgressEvent) -> None:
        if self._task is None:
            self._task = self.bar.add_task(event.what, total=event.total)
        self.bar.update(self._task, description=event.what, completed=event.done, total=event.total)

    def _clear(self) -> None:
        if self._task is not None:
            self.bar.remove_task(self._task)
            self._task = None
