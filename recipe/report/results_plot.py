"""Draw `results.png`: a run on one canvas."""

import textwrap
from typing import TYPE_CHECKING

from recipe.core.evidence import Sheet
from recipe.report.axes import set_scale
from recipe.report.plot_labels import LETTER, MARK_COLOUR
from recipe.report.results_view import Confusion, ResultsPanel
from recipe.report.sheet_plot import decoded
from recipe.report.wording import show

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Canvas

WIDTH, HEIGHT, ROWS_HEIGHT = 10.0, 7.4, 2.6
"""Inches; the last ones for rows of a table or a text below all else."""
GOOD, PLAIN, OTHER = "#0072B2", "#999999", "#D55E00"
LETTERS = 10.0
"""Size, in points."""
MOST_WRITTEN = 12
"""Classes up to which each count is written."""
ROW_CELLS = 7
"""Cells of a row of a table that fit beside its label."""


def draw_results(canvas: "Canvas", shown: ResultsPanel) -> None:
    """All parts that were measured, two beside each other."""
    wide = shown.worst is not None and bool(shown.worst.rows)
    tiles = shown.worst is not None and not wide
    canvas.set_size_inches(WIDTH, HEIGHT + (ROWS_HEIGHT if wide else 0.0))
    grid = canvas.add_gridspec(2 + wide, 2, height_ratios=[0.7, 1.0, *[0.85] * wide])
    answers = _draw_confusion if shown.confusion else _draw_points if shown.points else None
    left = slice(0, 1) if answers or tiles else slice(0, 2)
    _draw_bars(canvas.add_subplot(grid[0, left] if shown.curves else grid[:2, left]), shown)
    if shown.curves:
        _draw_curves(canvas.add_subplot(grid[1, left]), shown)
    if answers is not None:
        answers(canvas.add_subplot(grid[0, 1] if tiles else grid[:2, 1]), shown)
    if shown.worst is not None:
        beside = grid[1, 1] if answers is not None else grid[:2, 1]
        axes = canvas.add_subplot(grid[2, :] if wide else beside)
        axes.set_title("Its worst answers on the validation data", size=LETTERS + 1, loc="left")
        (_draw_rows if wide else _draw_tiles)(axes, shown.worst)


def _draw_bars(axes: "Axes", shown: ResultsPanel) -> None:
    axes.set_title(f"Score: {shown.metric}", size=LETTERS + 1, loc="left")
    values: list[float] = []
    for row, bar in enumerate(shown.bars):
        colour = GOOD if bar.main else PLAIN
        said = show(bar.score)
        if bar.ends is not None:
            axes.plot(bar.ends, (row, row), color=colour, linewidth=3, solid_capstyle="butt")
            values += bar.ends
            said += f"  ({show(bar.ends[0])} to {show(bar.ends[1])})"
        axes.plot([bar.score], [row], "o", color=colour, markersize=9)
        axes.annotate(said, (bar.score, row), (0, 9), textcoords="offset points", ha="center",
                      size=LETTERS, color="#222222")  # fmt: skip
        values.append(bar.score)
    labels = ["\n".join(textwrap.wrap(bar.label, 20)) for bar in shown.bars]
    axes.set_yticks(range(len(labels)), labels, size=LETTERS)
    axes.set_ylim(len(labels) - 0.5, -0.7)
    span = (max(values) - min(values)) or 1.0
    axes.set_xlim(min(values) - 0.28 * span, max(values) + 0.28 * span)
    axes.grid(visible=False, axis="y")


def _draw_curves(axes: "Axes", shown: ResultsPanel) -> None:
    from matplotlib.ticker import MaxNLocator

    axes.set_title("Loss of the best training", size=LETTERS + 1, loc="left")
    for series, colour in zip(shown.curves, (OTHER, GOOD), strict=False):
        ys = [float("nan") if y is None else y for y in series.y]
        marker = "o" if len(ys) <= 40 else ""
        axes.plot(series.x, ys, color=colour, label=series.label, marker=marker, markersize=3)
    ys = [y for series in shown.curves for y in series.y if y is not None]
    low, high = min(ys), max(ys)
    set_scale(axes, "y", ys, log=low > 0 and high > 10 * low)
    if shown.kept is not None:
        axes.axvline(shown.kept, color=MARK_COLOUR, dashes=(4, 2), linewidth=1.2,
                     label="the weights that were kept")  # fmt: skip
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.set_xlabel("epoch", size=LETTERS)
    axes.legend(fontsize=LETTERS - 1)


