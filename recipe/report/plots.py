"""Draw panels as PNG files: readable in print, and to the colour-blind.

Matplotlib is imported when something is drawn, without pyplot: no window, no global state.
"""

import re
import time
import warnings
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from io import BytesIO
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

from recipe.core.clock import is_up
from recipe.core.evidence import Evidence, Figure
from recipe.core.files import write_bytes
from recipe.core.results import RunResult, StepResult
from recipe.report.axes import set_scale
from recipe.report.captions import REPAIRS, SCHEDULES, SEARCH, caption
from recipe.report.map_plot import draw_map
from recipe.report.panels import LinePanel, MapPanel, Panel, Series, panel, schedules_panel
from recipe.report.plot_labels import (
    MARK_COLOUR,
    SIZE,
    TITLE_SIZE,
    fitted,
    legend_below,
    name_marks,
)
from recipe.report.repairs import WaterfallPanel, draw_waterfall, waterfall
from recipe.report.results_plot import draw_results
from recipe.report.results_view import CAPTION, TITLE, ResultsPanel, results_panel
from recipe.report.search_panels import SearchPanel
from recipe.report.search_plots import draw
from recipe.report.search_views import views
from recipe.report.sheet_plot import SheetPanel, draw_sheet

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Canvas

COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
"""Okabe and Ito's palette (2008) without yellow, which is faint on white."""
DASHES = ("-", "--", ":", "-.")
MARKED_POINTS = 40
"""A curve of more points than this shows no markers, except where a point stands alone."""
BAR_LABELS = 12
DOTS = 160
"""Per inch."""
STYLE: dict[Any, Any] = {
    "axes.edgecolor": "#444444",
    "axes.grid": True,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "figure.facecolor": "white",
    "font.size": 11,
    "figure.titlesize": TITLE_SIZE,
    "grid.color": "#DDDDDD",
    "legend.frameon": False,
    "text.parse_math": False,  # a dollar sign in a title is no formula
}


LINES = "lines and letters"
"""What a PNG file says of a plot without photos in it: a dark page may show it in dark."""
SAMPLES = "samples"
"""The sheet of items as the model sees them: it belongs to the data, and not to a step."""
RESULTS = "results.png"
"""In the run folder: the picture that tells the run."""
Drawable = Panel | SheetPanel | SearchPanel | WaterfallPanel | ResultsPanel


@dataclass(frozen=True)
class Plot:
    """A drawn plot: where it lies in the run folder, and what it belongs to."""

    link: str
    title: str
    caption: str
    step: str | None = None
    round: int = 1
    about: str = "step"
    """What it shows: results, data, a step, the schedules, the chain of repairs, the search."""


def draw_plots(
    result: RunResult,
    folder: Path,
    left_out: Callable[[str], None] = lambda _: None,
    done: Collection[str] = (),
    *,
    brief: bool = False,
) -> tuple[Plot, ...]:
    """Draw `results.png`, every figure of every round into plots/, the schedules, the chain of
    repairs and the search.

    Figures of which nothing was measured are left out.

    Args:
        result: what the run found.
        folder: of the run.
        left_out: told which plots were not drawn, where `recipe.core.clock` left no time for them.
        done: links of those that were drawn before, and are as they should be.
        brief: of a step in which nothing was found, the first figure alone.

    """
    (folder / "plots").mkdir(parents=True, exist_ok=True)
    wanted = list(_of_steps(result, brief=brief))
    plots: list[Plot] = []
    longest = 0.0
    for plot, shown in chain(wanted, _of_search(result)):
        if plot.link in done:
            plots.append(plot)
            continue
        if is_up(before=longest):
            continue
        began = time.monotonic()
        write_bytes(folder / plot.link, png(shown))
        plots.append(plot)
        longest = max(longest, time.monotonic() - began)
    missing = len(wanted) - sum(plot.about != "search" for plot in plots)
    if missing:
        left_out(f"{missing} of {len(wanted)} plots of the steps")
    if is_up(before=longest) and len(result.trials) > 1:
        left_out("plots of the search")
    return tuple(plots)


def draw_step(step: StepResult, folder: Path, *, brief: bool = False) -> Iterator[str]:
    """Draw the figures of one step, as `draw_plots` does; the link of each when it is there."""
    (folder / "plots").mkdir(parents=True, exist_ok=True)
    for plot, shown in _of_step(step, brief=brief):
        write_bytes(folder / plot.link, png(shown))
        yield plot.link


