"""What `recipe diagnose` prints of a log: what was read, the curves, the findings."""

import os
import shutil
import sys
from collections.abc import Iterator, Sequence
from typing import TextIO

from recipe.core.findings import Finding
from recipe.core.plain_text import shown
from recipe.report.log_diagnosis import Diagnosed, Part
from recipe.ui.line_layout import WIDEST, Line
from recipe.ui.log_plot import HEIGHT, Cell, Points, drawing
from recipe.ui.terminal import plain_wanted, unicode_works

COLOURS = {"fail": "bold red", "warn": "yellow", "note": "cyan"}
INDENT = "   "
MOST_MARKS = 3
"""Findings whose places are marked in one plot."""


def lines_of(found: Diagnosed) -> list[str]:
    """Plain lines, one a sentence, without a picture."""
    lines = [*_read(found)]
    for finding in (f for _, f in found.findings):
        lines += _finding(finding, found)
    return [*lines, *_rest(found)]


def show_log(found: Diagnosed, out: TextIO | None = None) -> None:
    """Print what is known of a log: with its curves drawn where the terminal can."""
    out = out or sys.stdout
    if plain_wanted(out):
        for text in shown(lines_of(found)):
            print(text, file=out)
        return
    from recipe.ui.line_layout import show

    unicode = unicode_works(out)
    width = min(shutil.get_terminal_size().columns, WIDEST)
    colour = not os.environ.get("NO_COLOR")
    head, *read = shown(_read(found))
    show([Line(((head, "bold"),)), *map(_aside, read)])
    for part in found.parts:
        show(_pictures(found, part, width - 1, unicode=unicode, colour=colour))
        for finding in part.causes:
            show(_styled(finding, found))
    show(map(_aside, shown(_rest(found))))


def _aside(text: str) -> Line:
    return Line(((text.removeprefix(INDENT), "dim"),), ((INDENT, ""),))


def _read(found: Diagnosed) -> Iterator[str]:
    curves = {**found.log.curves, **{n: c for p in found.parts for n, c in p.curves.items()}}
    yield f"{found.name}: {', '.join(f'{name} ({len(c)})' for name, c in curves.items())}"
    if found.log.chosen:
        yield f"{INDENT}read: {found.log.said}"
    for note in found.log.notes:
        yield f"{INDENT}({note})"


def _rest(found: Diagnosed) -> Iterator[str]:
    if not found.findings:
        yield f"{INDENT}nothing wrong found"
    if found.unchecked:
        yield f"{INDENT}not checked: {', '.join(found.unchecked)}"


def _finding(finding: Finding, found: Diagnosed) -> Iterator[str]:
    said = finding.message + _explains(finding, found)
    yield f"{INDENT}{finding.severity}: {finding.rule}: {said}"
    if finding.counts:
        yield f"{INDENT}-> {finding.advice}"


def _styled(finding: Finding, found: Diagnosed) -> Iterator[Line]:
    head, *more = shown(_finding(finding, found))
    lead = f"{INDENT}{finding.severity}: "
    name, _, said = head.removeprefix(lead).partition(": ")
    yield Line(((f"{name}: ", "bold"), (said, "")), ((lead, COLOURS[finding.severity]),))
    for text in more:
        yield Line(((text.removeprefix(f"{INDENT}-> "), ""),), ((f"{INDENT}-> ", "dim"),))


def _explains(finding: Finding, found: Diagnosed) -> str:
    """What else fired because of it."""
    effects = [f.rule for p in found.parts for f in p.findings if f.because == finding.rule]
    return f" (this explains {', '.join(dict.fromkeys(effects))})" if effects else ""


def _pictures(
    found: Diagnosed, part: Part, width: int, *, unicode: bool, colour: bool
) -> Iterator[Line]:
    marks = [f.place for f in part.causes if f.place is not None and f.counts][:MOST_MARKS]
    marks = marks or [f.place for f in part.causes if f.place is not None][:1]
    for kind in ("loss", "score"):
        curves = curves_of(part, kind)
        tall = HEIGHT if kind == "loss" else HEIGHT - 3
        rows = drawing(curves, marks, width - len(INDENT), unicode=unicode, colour=colour,
                       rows=tall, unit=found.log.unit)  # fmt: skip
        for row in rows:
            yield Line(_spans(row), ((INDENT, ""),))


def curves_of(part: Part, kind: str) -> dict[str, Points]:
    """Curves of one scale, by the names in a legend."""
    titles = {f"train_{kind}": f"training {kind}", f"val_{kind}": f"validation {kind}"}
    return {
        title: list(zip(part.at[name], part.curves[name], strict=True))
        for name, title in titles.items()
        if name in part.curves
    }


def _spans(row: Sequence[Cell]) -> tuple[tuple[str, str], ...]:
    """Neighbours of one style together."""
    spans: list[tuple[str, str]] = []
    for text, style in row:
        if spans and spans[-1][1] == style:
            spans[-1] = (spans[-1][0] + text, style)
        else:
            spans.append((text, style))
    return tuple(spans)