def _draw_confusion(axes: "Axes", shown: ResultsPanel) -> None:
    import numpy as np

    found = shown.confusion or Confusion((), ())
    counts = np.asarray(found.counts)
    shares = counts / np.maximum(1.0, counts.sum(1, keepdims=True))
    axes.set_title("What it answers, by what is true", size=LETTERS + 1, loc="left")
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=1, aspect="auto")
    side = len(found.names)
    size = max(5.0, min(LETTERS, 80.0 / side))
    if side <= MOST_WRITTEN:
        for row in range(side):
            for column in range(side):
                if counts[row, column]:
                    axes.text(column, row, f"{counts[row, column]:.0f}", size=size, ha="center",
                              va="center", color="white" if shares[row, column] > 0.5 else "black")  # fmt: skip # noqa: E501
    names = [name if len(name) <= 14 else f"{name[:13]}…" for name in found.names]
    turned = 0 if sum(map(len, names)) * size * LETTER < 260 else 60
    axes.set_xticks(range(side), names, size=size, rotation=turned, ha="right" if turned else "center")  # fmt: skip # noqa: E501
    axes.set_yticks(range(side), names, size=size)
    axes.set_xlabel("answer", size=LETTERS)
    axes.set_ylabel("truth", size=LETTERS)
    axes.grid(visible=False)


def _draw_points(axes: "Axes", shown: ResultsPanel) -> None:
    axes.set_title("Predicted against true", size=LETTERS + 1, loc="left")
    both = [value for point in shown.points for value in point]
    ends = min(both), max(both)
    axes.plot(ends, ends, color=MARK_COLOUR, linewidth=1.2, dashes=(4, 2), label="exactly right")
    axes.plot(*zip(*shown.points, strict=True), "o", color=GOOD, markersize=4, alpha=0.6)
    axes.set_xlabel(f"true {shown.unit}", size=LETTERS)
    axes.set_ylabel(f"predicted {shown.unit}", size=LETTERS)
    axes.legend(fontsize=LETTERS - 1)


def _draw_tiles(axes: "Axes", sheet: Sheet) -> None:
    axes.set_axis_off()
    count = len(sheet.labels)
    across = min(4, count)
    tall = 1.35
    values = [v for line in sheet.lines for v in line if v is not None]
    low, high = min(values, default=0.0), max(values, default=1.0)
    for place, label in enumerate(sheet.labels):
        left, foot = place % across, -(place // across + 1) * tall
        said = "\n".join(part[:18] for part in label.split("\n")[:2])
        axes.text(left + 0.46, foot + 0.94, said, size=LETTERS - 2, ha="center", va="bottom",
                  linespacing=1.0)  # fmt: skip
        if sheet.pictures:
            picture = decoded(sheet.pictures[place])
            down, wide = picture.shape[:2]
            box = (left, left + 0.92 * min(1.0, wide / down), foot,
                   foot + 0.92 * min(1.0, down / wide))  # fmt: skip
            axes.imshow(picture, interpolation="nearest", extent=box)
        else:
            line = sheet.lines[place]
            xs = [left + 0.92 * k / max(1, len(line) - 1) for k in range(len(line))]
            ys = [
                foot + 0.9 * ((low if v is None else v) - low) / ((high - low) or 1) for v in line
            ]
            axes.plot(xs, ys, color=GOOD, linewidth=0.8)
    axes.set_xlim(0, across)
    axes.set_ylim(-tall * -(-count // across), 0)
    axes.set_aspect("equal")
    axes.set_anchor("NW")


def _draw_rows(axes: "Axes", sheet: Sheet) -> None:
    axes.set_axis_off()
    header = ("answer and truth", *sheet.header[:ROW_CELLS])
    pairs = zip(sheet.labels, sheet.rows, strict=True)
    rows = [header, *((label.replace("\n", ", "), *row[:ROW_CELLS]) for label, row in pairs)]
    most = 70 if len(header) == 2 else 16
    table = [[_cut(cell, most if k else 34) for k, cell in enumerate(row)] for row in rows]
    widths = [max(len(row[k]) for row in table) for k in range(len(header))]
    lines = [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        for row in table
    ]
    size = max(5.0, min(LETTERS, (WIDTH - 0.4) * 72 / (0.61 * max(map(len, lines)))))
    axes.set_xlim(0, 1)
    axes.set_ylim(len(lines), 0)
    for place, line in enumerate(lines):
        told = axes.text(0, place + 0.5, line, size=size, family="monospace", va="center",
                         weight="bold" if place == 0 else "normal")  # fmt: skip
        told.set_in_layout(False)
    axes.hlines(range(1, len(lines) + 1), 0, 1, color="#DDDDDD", linewidth=0.5)


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"
