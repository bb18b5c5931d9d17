"""A terminal that shows the running step: how far, how long still, the loss, the best so far."""

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
from recipe.core.trials import Trial
from recipe.ui import terminal_lines
from recipe.ui.line_layout import broken
from recipe.ui.plain import Plain
from recipe.ui.terminal import unicode_works
from recipe.ui.time_left import TimeLeft

STYLES = {"pass": "green", "warn": "yellow", "fail": "red", "error": "red", "skip": "dim"}
FRAMES_PER_SECOND = 8
WIDEST = 100
LEVELS = ("▁▂▃▄▅▆▇█", "━", "─"), ("", "#", "-")
"""Heights of a curve, done and not done, with Unicode and without."""
LONGEST_CURVE = 24
FRAME = 4
"""Columns that a frame takes."""


class Status:
    """Two lines about the step that runs."""

    def __init__(self, *, unicode: bool) -> None:
        """`unicode`: whether blocks can be shown."""
        self.heights, self.full, self.empty = LEVELS[0] if unicode else LEVELS[1]
        self.pace, self.what = TimeLeft(), "starting"
        self.losses: dict[str, list[float]] = {}
        self.best: Trial | None = None

    def begin(self) -> None:
        """Another step."""
        self.what, self.losses = "", {}
        self.pace.begin()

    def advance(self, event: ProgressEvent) -> None:
        """Take in how far it is."""
        if self.pace.update(event.done, event.total):
            self.losses = {}
        self.what = in_one_line(event.what)
        if event.loss is not None:
            self.losses.setdefault(event.what, []).append(event.loss)

    def ended(self, trial: Trial) -> None:
        """Take in a trial."""
        if trial.val_score is None or trial.repeats is not None:
            return
        if self.best is None or trial.val_score > (self.best.val_score or 0.0):
            self.best = trial

    def __rich_console__(self, _: Console, options: ConsoleOptions) -> RenderResult:
        """Draw it as wide as the terminal is."""
        if self.what:
            yield from self.lines(min(options.max_width, WIDEST))

    def lines(self, width: int) -> Iterator[Text]:
        """What is being done and how far it is; below it the loss and the best score, if any."""
        if not self.pace.total:
            yield Text(f"   {self.what} ...", no_wrap=True, overflow="crop", style="dim")
            return
        share = self.pace.likely / self.pace.total
        left = self.pace.left
        time = "" if left is None else f"  {terminal_lines.duration(left)} left"
        tail = f" {share:4.0%}{time}"
        what = Text(f"   {self.what} ", no_wrap=True)
        what.truncate(width // 2, overflow="ellipsis" if self.heights else "crop", pad=False)
        room = max(4, width - len(what) - len(tail))
        done = round(room * share)
        bar = (self.full * done, "cyan"), (self.empty * (room - done), "dim")
        yield Text.assemble(what, *bar, tail, no_wrap=True, overflow="crop")
        parts = [part for part in (self._loss(), self._best()) if part]
        if parts:
            yield Text("   " + "   ".join(parts), no_wrap=True, overflow="crop", style="dim")

    def _loss(self) -> str:
        """The curve of the trial whose loss is the lowest."""
        if not self.losses:
            return ""
        lowest = min(self.losses.values(), key=lambda losses: losses[-1])
        return " ".join(f"loss {curve(lowest, self.heights)} {lowest[-1]:.4g}".split())

    def _best(self) -> str:
        if self.best is None or self.best.val_score is None:
            return ""
        lr = self.best.params.get("lr")
        at = f" at lr {lr:.3g}" if isinstance(lr, float) else ""
        return f"best {in_one_line(self.best.metric)} {self.best.val_score:.4f}{at}"


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


class Live(AbstractContextManager["Live"]):
    """The plain lines in colour, above two lines about the running step."""

    def __init__(self, out: TextIO, *, guided: bool = False) -> None:
        """`out`: the terminal; `guided`: say why each step is there."""
        self.console = Console(file=out, highlight=False)
        self.plain = Plain(out, guided=guided)
        self.status = Status(unicode=unicode_works(out))
        self.shown = Refreshed(
            self.status, console=self.console, refresh_per_second=FRAMES_PER_SECOND, transient=True
        )

    def __enter__(self) -> Self:
        """Show the status."""
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

    def __call__(self, event: Event) -> None:
        """Show what an event says."""
        match event:
            case ProgressEvent():
                self.status.advance(event)
                return
            case TrialFinished():
                self.status.ended(event.trial)
            case StepFinished() | StepStarted() | RunStarted():
                self.status.begin()
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
        """Take the status away while a question is asked."""
        self.status.begin()
        self.shown.stop()

    def resume(self) -> None:
        """Show it again."""
        self.shown.start()
