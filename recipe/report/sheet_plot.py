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
            picture = _decoded(sheet.pictures[place])
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
    from matplotlib.transforms import Bbox

    most = max(CELL, ROW_LETTERS // max(1, len(sheet.rows[0])))
    cells = [
        [_shortened(text, most) for text in (label, *row)]
        for label, row in zip(sheet.labels, sheet.rows, strict=True)
    ]
    header = ["", *(_shortened(name, most) for name in sheet.header)][: len(cells[0])]
    header += [""] * (len(cells[0]) - len(header))
    canvas.set_figheight(0.19 * (len(cells) + 1) + 2 * ROOM)
    axes = canvas.add_subplot()
    axes.set_axis_off()
    widths = [max(len(row[k]) for row in (header, *cells)) + 2 for k in range(len(header))]
    shares = [width / sum(widths) for width in widths]
    whole = Bbox.unit()
    table = axes.table(cells, colLabels=header, colWidths=shares, cellLoc="left", bbox=whole)
    table.auto_set_font_size(False)
    table.set_fontsize(max(4.5, min(SMALL, SIZE[0] * 72 / (LETTER * sum(widths)))))
    for (row, _), cell in table.get_celld().items():
        cell.set_edgecolor(GREY)
        cell.set_linewidth(0.5)
        if row == 0:
            cell.set_text_props(weight="bold")


def _limits(sheet: Sheet) -> tuple[float, float]:
    values = [v for line in sheet.lines for v in line if v is not None]
    low, high = min(values, default=0.0), max(values, default=1.0)
    margin = 0.05 * (high - low) or 1.0
    return low - margin, high + margin


def _decoded(picture: str) -> "np.ndarray[Any, Any]":
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
