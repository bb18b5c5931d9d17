"""A terminal that shows where a run is: its steps, how far the running one is, the loss, the best
score so far, what was found.
"""

from collections.abc import Iterator
from contextlib import AbstractContextManager
from types import TracebackType
from typing import Self, TextIO

from rich.console import Console, ConsoleOptions, RenderResult
from rich.live import Live as Refreshed
from rich.panel import Panel
from rich.text import Text

from recipe.core.events import (
    Event,
    RunFinished,
    RunStarted,
    StepFinished,
    StepStarted,
    TrialFinished,
)
from recipe.core.events import Progress as ProgressEvent
from recipe.core.plain_text import in_one_line, shown
from recipe.ui import terminal_lines
from recipe.ui.line_layout import broken
from recipe.ui.live_status import Status
from recipe.ui.plain import Plain
from recipe.ui.step_signs import STYLES, StepSigns
from recipe.ui.terminal import unicode_works

FRAMES_PER_SECOND = 8
WIDEST = 100
FRAME = 4
"""Columns that a frame takes."""
LOW = 20
"""Rows of a terminal below which the steps are left out: the lines above need the room."""


class Screen:
    """What stays at the bottom of the terminal while a run is at work."""

    def __init__(self, *, unicode: bool) -> None:
        """`unicode`: whether signs beyond ASCII can be shown."""
        self.status, self.steps = Status(unicode=unicode), StepSigns(unicode=unicode)

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Draw it as wide as the terminal is."""
        width = min(options.max_width, WIDEST)
        high = console.size.height >= LOW
        if self.steps.titles and high:
            yield Panel(Text("\n").join(self._lines(width - FRAME)), width=width, padding=(0, 1),
                        border_style="dim")  # fmt: skip
        else:
            yield from self.status.lines(width)

    def _lines(self, width: int) -> Iterator[Text]:
        yield from self.steps.lines(width, self.status.turn)
        yield Text()
        yield from self.status.lines(width)
        if found := self.steps.findings():
            line = Text(f"   {found}", "yellow")
            line.truncate(width, overflow="crop")
            yield line


class Live(AbstractContextManager["Live"]):
    """The plain lines in colour, above what stays."""

    def __init__(self, out: TextIO, *, guided: bool = False) -> None:
        """`out`: the terminal; `guided`: say why each step is there."""
        self.console = Console(file=out, highlight=False)
        self.plain = Plain(out, guided=guided)
        self.screen = Screen(unicode=unicode_works(out))
        self.status, self.steps = self.screen.status, self.screen.steps
        self.shown = Refreshed(
            self.screen, console=self.console, refresh_per_second=FRAMES_PER_SECOND, transient=True
        )

    def __enter__(self) -> Self:
        """Show it."""
        self.shown.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Take it away."""
        self.pause()

    def begin(self, what: str) -> None:
        """Say what is being done before there are events of it."""
        self.status.begin(what)

    def __call__(self, event: Event) -> None:
        """Show what an event says."""
        match event:
            case ProgressEvent():
                self.status.advance(event)
                return
            case TrialFinished():
                self.status.ended(event.trial)
            case RunStarted():
                self.status.begin()
                self.steps.begin(event.steps)
            case StepStarted():
                self.status.begin(in_one_line(event.title))
                self.steps.started(event.name)
            case StepFinished():
                self.status.begin()
                self.steps.finished(event.result)
            case RunFinished():
                self.pause()
                self._verdict(event)
                return
        for text in self._texts(event):
            self.console.print(text, soft_wrap=isinstance(event, RunStarted))

    def _texts(self, event: Event) -> Iterator[Text]:
        lines = self.plain.lines(event)
        for number, line in enumerate(lines):
            style = ""
            if isinstance(event, StepStarted):
                style = "bold" if number == 0 else "dim"
            elif isinstance(event, StepFinished) and number == len(lines) - 1:
                style = STYLES[event.result.status]
            # A path is copied, so the terminal may break it; everything else breaks at words.
            wraps = not isinstance(event, RunStarted)
            for part in broken(line, self.console.width) if wraps else [line]:
                yield Text(part, style)

    def _verdict(self, event: RunFinished) -> None:
        lines = shown(terminal_lines.verdict_lines(event.result))
        style = STYLES["fail" if event.result.interrupted else event.result.verdict]
        self.console.print()
        head = lines[0].partition(": ")
        title, first = (lines[0], []) if event.result.interrupted is False else (head[0], [head[2]])
        width = min(self.console.width, WIDEST)
        inside = [part for line in [*first, *lines[1:]] for part in broken(line, width - FRAME)]
        self.console.print(Panel(
            Text("\n".join(inside)), title=Text(title, f"bold {style}"), title_align="left",
            border_style=style, width=width, padding=(0, 1),
        ))  # fmt: skip
        for line in shown(terminal_lines.place_lines(event.result)):
            self.console.print(Text(line), soft_wrap=True)

    def pause(self) -> None:
        """Take what stays away, such as while a question is asked."""
        self.shown.stop()

    def resume(self) -> None:
        """Show it again."""
        self.status.begin()
        self.shown.start()
