"""A run in a notebook: one cell output that keeps itself up to date, and results that show their
report.
"""

import sys
import time
from collections.abc import Sequence
from html import escape
from typing import Any

from recipe.core.events import (
    Event,
    Message,
    Observer,
    Progress,
    RunFinished,
    RunStarted,
    StepFinished,
    StepStarted,
    TrialFinished,
)
from recipe.core.results import RunResult
from recipe.core.run_course import Course

PAUSE = 0.25
"""Least seconds between two drawings of the output."""
SIGNS = {"pass": "✓", "warn": "!", "fail": "✗", "skip": "○", "error": "✗"}
COLOURS = {"pass": "#2e8540", "warn": "#b7791f", "fail": "#c5221f", "error": "#c5221f"}
WIDE, HIGH = 320, 64
"""Pixels of the curve."""
POINTS = 200
MOST_MESSAGES = 4
REPORT_HIGH = 640
"""Pixels of a report below a cell; it scrolls."""


def display_here() -> Observer | None:
    """What shows events in the output of the running cell; None where there is no notebook."""
    known = sys.modules.get("IPython")
    shell = None if known is None else known.get_ipython()
    if shell is None or not hasattr(shell, "kernel"):
        return None
    shell.display_formatter.formatters["text/html"].for_type(RunResult, report_in_cell)
    return NotebookDisplay()


def report_in_cell(result: RunResult) -> str:
    """The report as HTML with its plots, in a frame: its style is not the notebook's."""
    from recipe.report.html_page import html_page

    report = result.folder / "report.md" if result.folder else None
    if result.folder is None or report is None or not report.exists():
        return f"<b>{escape(result.name)}: {result.verdict}</b>"
    page = html_page(report.read_text("utf-8"), result.folder)
    return (
        f'<iframe srcdoc="{escape(page)}" style="width: 100%; height: {REPORT_HIGH}px; border: 0" '
        f'title="Report of {escape(result.name)}"></iframe>'
    )


class NotebookDisplay:
    """Observes a run and draws one output again and again."""

    def __init__(self) -> None:
        """Nothing is shown before the first event."""
        self.titles: dict[str, str] = {}
        self.status: dict[str, str] = {}
        self.running = ""
        self.progress: Progress | None = None
        self.course = Course()
        self.found: dict[str, list[str]] = {}
        self.messages: list[str] = []
        self.end = ""
        self._handle: Any = None
        self._drawn = 0.0

    def __call__(self, event: Event) -> None:
        """Take in an event, and show it where it is time."""
        match event:
            case RunStarted():
                self.titles = dict(event.steps)
            case StepStarted():
                self.running, self.progress, self.course.losses = event.name, None, {}
            case StepFinished():
                self.running, self.progress = "", None
                self.status[event.result.name] = event.result.status
                counted = [f for f in event.result.findings if f.counts and f.because is None]
                self.found[event.result.name] = [f"{f.rule}: {f.message}" for f in counted]
            case Progress():
                self._advance(event)
            case Message():
                self.messages.append(event.text)
            case TrialFinished():
                self.course.ended(event.trial)
            case RunFinished():
                self.running, self.progress = "", None
                self.end = f"{event.result.verdict}; report: {event.result.folder}/report.md"
        if not isinstance(event, Progress) or time.monotonic() - self._drawn >= PAUSE:
            self._draw()

    def _advance(self, event: Progress) -> None:
        anew = self.progress is None or event.done < self.progress.done
        self.course.advance(event, anew=anew)
        self.progress = event

    def _draw(self) -> None:
        from IPython.display import HTML, display

        self._drawn = time.monotonic()
        shown = HTML(self.html())
        if self._handle is None:
            self._handle = display(shown, display_id=True)
        else:
            self._handle.update(shown)

    def html(self) -> str:
        """Steps with their signs, the bar, the curve, the best score, what was found."""
        parts = [
            "<div>" + " &nbsp; ".join(self._step(n, t) for n, t in self.titles.items()) + "</div>",
            self._bar(),
            curve(self.course.lowest),
            self._best(),
            *(f"<div>{escape(text)}</div>" for text in self.messages[-MOST_MESSAGES:]),
            *(f"<div><b>!</b> {escape(text)}</div>" for each in self.found.values()
              for text in each),
            f"<div><b>Verdict: {escape(self.end)}</b></div>" if self.end else "",
        ]  # fmt: skip
        return '<div style="line-height: 1.6">' + "".join(parts) + "</div>"

    def _step(self, name: str, title: str) -> str:
        status = self.status.get(name, "")
        if name == self.running:
            return f"<b>▸ {escape(title)}</b>"
        colour = COLOURS.get(status, "inherit")
        faint = "" if status else "; opacity: 0.5"
        return (
            f'<span style="color: {colour}{faint}">{SIGNS.get(status, "·")} {escape(title)}</span>'
        )

    def _bar(self) -> str:
        if self.progress is None:
            return ""
        what = escape(self.progress.what)
        if not self.progress.total:
            return f"<div>{what} ...</div>"
        share = min(1.0, self.progress.done / self.progress.total)
        return f'<div>{what} <progress value="{share:.3f}" max="1"></progress> {share:.0%}</div>'

    def _best(self) -> str:
        best, at = self.course.best, self.course.rate_of_best
        if best is None or best.val_score is None:
            return ""
        return f"<div>best {escape(best.metric)} so far: {best.val_score:.4f}{at}</div>"


def curve(values: Sequence[float]) -> str:
    """A loss over its course as a small picture (SVG) with its last value; empty for one value."""
    if len(values) < 2:
        return ""
    step = max(1, len(values) // POINTS)
    taken = [*values[::step], values[-1]]
    low, high = min(taken), max(taken)
    scale = HIGH / (high - low) if high > low else 0.0
    points = " ".join(
        f"{i * WIDE / (len(taken) - 1):.1f},{HIGH - (value - low) * scale:.1f}"
        for i, value in enumerate(taken)
    )
    return (
        f'<svg width="{WIDE}" height="{HIGH + 4}" viewBox="0 -2 {WIDE} {HIGH + 4}" role="img" '
        f'aria-label="loss"><polyline points="{points}" fill="none" stroke="#0072B2" '
        f'stroke-width="2"/></svg> loss {values[-1]:.4g}'
    )
