"""What is written into a plot: titles that fit, marks named above the axes, the legend below."""

import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Canvas

SIZE = (6.0, 3.8)
"""Inches of a canvas: small, so that letters are large where a plot is shown small."""
TITLE_SIZE = 12
AXES_SHARE = 0.84
"""Of the width of a canvas, about."""
ROW = 14.0
"""Height of a row of names, in points."""
ROWS = 3
"""Rows of a legend that a canvas has room for as it is."""
SMALL = 10
"""Size of names and legends, in points: readable where a plot is shown 400 pixels wide."""
LETTER = 0.56
"""Width of a letter, about, as a share of its size."""
LINE_ROOM = 48.0
"""Points that a legend takes for the line of an entry and the space around it."""
MARK_COLOUR = "#444444"


def fitted(text: str, points: float, size: float = SMALL) -> str:
    """Text in as many lines as it needs to be no wider than `points`; long words are broken."""
    return textwrap.fill(text, max(4, int(points / (LETTER * size))))


def name_marks(axes: "Axes", marks: Sequence[tuple[str, float]]) -> None:
    """Write the names of vertical lines above the axes, each over its line.

    Names that would overlap stand in further rows.

    Args:
        axes: with its final limits.
        marks: names and places on the axis.

    """
    to_axes = axes.transData + axes.transAxes.inverted()
    points = SIZE[0] * 72 * AXES_SHARE
    ends: list[float] = []
    for name, value in sorted(marks, key=lambda mark: mark[1]):
        width = len(name) * LETTER * SMALL / points
        at = float(to_axes.transform((value, 0.0))[0])
        left = max(0.0, min(at - width / 2, 1.0 - width))
        row = next((k for k, end in enumerate(ends) if left > end), len(ends))
        ends[row : row + 1] = [left + width + LETTER * SMALL / points]
        axes.annotate(name, (left, 1.0), (0, 3 + row * ROW), xycoords="axes fraction",
                      textcoords="offset points", size=SMALL, color=MARK_COLOUR,
                      annotation_clip=False)  # fmt: skip


def legend_below(canvas: "Canvas", handles: Sequence[Any], labels: Sequence[str]) -> None:
    """A legend that covers no data, in as many columns as fit beside each other."""
    if not labels:
        return
    room = SIZE[0] * 72
    widths = [len(label) * LETTER * SMALL + LINE_ROOM for label in labels]
    columns = len(labels) if sum(widths) <= room else max(1, int(room / max(widths)))
    rows = -(-len(labels) // columns)
    canvas.set_figheight(canvas.get_figheight() + ROW / 72 * 1.1 * max(0, rows - ROWS))
    canvas.legend(handles, labels, loc="outside lower center", ncols=columns, fontsize=SMALL)
