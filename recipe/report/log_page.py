"""The diagnosis of logs as a page: Markdown with plots beside it, or one HTML file."""

import math
import tempfile
from collections.abc import Sequence
from pathlib import Path

from recipe.core.files import write_bytes, write_text
from recipe.report.html_page import html_page
from recipe.report.log_comparison import comparison, verdict
from recipe.report.log_diagnosis import Diagnosed, Part
from recipe.report.panels import LinePanel, Series
from recipe.report.wording import cell, count, prose

SPREAD = 10.0
"""Largest value over the least from which an axis is logarithmic."""
NAMES = {"train": "training", "val": "validation"}


def write_page(found: Sequence[Diagnosed], path: Path) -> None:
    """Write Markdown; its plots lie in a folder of the same name beside it.

    Raises:
        CannotWriteError: it cannot be written.

    """
    folder = path.parent / f"{path.stem}-plots"
    folder.mkdir(parents=True, exist_ok=True)
    write_text(path, _page(found, path.parent, folder))


def write_html(found: Sequence[Diagnosed], path: Path) -> None:
    """Write one HTML file that holds its plots.

    Raises:
        CannotWriteError: it cannot be written.

    """
    with tempfile.TemporaryDirectory() as kept:
        base = Path(kept)
        (base / "plots").mkdir()
        page = html_page(_page(found, base, base / "plots"), base)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_text(path, page)


def _page(found: Sequence[Diagnosed], base: Path, folder: Path) -> str:
    """The text, its plots drawn into `folder`."""
    lines = [f"# Learning curves of {prose(_title(found))}", ""]
    lines += _summary(found)
    for number, log in enumerate(found, 1):
        if len(found) > 1:
            lines += [f"## {prose(log.name)}", ""]
        lines += _read(log)
        for part in log.parts:
            for name, shown in panels(log, part):
                file = folder / f"{number}-{_plain(part.name)}{name}.png"
                write_bytes(file, _png(shown))
                link = file.relative_to(base).as_posix().replace(" ", "%20")
                lines += [f"![{prose(shown.title)}]({link})", ""]
            lines += _findings(part, many=len(found) > 1)
        if log.unchecked:
            lines += [f"Not checked: {prose(', '.join(log.unchecked))}.", ""]
    return "\n".join(lines)


def _title(found: Sequence[Diagnosed]) -> str:
    return found[0].name if len(found) == 1 else count(len(found), "log")


def _plain(name: str) -> str:
    return "".join(c if c.isalnum() else "-" for c in name) + "-" if name else ""


def _png(shown: LinePanel) -> bytes:
    from recipe.report.plots import png

    return png(shown)


def _summary(found: Sequence[Diagnosed]) -> list[str]:
    if len(found) == 1:
        return []
    head, *rows = comparison(found)
    lines = [f"| {' | '.join(map(cell, head))} |", f"|{'---|' * len(head)}"]
    lines += [f"| {' | '.join(map(cell, row))} |" for row in rows]
    return [*lines, "", prose(verdict(found)), ""]


def _read(log: Diagnosed) -> list[str]:
    lines = [f"Read: {prose(log.log.said)}.", ""] if log.log.chosen else []
    return [
        *lines,
        *(f"- {prose(note)}" for note in log.log.notes),
        *([""] if log.log.notes else []),
    ]


def _findings(part: Part, *, many: bool) -> list[str]:
    level = "###" if many else "##"
    if not part.causes:
        return ["Nothing to say.", ""]
    lines = []
    for f in part.causes:
        lines += [f"{level} {f.rule} ({f.severity})", "", prose(f.message), ""]
        lines += [f"**What to do:** {prose(f.advice)}", ""]
        effects = [e.rule for e in part.findings if e.because == f.rule]
        if effects:
            lines += [f"It explains {', '.join(dict.fromkeys(effects))}.", ""]
    return lines


def panels(log: Diagnosed, part: Part) -> list[tuple[str, LinePanel]]:
    """Losses, scores and the rate, the places of findings marked."""
    marks = tuple(
        (f"{f.rule} ({f.place:g})", f.place) for f in part.causes if f.place is not None
    )  # fmt: skip
    found = []
    for kind in ("loss", "score", "lr"):
        names = [n for n in part.curves if n.endswith(kind)]
        series = tuple(_series(part, name) for name in names)
        if not any(y is not None for one in series for y in one.y):
            continue
        title = {"lr": "Learning rate"}.get(kind, kind.capitalize())
        title = f"{title} of {part.name}" if part.name else title
        found.append((kind, LinePanel(
            title, log.log.unit or "point", title.lower(), series, whole_x=True,
            log_y=_wide(series), mark_x=marks if kind != "lr" else (),
        )))  # fmt: skip
    return found


def _series(part: Part, name: str) -> Series:
    values = tuple(v if math.isfinite(v) else None for v in part.curves[name])
    return Series(NAMES.get(name.partition("_")[0], "rate"), tuple(part.at[name]), values)


def _wide(series: Sequence[Series]) -> bool:
    values = [y for one in series for y in one.y if y is not None]
    return min(values) > 0 and max(values) > SPREAD * min(values)
