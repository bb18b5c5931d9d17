"""Draw a map: a value over two parameters, as a grid of cells or as scattered trials."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from recipe.report.axes import set_scale
from recipe.report.panels import Cell, MapPanel, spaced
from recipe.report.plot_labels import LETTER, SMALL

if TYPE_CHECKING:
    from matplotlib.axes import Axes

COLOUR_MAP = "cividis"
"""Even in lightness, and the same to readers with and without colour blindness."""
BEST_COLOUR = "#D55E00"
CROSS_COLOUR = "#444444"
WIDTH = 300.0
"""Points, about, that all columns take, beside a colour bar."""
EMPTY_COLOUR = "#C8C8C8"
WRITTEN = 8
"""Columns up to which every cell is wide enough for its value; in more only the best has it."""
LABEL_ROOM = (0.13, 0.075)
"""Width and height of a value, as shares of the axes."""
LABEL_RISE = 0.06
"""Its distance above the dot."""


def draw_map(axes: "Axes", shown: MapPanel) -> None:
    """The cells with their values; the best is framed, a trial without a score is a cross."""
    axes.grid(visible=False)
    if shown.is_grid:
        _draw_grid(axes, shown)
    else:
        _draw_scatter(axes, shown)


def _draw_grid(axes: "Axes", shown: MapPanel) -> None:
    """Equal cells: a searched grid is even on log axes, and a weight decay of 0 has a place."""
    import numpy as np
    from matplotlib.patches import Rectangle

    xs, ys = shown.xs, shown.ys
    place = {cell: (xs.index(cell.x), ys.index(cell.y)) for cell in shown.cells}
    grid = np.full((len(ys), len(xs)), np.nan)
    _mark_untried(axes, set(place.values()), grid.shape)
    for cell, (column, row) in place.items():
        grid[row, column] = np.nan if cell.value is None else cell.value
    limits = _limits(shown.cells)
    image = axes.imshow(
        grid, origin="lower", aspect="auto", cmap=COLOUR_MAP, vmin=limits[0], vmax=limits[1]
    )
    labels = [f"{x:.3g}" for x in xs]
    every = -(-max(map(len, labels)) * LETTER * SMALL * len(xs) // WIDTH)  # rounded up
    shown_at = range(0, len(xs), int(every))
    axes.set_xticks(shown_at, [labels[k] for k in shown_at], size=SMALL)
    axes.set_yticks(range(len(ys)), [f"{y:.3g}" for y in ys])
    _crosses(axes, [place[cell] for cell in shown.cells if cell.value is None])
    for cell, (column, row) in place.items():
        if cell.value is not None and (len(xs) <= WRITTEN or cell in shown.best):
            ink = "black" if _is_light(cell.value, limits) else "white"
            size = 11 if len(xs) <= WRITTEN // 2 else 9
            text = f"{cell.value:.3g}"
            axes.text(column, row, text, color=ink, size=size, ha="center", va="center")
    for index, cell in enumerate(shown.best):
        column, row = place[cell]
        frame = Rectangle((column - 0.5, row - 0.5), 1, 1, zorder=3)
        frame.set(fill=False, edgecolor=BEST_COLOUR, linewidth=3.5, clip_on=False)
        frame.set_label("_best" if index else f"best: {cell.value:.4g}")
        axes.add_patch(frame)
    _colour_bar(axes, image, shown)


def _mark_untried(axes: "Axes", tried: set[tuple[int, int]], shape: tuple[int, ...]) -> None:
    """Hatch the cells of a grid that no trial stands for: they are no score of zero."""
    from matplotlib.patches import Rectangle

    every = [(column, row) for row in range(shape[0]) for column in range(shape[1])]
    for index, (column, row) in enumerate(place for place in every if place not in tried):
        patch = Rectangle((column - 0.5, row - 0.5), 1, 1, zorder=0)
        patch.set(fill=False, edgecolor=EMPTY_COLOUR, hatch="//", linewidth=0)
        patch.set_label("_empty" if index else "not tried")
        axes.add_patch(patch)


def _draw_scatter(axes: "Axes", shown: MapPanel) -> None:
    scored = sorted(
        (cell for cell in shown.cells if cell.value is not None), key=lambda c: c not in shown.best
    )
    crosses = [cell for cell in shown.cells if cell.value is None]
    set_scale(axes, "x", shown.xs, log=shown.log_x)
    set_scale(axes, "y", shown.ys, log=shown.log_y)
    axes.margins(0.12)
    limits = _limits(shown.cells)
    dots = axes.scatter(
        [cell.x for cell in scored],
        [cell.y for cell in scored],
        c=[cell.value or 0.0 for cell in scored],
        cmap=COLOUR_MAP,
        vmin=limits[0],
        vmax=limits[1],
        s=90,
        edgecolors=[BEST_COLOUR if cell in shown.best else "white" for cell in scored],
        linewidths=[3.0 if cell in shown.best else 0.5 for cell in scored],
    )
    _crosses(axes, [(cell.x, cell.y) for cell in crosses])
    if not shown.best:
        return
    ring = axes.scatter([], [], s=90, label=f"best: {shown.best[0].value:.4g}")
    ring.set(facecolor="none", edgecolor=BEST_COLOUR, linewidth=3.0)
    _colour_bar(axes, dots, shown)
    _label_dots(axes, shown, scored)


def _label_dots(axes: "Axes", shown: MapPanel, scored: Sequence[Cell]) -> None:
    """Values above the dots, the best first; one that would cover something is left out."""
    to_axes = axes.transData + axes.transAxes.inverted()

    def place(cell: Cell) -> tuple[float, float]:
        x, y = to_axes.transform((cell.x, cell.y))
        return float(x), float(y)

    above = [(x, y + LABEL_RISE) for x, y in map(place, scored)]
    for index in spaced([place(cell) for cell in shown.cells], above, LABEL_ROOM):
        text, at = f"{scored[index].value:.3g}", above[index]
        axes.text(*at, text, transform=axes.transAxes, ha="center", va="center", size=9)


def _crosses(axes: "Axes", points: Sequence[tuple[float, float]]) -> None:
    if points:
        xs, ys = zip(*points, strict=True)
        label = "no score"
        axes.scatter(xs, ys, marker="x", s=90, color=CROSS_COLOUR, linewidths=2, label=label)


def _colour_bar(axes: "Axes", drawn: object, shown: MapPanel) -> None:
    from matplotlib.cm import ScalarMappable

    low, high = _limits(shown.cells)
    if shown.best and high > low and isinstance(drawn, ScalarMappable):
        axes.figure.colorbar(drawn, ax=axes, label=shown.value_label)


def _limits(cells: Sequence[Cell]) -> tuple[float, float]:
    values = [cell.value for cell in cells if cell.value is not None]
    return (min(values), max(values)) if values else (0.0, 1.0)


def _is_light(value: float, limits: tuple[float, float]) -> bool:
    low, high = limits
    return high > low and (value - low) / (high - low) > 0.5
