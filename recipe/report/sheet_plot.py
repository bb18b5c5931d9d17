"""Draw a sheet of items: pictures or lines in a grid, or rows of text as a table."""

import base64
import textwrap
from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING, Any

from recipe.core.evidence import Sheet
from recipe.report.plot_labels import LETTER, SIZE, SMALL, fitted

if TYPE_CHECKING:
    import numpy as np
    from matplotlib.figure import Figure as Canvas

LABEL_SIZE, LEAST_LABEL = 9.0, 6.5
"""Points: of a label where there is room, and where there are many items."""
LABEL_LINES = 3
CELL, ROW_LETTERS = 26, 100
"""Letters of a cell of a table at least, and of all cells of a row about."""
LINE_COLOUR = "#0072B2"
GREY = "#DDDDDD"
BETWEEN, MONOSPACED, ROW_HEIGHT = "  ", 0.61, 1.7
"""Two cells of a row; the width of a letter and the height of a row, as shares of a letter's size.
"""
GAP, LINE_HEIGHT = 0.08, 1.15
"""Between tiles, as a share of their width; and of a line of a label, as a share of its size."""
ROOM = 0.3
"""Inches above and below the tiles."""


@dataclass(frozen=True)
class SheetPanel:
    """A sheet with its title."""

    title: str
    sheet: Sheet


def draw_sheet(canvas: "Canvas", shown: SheetPanel) -> None:
    """Draw all items of a sheet; the canvas becomes as high as they need."""
    sheet = shown.sheet
    if sheet.rows:
        _draw_rows(canvas, sheet)
    else:
        _draw_tiles(canvas, sheet)
    if sheet.note:
        canvas.supxlabel(fitted(sheet.note, SIZE[0] * 72), fontsize=SMALL)


def _draw_tiles(canvas: "Canvas", sheet: Sheet) -> None:
    """All tiles on one pair of axes: with axes of its own for each, drawing takes seconds."""
    count = len(sheet.pictures or sheet.lines)
    across = max(1, min(sheet.across, count))
    down = -(-count // across)
    side = (SIZE[0] - 0.2) / across  # inches
    size = max(LEAST_LABEL, min(LABEL_SIZE, side * 9))
    labels = [_wrapped(label, side * 72, size) for label in sheet.labels]
    lines = max((label.count("\n") + 1 for label in labels), default=1)
    tall = 1.0 if sheet.pictures else 0.6
    row = tall + GAP + lines * size * LINE_HEIGHT / 72 / side  # in units of a tile's width
    canvas.set_figheight(down * row * side + 2 * ROOM + 0.2)
    axes = canvas.add_subplot()
    axes.set_axis_off()
    low, high = _limits(sheet)
    for place in range(count):
        left, foot = place % across, -(place // across) * row - row + GAP
        axes.text(left + (1 - GAP) / 2, foot + tall, labels[place], size=size, ha="center",
                  va="bottom", linespacing=1.0)  # fmt: skip
        if sheet.pictures:
            picture = decoded(sheet.pictures[place])
            share = min(1.0, picture.shape[0] / picture.shape[1])
            wide = min(1.0, picture.shape[1] / picture.shape[0]) * (1 - GAP)
            box = (left, left + wide, foot, foot + share * (tall - GAP))
            axes.imshow(picture, interpolation="nearest", extent=box)
        else:
            values = [float("nan") if v is None else v for v in sheet.lines[place]]
            xs = [left + (1 - GAP) * k / max(1, len(values) - 1) for k in range(len(values))]
            ys = [foot + (tall - GAP) * (v - low) / (high - low) for v in values]
            axes.plot(xs, ys, color=LINE_COLOUR, linewidth=0.8)
    axes.set_xlim(0, across)
    axes.set_ylim(-down * row, 0)
    axes.set_aspect("equal")


def _draw_rows(canvas: "Canvas", sheet: Sheet) -> None:
    """A line of text for each row, in letters of one width: a table of Matplotlib's has an object
    for every cell, and takes seconds.
    """
    most = max(CELL, ROW_LETTERS // max(1, len(sheet.rows[0])))
    rows = [("", *sheet.header), *((label, *row) for label, row in _labelled(sheet))]
    cells = [[_shortened(text, most) for text in row] for row in rows]
    count = max(map(len, cells))
    cells = [[*row, *[""] * (count - len(row))] for row in cells]
    widths = [max(len(row[k]) for row in cells) for k in range(count)]
    lines = [
        BETWEEN.join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        for row in cells
    ]
    letters = max(1, *map(len, lines))
    size = max(4.0, min(SMALL, (SIZE[0] - 0.2) * 72 / (MONOSPACED * letters)))
    canvas.set_figheight(len(lines) * size * ROW_HEIGHT / 72 + 2 * ROOM + 0.2)
    axes = canvas.add_subplot()
    axes.set_axis_off()
    axes.set_xlim(0, 1)
    axes.set_ylim(len(lines), 0)
    for place, line in enumerate(lines):
        told = axes.text(0, place + 0.5, line, size=size, family="monospace", va="center",
                         weight="bold" if place == 0 else "normal")  # fmt: skip
        told.set_in_layout(False)  # the axes are as wide as the canvas
    axes.hlines(range(1, len(lines) + 1), 0, 1, color=GREY, linewidth=0.5)


def _labelled(sheet: Sheet) -> list[tuple[str, tuple[str, ...]]]:
    return list(zip(sheet.labels, sheet.rows, strict=True))


def _limits(sheet: Sheet) -> tuple[float, float]:
    values = [v for line in sheet.lines for v in line if v is not None]
    low, high = min(values, default=0.0), max(values, default=1.0)
    margin = 0.05 * (high - low) or 1.0
    return low - margin, high + margin


def decoded(picture: str) -> "np.ndarray[Any, Any]":
    """A picture of a sheet as bytes [height, width, 3]."""
    import numpy as np
    from PIL import Image

    return np.asarray(Image.open(BytesIO(base64.b64decode(picture))).convert("RGB"))


def _wrapped(label: str, points: float, size: float) -> str:
    letters = max(4, int(points / (LETTER * size)))
    lines = [
        line
        for part in label.split("\n")
        for line in textwrap.wrap(part, letters, max_lines=LABEL_LINES, placeholder="...") or [""]
    ]
    return "\n".join(lines)


def _shortened(text: str, most: int) -> str:
    text = text.replace("\n", ", ")
    return text if len(text) <= most else text[: most - 3] + "..."
