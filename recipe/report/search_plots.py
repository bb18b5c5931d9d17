"""Draw what the search tried: slices, parallel coordinates, bars, coverage."""

from typing import TYPE_CHECKING, Any

from recipe.core.evidence import Scalar
from recipe.report.map_plot import BEST_COLOUR, COLOUR_MAP
from recipe.report.plot_labels import LETTER, SIZE, SMALL, fitted, legend_below
from recipe.report.search_panels import (
    BarPanel,
    CoveragePanel,
    ParallelPanel,
    Scale,
    SearchPanel,
    SlicePanel,
    share_of,
)
from recipe.report.wording import humanise, show

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

DOT_COLOUR, BAR_COLOUR = "#0072B2", "#56B4E9"
MOST_BESIDE = 3
"""Plots in a row."""
BAR_HEIGHT, BARS = 0.42, 6
"""Inches of a bar, and how many fit on a canvas as it is."""
WIDEST = 1.45
"""Length of an axis, in longest bars: what is written beside them needs room."""
LABEL_WIDTH = 150.0
"""Points that the name of a bar may take."""
MARGIN = 0.15
"""Of an axis, at both ends, as a share of the way between its values."""
TICK_HEIGHT = 0.12
"""Share of an upright axis that a value beside it takes."""
TICKS = 6
"""Values of a parameter that are written at its axis."""


def draw(canvas: "Figure", shown: SearchPanel) -> None:
    """Draw a panel on an empty canvas."""
    if isinstance(shown, SlicePanel):
        _draw_slices(canvas, shown)
    elif isinstance(shown, ParallelPanel):
        _draw_parallel(canvas, shown)
    elif isinstance(shown, BarPanel):
        _draw_bars(canvas, shown)
    else:
        _draw_coverage(canvas, shown)


