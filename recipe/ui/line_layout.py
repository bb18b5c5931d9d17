"""Lines for people: wrapped and in colour in a terminal, one long line each everywhere else."""

import shutil
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from textwrap import wrap

from recipe.core.plain_text import shown
from recipe.ui.terminal import plain_wanted

WIDEST = 90
"""Columns: longer lines are hard to read."""
NARROWEST = 20
"""Columns that a text gets at least: where its lead leaves fewer, it begins on the next line."""
STEP_BACK = 4
"""How far it is then indented."""
HANGING = 3
"""By how much what follows on the next line is set in."""

Span = tuple[str, str]
"""Text and its style, by the words of rich."""


@dataclass(frozen=True)
class Line:
    """A text that may wrap, and what stands left of it; what wraps is indented as far."""

    body: tuple[Span, ...] = ()
    lead: tuple[Span, ...] = ()

    @property
    def plain(self) -> str:
        """Without styles."""
        return "".join(text for text, _ in (*self.lead, *self.body)).rstrip()


def line(text: str = "", style: str = "", *, indent: int = 0) -> Line:
    """A line of one style."""
    return Line(((text, style),), ((" " * indent, ""),))


def broken(text: str, width: int, hanging: int = HANGING) -> list[str]:
    """A text without styles, broken at words; what follows is set in."""
    indent = " " * (len(text) - len(text.lstrip()) + hanging)
    return wrap(
        text, max(width, 2 * HANGING), subsequent_indent=indent, break_long_words=False,
        break_on_hyphens=False,
    ) or [""]  # fmt: skip


def show(lines: Iterable[Line]) -> None:
    """Print to standard output; what it cannot encode becomes a question mark."""
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(errors="replace")
    if not plain_wanted(sys.stdout):
        _set(lines)
        return
    for each in lines:
        print(*shown([each.plain]))


def _set(lines: Iterable[Line]) -> None:
    from rich.console import Console
    from rich.text import Text

    width = max(NARROWEST, min(shutil.get_terminal_size().columns, WIDEST))
    console = Console(file=sys.stdout, highlight=False, width=width)
    for each in lines:
        lead, body = Text.assemble(*each.lead), Text.assemble(*each.body)
        body.highlight_regex("`[^`]+`", "cyan")
        if width - len(lead) < NARROWEST and lead.plain.strip():
            console.print(lead, soft_wrap=True)
            lead = Text(" " * STEP_BACK)
        room = max(width - len(lead), 1)
        for number, part in enumerate(body.wrap(console, room) or [Text()]):
            whole = (Text(" " * len(lead)) if number else lead) + part
            whole.rstrip()
            console.print(whole, soft_wrap=True)
