"""Draw what the search tried: slices, parallel coordinates, bars, coverage."""

from typing import TYPE_CHECKING, Any

from recipe.report.axes import set_scale
from recipe.report.map_plot import BEST_COLOUR, COLOUR_MAP
from recipe.report.search_panels import (
    BarPanel,
    CoveragePanel,
    ParallelPanel,
    Scale,
    SearchPanel,
    SlicePanel,
    share_of,
)
from recipe.report.words import humanise, show

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

DOT_COLOUR, BAR_COLOUR = "#0072B2", "#56B4E9"
MOST_BESIDE = 3
"""Plots in a row."""
NARROW = 4
"""Ticks that a narrow axis has room for."""
TICKS = 6
"""Values of a parameter that are written at its axis."""


def draw(canvas: "Figure", shown: SearchPanel) -> None:
    """Draw a panel on an empty canvas."""
    canvas.suptitle(shown.title, wrap=True)
    if isinstance(shown, SlicePanel):
        _draw_slices(canvas, shown)
    elif isinstance(shown, ParallelPanel):
        _draw_parallel(canvas, shown)
    elif isinstance(shown, BarPanel):
        _draw_bars(canvas.add_subplot(), shown)
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
        axes.scatter(part.xs, part.ys, s=45, color=DOT_COLOUR, edgecolors="white", linewidths=0.5)
        best = part.xs[part.best], part.ys[part.best]
        label = f"best: {best[1]:.4g}" if index == 0 else "_best"
        axes.scatter(*best, s=110, facecolors="none", edgecolors=BEST_COLOUR, linewidths=2.5,
                     label=label)  # fmt: skip
        axes.set_xlabel(humanise(part.scale.name))
        _ticks(axes, "x", part.scale)
        if index % beside:
            axes.tick_params(labelleft=False)
        else:
            axes.set_ylabel(shown.y_label)
    canvas.legend(loc="outside lower center")


def _ticks(axes: "Axes", which: Any, scale: Scale) -> None:
    places = [scale.place(value) for value in scale.values]
    if not scale.numeric:
        axes.set(**{f"{which}ticks": places, f"{which}ticklabels": list(map(str, scale.values))})
        (axes.set_xmargin if which == "x" else axes.set_ymargin)(0.15)
        return
    if not scale.log:
        axes.locator_params(axis=which, nbins=NARROW)
    set_scale(axes, which, places, log=scale.log, ticks=NARROW)


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
            axes.annotate(text, (column, place), (4, 2), textcoords="offset points", size=8,
                          color="#222222")  # fmt: skip
    axes.set_xticks(columns, [humanise(scale.name) for scale in shown.scales])
    axes.set_yticks([])
    axes.grid(visible=False)
    axes.margins(x=0.08)
    axes.spines[["left", "bottom"]].set_visible(False)
    canvas.colorbar(
        mpl.cm.ScalarMappable(norm, colours), ax=axes, label=shown.value_label, pad=0.02
    )
    canvas.legend(loc="outside lower center")


def _written(scale: Scale) -> list[tuple[float, str]]:
    """Values at their places from 0 to 1: all of a few, both ends of many."""
    many = len(scale.values) > TICKS
    values = [scale.values[0], scale.values[-1]] if many else scale.values
    return [(share_of(scale, value), show(value)) for value in values]


def _draw_bars(axes: "Axes", shown: BarPanel) -> None:
    values = [bar.value for bar in shown.bars]
    largest = max(values)
    left = [(largest - value) / 2 if shown.centred else 0.0 for value in values]
    rows = range(len(values))
    axes.barh(rows, values, left=left, color=BAR_COLOUR, height=0.65)
    for row, bar in enumerate(shown.bars):
        end = left[row] + bar.value
        axes.annotate(bar.note, (end, row), (5, 0), textcoords="offset points", va="center", size=9)
    axes.set_yticks(rows, [bar.label for bar in shown.bars])
    axes.invert_yaxis()
    axes.set_xlim(0, 1.3 * largest if largest > 0 else 1.0)
    axes.grid(visible=False)
    if shown.centred:
        axes.set_xticks([])
        axes.spines[["bottom"]].set_visible(False)
    else:
        axes.set_xlabel(shown.x_label)


def _draw_coverage(canvas: "Figure", shown: CoveragePanel) -> None:
    first, second = shown.scales
    axes: Any = None
    for index, (caption, points) in enumerate(shown.ways):
        axes = canvas.add_subplot(1, 2, index + 1, sharex=axes, sharey=axes)
        xs, ys = [x for x, _ in points], [y for _, y in points]
        axes.scatter(xs, ys, s=45, color=DOT_COLOUR, edgecolors="white", linewidths=0.5, zorder=3)
        axes.set_title(caption, size=10)
        axes.set_xlabel(humanise(first.name))
        _ticks(axes, "x", first)
        _ticks(axes, "y", second)
        axes.grid(visible=False)
        for x in sorted(set(xs)):  # what of the important parameter was tried
            axes.axvline(x, ymax=0.05, color=BEST_COLOUR, linewidth=2.0)
        if index:
            axes.tick_params(labelleft=False)
        else:
            axes.set_ylabel(humanise(second.name))