def _draw_slices(canvas: "Figure", shown: SlicePanel) -> None:
    beside = min(MOST_BESIDE, len(shown.slices))
    below = -(-len(shown.slices) // beside)
    canvas.set_figheight(canvas.get_figheight() * (0.4 + 0.6 * below))
    first: Any = None
    for index, part in enumerate(shown.slices):
        axes = first = canvas.add_subplot(below, beside, index + 1, sharey=first)
        axes.set_axisbelow(True)
        if shown.joined and part.scale.numeric:
            axes.plot(part.xs, part.ys, color=DOT_COLOUR, linewidth=1.5)
        axes.scatter(part.xs, part.ys, s=45, color=DOT_COLOUR, edgecolors="white", linewidths=0.5)
        best = part.xs[part.best], part.ys[part.best]
        label = f"best: {best[1]:.4g}" if index == 0 else "_best"
        axes.scatter(*best, s=110, facecolors="none", edgecolors=BEST_COLOUR, linewidths=2.5,
                     label=label)  # fmt: skip
        _name(axes, part.scale, beside)
        _ticks(axes, "x", part.scale, _tick_width(part.scale) / _width(beside))
        if index % beside:
            axes.tick_params(labelleft=False)
        else:
            axes.set_ylabel(shown.y_label)
    legend_below(canvas, *canvas.axes[0].get_legend_handles_labels())


def _width(beside: int) -> float:
    """Points, about, that each of some axes beside each other is wide."""
    return SIZE[0] * 72 * 0.86 / beside - 10


def _name(axes: "Axes", scale: Scale, beside: int) -> None:
    """The parameter's name below the axis, in lines that do not reach its neighbours."""
    axes.set_xlabel(fitted(humanise(scale.name), _width(beside), SMALL + 1))


def _ticks(axes: "Axes", which: Any, scale: Scale, room: float) -> None:
    """Ticks at the values that were tried, as many numbers as there is room for: both ends first.

    `room` is what one takes of the way from the least to the greatest value.
    """
    axis = axes.xaxis if which == "x" else axes.yaxis
    if scale.log:
        (axes.set_xscale if which == "x" else axes.set_yscale)("log")
    (axes.set_xmargin if which == "x" else axes.set_ymargin)(MARGIN)
    axis.set_tick_params(labelsize=SMALL)
    if not scale.numeric:
        tilt = 30 if which == "x" and room * (len(scale.values) - 1) > 1 else 0
        axis.set_ticks(range(len(scale.values)), list(map(_short, scale.values)), rotation=tilt,
                       ha="right" if tilt or which == "y" else "center")  # fmt: skip
        return
    shares = {value: share_of(scale, value) for value in scale.values}
    kept: list[Scalar] = []
    for value in (scale.values[0], *reversed(scale.values)):
        if all(abs(shares[value] - shares[other]) >= room for other in kept):
            kept.append(value)
    axis.set_ticks([scale.place(value) for value in kept], list(map(_short, kept)), minor=False)
    axis.set_ticks([], minor=True)


def _tick_width(scale: Scale) -> float:
    """Points that the longest value of a parameter takes, with a gap and the axis' margins."""
    longest = max(len(_short(value)) for value in scale.values)
    return (longest + 2) * LETTER * SMALL * (1 + 2 * MARGIN)


def _short(value: Scalar) -> str:
    return f"{value:.3g}" if isinstance(value, float) else show(value)


def _draw_parallel(canvas: "Figure", shown: ParallelPanel) -> None:
    import matplotlib as mpl

    axes = canvas.add_subplot()
    low, high = min(shown.scores), max(shown.scores)
    norm = mpl.colors.Normalize(low, high if high > low else low + 1)
    colours = mpl.colormaps[COLOUR_MAP]
    columns = range(len(shown.scales))
    for index in sorted(range(len(shown.lines)), key=shown.scores.__getitem__):
        ys = [float("nan") if y is None else y for y in shown.lines[index]]
        best = index == shown.best
        axes.plot(
            columns, ys, linewidth=3.0 if best else 1.4, marker="o", markersize=4,
            color=BEST_COLOUR if best else colours(norm(shown.scores[index])),
            label=f"best: {shown.scores[index]:.4g}" if best else "_trial",
        )  # fmt: skip
    for column, scale in enumerate(shown.scales):
        axes.axvline(column, color="#444444", linewidth=0.8, zorder=0)
        for place, text in _written(scale):
            axes.annotate(text, (column, place), (4, 2), textcoords="offset points", size=9,
                          color="#222222")  # fmt: skip
    room = _width(len(columns))
    names = [fitted(humanise(scale.name), room, SMALL - 1) for scale in shown.scales]
    axes.set_xticks(columns, names, size=SMALL - 1)
    axes.set_yticks([])
    axes.grid(visible=False)
    axes.margins(x=0.08)
    axes.spines[["left", "bottom"]].set_visible(False)
    canvas.colorbar(
        mpl.cm.ScalarMappable(norm, colours), ax=axes, label=shown.value_label, pad=0.02
    )
    legend_below(canvas, *axes.get_legend_handles_labels())


def _written(scale: Scale) -> list[tuple[float, str]]:
    """Values at their places from 0 to 1: all of a few, both ends of many."""
    many = len(scale.values) > TICKS
    values = [scale.values[0], scale.values[-1]] if many else scale.values
    return [(share_of(scale, value), show(value)) for value in values]


def _draw_bars(canvas: "Figure", shown: BarPanel) -> None:
    from matplotlib.ticker import PercentFormatter

    values = [bar.value for bar in shown.bars]
    largest = max(values)
    left = [(largest - value) / 2 if shown.centred else 0.0 for value in values]
    rows = range(len(values))
    axes = canvas.add_subplot()
    canvas.set_figheight(canvas.get_figheight() + BAR_HEIGHT * max(0, len(values) - BARS))
    axes.barh(rows, values, left=left, color=BAR_COLOUR, height=0.65)
    for row, bar in enumerate(shown.bars):
        end = left[row] + bar.value
        axes.annotate(bar.note, (end, row), (5, 0), textcoords="offset points", va="center",
                      size=SMALL)  # fmt: skip
    axes.set_yticks(rows, [fitted(bar.label, LABEL_WIDTH) for bar in shown.bars], size=SMALL)
    axes.invert_yaxis()
    length = WIDEST * largest if largest > 0 else 1.0
    axes.set_xlim(0, length)
    axes.grid(visible=False)
    if shown.centred:
        axes.set_xticks([])
        axes.spines[["bottom"]].set_visible(False)
    else:
        axes.set_xlabel(shown.x_label)
        axes.set_xticks([tick / 4 for tick in range(5) if tick / 4 <= length])
        axes.xaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))


def _draw_coverage(canvas: "Figure", shown: CoveragePanel) -> None:
    first, second = shown.scales
    axes: Any = None
    for index, (caption, points) in enumerate(shown.ways):
        axes = canvas.add_subplot(1, 2, index + 1, sharex=axes, sharey=axes)
        xs, ys = [x for x, _ in points], [y for _, y in points]
        axes.scatter(xs, ys, s=45, color=DOT_COLOUR, edgecolors="white", linewidths=0.5, zorder=3)
        axes.set_title(fitted(caption, 0.95 * _width(2)), size=SMALL)
        _name(axes, first, 2)
        _ticks(axes, "x", first, _tick_width(first) / _width(2))
        _ticks(axes, "y", second, TICK_HEIGHT)
        axes.grid(visible=False)
        for x in sorted(set(xs)):  # what of the important parameter was tried
            axes.axvline(x, ymax=0.05, color=BEST_COLOUR, linewidth=2.0)
        if index:
            axes.tick_params(labelleft=False)
        else:
            axes.set_ylabel(humanise(second.name))