def loaded() -> None:
    """Import all that a plot takes."""
    from matplotlib.backends import backend_agg  # noqa: F401
    from matplotlib.figure import Figure as _  # noqa: F401


def figures_of(step: StepResult) -> int:
    """How many figures of a step there are to draw, those of the data left out."""
    about_step = [figure for figure in step.figures if figure.series != (SAMPLES,)]
    return sum(_shown(figure, step.evidence) is not None for figure in about_step)


def _of_step(step: StepResult, *, brief: bool = False) -> Iterator[tuple[Plot, Drawable]]:
    sound = step.status == "pass" and not any(f.counts for f in step.findings)
    for figure in step.figures:
        if (shown := _shown(figure, step.evidence)) is not None:
            link = f"plots/{file_name(step, figure.name)}"
            said = caption(figure, shown)
            about = "data" if figure.series == (SAMPLES,) else "step"
            yield Plot(link, figure.title, said, step.name, step.round, about), shown
            if brief and sound:
                return


def _of_steps(result: RunResult, *, brief: bool) -> Iterator[tuple[Plot, Drawable]]:
    if (found := results_panel(result)) is not None:  # the most useful one first
        yield Plot(RESULTS, TITLE, CAPTION, about="results"), found
    for step in result.steps:
        yield from _of_step(step, brief=brief)
    if (shown := schedules_panel(result)) is not None:
        yield Plot("plots/schedules.png", shown.title, SCHEDULES, about="schedules"), shown
    if (repairs := waterfall(result)) is not None:
        yield Plot("plots/repairs.png", repairs.title, REPAIRS, about="repairs"), repairs


def _shown(figure: Figure, evidence: Evidence) -> Panel | SheetPanel | None:
    if figure.kind != "sheet":
        return panel(figure, evidence)
    sheet = evidence.sheets.get(figure.series[0])
    return None if sheet is None else SheetPanel(figure.title, sheet)


def _of_search(result: RunResult) -> Iterator[tuple[Plot, Panel | SearchPanel]]:
    """What takes a model of all trials to draw."""
    if is_up():
        return
    for name, view in views(result):
        yield Plot(f"plots/search-{name}.png", view.title, SEARCH[name], about="search"), view


def file_name(step: StepResult, figure: str) -> str:
    """`<step>-<figure>.png`, with `-r2` for the second round and so on."""
    suffix = f"-r{step.round}" if step.round > 1 else ""
    return re.sub(r"[^\w.-]+", "-", f"{step.name}-{figure}{suffix}") + ".png"


def png(shown: Drawable) -> bytes:
    """A panel as the bytes of a PNG file, the same for the same panel."""
    import matplotlib as mpl

    buffer = BytesIO()
    with mpl.rc_context(STYLE), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph")  # a script that the font lacks
        about = {"Software": None, **({} if _has_pictures(shown) else {"Description": LINES})}
        drawn(shown).savefig(buffer, format="png", metadata=about)
    return buffer.getvalue()


def _has_pictures(shown: Drawable) -> bool:
    return isinstance(shown, SheetPanel | ResultsPanel)


