"""What is written in plots can be read: nothing is cut, and nothing lies on something else."""

from itertools import combinations

import matplotlib as mpl
import pytest
from matplotlib.figure import Figure as Canvas
from matplotlib.text import Text

from recipe.core.evidence import Evidence, Figure
from recipe.report.panels import Cell, LinePanel, MapPanel, Panel, Series, panel
from recipe.report.plots import STYLE, drawn
from recipe.report.search_panels import (
    Bar,
    BarPanel,
    CoveragePanel,
    ParallelPanel,
    Scale,
    SearchPanel,
    Slice,
    SlicePanel,
)

TITLE = "Validation score over learning rate and weight decay"
SHOWN_AT = 400
"""Pixels that a plot is wide where it is shown small."""
SMALLEST = 7.5
"""Height of a letter there, in pixels."""


@pytest.fixture(autouse=True)
def style():
    """Ticks are made when they are first looked at, in the style that is set then."""
    with mpl.rc_context(STYLE):
        yield


def canvas_of(shown: Panel | SearchPanel) -> Canvas:
    canvas = drawn(shown)
    canvas.canvas.draw()
    return canvas


def texts(canvas: Canvas) -> list[Text]:
    found = [text for text in canvas.findobj(Text) if text.get_text() and text.get_visible()]
    # Ticks beyond the ends of an axis exist, and are not shown.
    return [text for text in found if not _beyond(text)]


def _beyond(text: Text) -> bool:
    for axes in text.figure.axes:
        for axis, at in ((axes.xaxis, 0), (axes.yaxis, 1)):
            if text in axis.get_ticklabels():
                low, high = sorted(axis.get_view_interval())
                return not low <= text.get_position()[at] <= high
    return False


def lines(names=("train_loss", "val_loss"), marks=(), **more) -> LinePanel:
    ys = (3.0, 2.0, 1.0, 1.0, 2.0)
    series = tuple(Series(name, (1e-5, 1e-4, 1e-3, 1e-2, 1e-1), ys) for name in names)
    return LinePanel(
        **{"title": TITLE, "x_label": "learning rate", "y_label": "loss", "series": series,
           "log_x": True, "mark_x": marks} | more
    )  # fmt: skip


def grid(columns: int, rows: int, value=lambda c, r: (c * 37 + r * 11) % 97 / 97) -> MapPanel:
    cells = [
        Cell(10 ** (c / 4 - 5), 10 ** (r / 4 - 6), value(c, r))
        for c in range(columns)
        for r in range(rows)
    ]
    scored = [cell for cell in cells if cell.value is not None]
    best = max(scored, key=lambda cell: cell.value, default=None)
    return MapPanel(
        TITLE, "learning rate", "weight decay", "val score", tuple(cells), (best,) if best else (),
        log_x=True, log_y=True,
    )  # fmt: skip


RATE = Scale("lr", tuple(1.234e-5 * 1.5**k for k in range(12)), numeric=True, log=True)
WIDTH = Scale(
    "width_of_the_hidden_layer", tuple(2**k for k in range(4, 10)), numeric=True, log=True
)
WORDS = Scale("activation", ("relu", "tanh", "gelu"), numeric=False, log=False)


def sliced(*scales: Scale) -> SlicePanel:
    parts = []
    for scale in scales:
        xs = tuple(scale.place(value) for value in scale.values)
        parts.append(Slice(scale, xs, tuple(k / 10 for k in range(len(xs))), len(xs) - 1))
    return SlicePanel("Scores over each parameter", "val accuracy", tuple(parts))


PANELS = {
    "lines": lines(),
    "a long name": lines(title="a title of many words " * 6, y_label="a long label " * 8),
    "many curves": lines(tuple(f"layer_{k}_with_a_long_name" for k in range(14))),
    "marks": lines(marks=(("low: 0.008", 0.008), ("best: 0.01", 0.01), ("high: 0.2", 0.1))),
    "marks at the ends": lines(marks=(("bracket low: 1e-05", 1e-5), ("bracket high: 0.1", 0.1))),
    "a point": lines(series=(Series("loss", (0.1,), (0.5,)),), log_y=True),
    "grid": grid(4, 3),
    "a big grid": grid(12, 8),
    "a grid without scores": grid(3, 2, lambda c, r: None),
    "a cell": grid(1, 1),
    "scattered": MapPanel(
        TITLE, "learning rate", "weight decay", "val score",
        tuple(Cell(10.0 ** (-k / 9), 10.0 ** (-k * 7 % 30 / 8), k / 30) for k in range(30)),
    ),
    "slices": sliced(RATE, RATE, RATE, WIDTH, WORDS),
    "a slice": sliced(RATE),
    "parallel": ParallelPanel(
        "All parameters", "val accuracy", (RATE, RATE, WIDTH, WORDS, WORDS, WIDTH),
        ((0.0, 0.1, 0.2, 0.5, None, 1.0), (1.0, 0.5, 0.2, 1.0, 0.0, 0.0)), (0.5, 0.6), 1,
    ),
    "bars": BarPanel(
        "Which parameter matters", "share of the variance",
        tuple(Bar(f"a parameter of a long name {k}", 0.3, "30%") for k in range(12)),
    ),
    "bars of nothing": BarPanel("Which", "share", (Bar("lr", 0.0, "0%"), Bar("wd", 0.0, "0%"))),
    "funnel": BarPanel(
        "The funnel", "trials",
        tuple(Bar(f"refine grid, round {k}: began", 12.0 - k, f"{k} (146 epochs)") for k in range(9)),
        centred=True,
    ),
    "coverage": CoveragePanel(
        "The same 12 trials, placed in two ways", (WIDTH, RATE),
        (("this search: 12 values of width of the hidden layer", ((16.0, 1e-4), (512.0, 1e-3))),
         ("a grid: 3 values", ((16.0, 1e-4), (32.0, 1e-3)))),
    ),
}  # fmt: skip


@pytest.mark.parametrize("shown", PANELS.values(), ids=PANELS)
def test_no_word_is_cut_and_none_lies_on_another(shown):
    canvas = canvas_of(shown)
    boxes = {text: text.get_window_extent() for text in texts(canvas)}
    assert boxes
    assert not any(text.get_rotation() not in {0, 90} for text in boxes)
    width, height = canvas.bbox.size
    for text, box in boxes.items():
        assert min(box.x0, box.y0) >= -1, text
        assert box.x1 <= width + 1, text
        assert box.y1 <= height + 1, text
    for (one, a), (other, b) in combinations(boxes.items(), 2):
        across = min(a.x1, b.x1) - max(a.x0, b.x0) > 1
        assert not (across and min(a.y1, b.y1) - max(a.y0, b.y0) > 1), (one, other)


@pytest.mark.parametrize("shown", PANELS.values(), ids=PANELS)
def test_letters_can_be_read_where_a_plot_is_small(shown):
    canvas = canvas_of(shown)
    scale = SHOWN_AT / canvas.bbox.width * canvas.dpi / 72
    assert min(text.get_fontsize() for text in texts(canvas)) * scale >= SMALLEST


@pytest.mark.parametrize(
    ("shown", "bars"),
    [(grid(4, 3), 1), (grid(3, 2, lambda c, r: None), 0), (grid(1, 1), 0)],
    ids=["scores", "none", "one"],
)
def test_a_colour_bar_is_there_for_scores_that_differ(shown, bars):
    assert len(canvas_of(shown).axes) == 1 + bars


def test_cells_that_nobody_tried_and_the_best_are_named():
    full = grid(3, 2)
    cells = tuple(cell for cell in full.cells if cell != full.cells[0] or cell in full.best)
    shown = MapPanel(TITLE, "x", "y", "score", cells, full.best)
    (legend,) = canvas_of(shown).legends
    names = [text.get_text() for text in legend.get_texts()]
    assert names[0] == "not tried"
    assert names[-1].startswith("best: 0.")


def test_the_chosen_rate_is_named_over_its_line():
    figure = Figure(
        "f", "F", ("loss",), x="lr", log_x=True, mark_x=("steepest_lr", "best_lr", "high")
    )
    evidence = Evidence(
        {"best_lr": 0.01, "steepest_lr": 0.01, "high": 0.1},
        {"lr": [0.001, 0.01, 0.1], "loss": [2.0, 1.0, 3.0]},
    )
    shown = panel(figure, evidence)
    assert shown is not None
    canvas = canvas_of(shown)
    names = {text.get_text(): text.get_window_extent() for text in texts(canvas)}
    box = names["steepest lr = best lr: 0.01"]
    at = canvas.axes[0].transData.transform((0.01, 0.0))[0]
    assert box.x0 < at < box.x1
    assert "high: 0.1" in names


def test_on_a_log_axis_amounts_are_points_as_no_bar_begins_at_zero():
    evidence = Evidence(curves={"g": [1e-3, 1e-2, 1e-1]})
    for log, bars in ((True, 0), (False, 3)):
        shown = panel(Figure("f", "F", ("g",), "bars", log_y=log), evidence)
        assert shown is not None
        (axes,) = canvas_of(shown).axes
        assert len(axes.patches) == bars
        assert len(axes.lines) == (1 if log else 0)