def drawn(shown: Drawable) -> "Canvas":
    """A panel on a canvas of its own, in the style that is set."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure as Canvas

    canvas = Canvas(figsize=SIZE, dpi=DOTS, layout="constrained")
    FigureCanvasAgg(canvas)
    canvas.suptitle(fitted(shown.title, SIZE[0] * 72, TITLE_SIZE))
    if isinstance(shown, LinePanel | MapPanel):
        _draw_panel(canvas, shown)
    elif isinstance(shown, SheetPanel):
        draw_sheet(canvas, shown)
    elif isinstance(shown, ResultsPanel):
        draw_results(canvas, shown)
    elif isinstance(shown, WaterfallPanel):
        draw_waterfall(canvas, shown)
    else:
        draw(canvas, shown)
    return canvas


def _draw_panel(canvas: "Canvas", shown: Panel) -> None:
    axes = canvas.add_subplot()
    axes.set_xlabel(shown.x_label)
    axes.set_ylabel(fitted(shown.y_label, SIZE[1] * 72 * 0.75, STYLE["font.size"]))
    axes.set_axisbelow(True)
    if isinstance(shown, LinePanel):
        _draw_lines(axes, shown)
    else:
        draw_map(axes, shown)
    handles, labels = axes.get_legend_handles_labels()
    if len(labels) > 1 or isinstance(shown, MapPanel):  # a single curve has the title for a name
        legend_below(canvas, handles, labels)


def _draw_lines(axes: "Axes", shown: LinePanel) -> None:
    if shown.bars:
        place = _draw_bars(axes, shown)
    else:
        place = float
        for index, series in enumerate(shown.series):
            axes.plot(series.x, _gaps(series.y), label=series.label, **_look(series, index))
        xs = [x for series in shown.series for x in series.x]
        set_scale(axes, "x", xs + [v for _, v in shown.mark_x], log=shown.log_x)
        if shown.whole_x and not shown.log_x:
            _whole_ticks(axes, xs)
    ys = [y for series in shown.series for y in series.y if y is not None]
    set_scale(axes, "y", ys + [v for _, v in shown.mark_y], log=shown.log_y)
    if not any(ys):  # nothing below zero is to be thought of, nor a thousandth of anything
        axes.set_ylim(-0.03, 1.0)
    for _, value in shown.mark_x:
        axes.axvline(place(value), color=MARK_COLOUR, linewidth=1.3, dashes=(4, 2))
    for index, (label, value) in enumerate(shown.mark_y):
        dashes = (1 + 2 * index, 1.5)
        axes.axhline(value, label=label, color=MARK_COLOUR, linewidth=1.3, dashes=dashes)
    name_marks(axes, [(label, place(value)) for label, value in shown.mark_x])


def _draw_bars(axes: "Axes", shown: LinePanel) -> Any:
    """Bars side by side at equal distances; returns where on the axis a value of x lies."""
    import numpy as np

    xs = sorted({x for series in shown.series for x in series.x})
    width = 0.8 / len(shown.series)
    for index, series in enumerate(shown.series):
        shift = (index - (len(shown.series) - 1) / 2) * width
        at = [xs.index(x) + shift for x in series.x]
        colour = COLOURS[index % len(COLOURS)]
        if shown.log_y:  # a bar's length says nothing where there is no zero
            axes.plot(at, _gaps(series.y), "o", markersize=9, label=series.label, color=colour)
        else:
            axes.bar(at, _gaps(series.y), width, label=series.label, color=colour)
    axes.set_xlim(-0.6, len(xs) - 0.4)
    every = -(-len(xs) // BAR_LABELS)
    axes.set_xticks(range(0, len(xs), every), [f"{x:.3g}" for x in xs[::every]])
    axes.grid(visible=False, axis="x")
    return lambda value: float(np.interp(value, xs, range(len(xs))))


def _look(series: Series, index: int) -> dict[str, Any]:
    colour = COLOURS[index % len(COLOURS)]
    dash = DASHES[index // len(COLOURS) % len(DASHES)]
    common = {"color": colour, "linestyle": dash, "markersize": 4}
    if series.look == "dots":  # the first ones as rings, in which others are seen
        face, size = ("none", 8) if not index else (colour, 4)
        return {"color": colour, "linestyle": "none", "marker": "o", "markersize": size,
                "markerfacecolor": face}  # fmt: skip
    if series.look == "points":
        return {"color": "black", "linestyle": "none", "marker": "o", "markersize": 4, "zorder": 4}
    if series.look == "behind":
        return {"color": "#BBBBBB", "linewidth": 1.0, "zorder": 1}
    if series.look == "strong":
        return common | {"linewidth": 3.5, "zorder": 3}
    if series.look == "faint":
        return common | {"linewidth": 1.6, "linestyle": DASHES[1 + index % 3]}
    return common | {"linewidth": 1.8, "marker": "o", "markevery": _marked(series.y)}


def _marked(values: Sequence[float | None]) -> list[int]:
    """Indices that need a marker: all of a short curve, else points between two gaps."""
    if len(values) <= MARKED_POINTS:
        return list(range(len(values)))
    padded = [None, *values, None]
    return [
        i
        for i, value in enumerate(values)
        if value is not None and padded[i] is None and padded[i + 2] is None
    ]


def _gaps(values: Sequence[float | None]) -> list[float]:
    return [float("nan") if value is None else value for value in values]


def _whole_ticks(axes: "Axes", xs: Sequence[float]) -> None:
    from matplotlib.ticker import MaxNLocator

    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    if len(set(xs)) == 1:
        axes.set_xlim(xs[0] - 1, xs[0] + 1)
        axes.set_xticks([xs[0]])
