import io
import subprocess
import sys
from collections.abc import Sequence

import pytest
from PIL import Image

from recipe.core.evidence import Evidence, Figure
from recipe.core.results import RunResult, StepResult
from recipe.report.panels import LinePanel, Series, panel
from recipe.report.plots import draw_plots, file_name, png
from report_samples import full_run, grid_step


def pixels(content: bytes) -> tuple[Image.Image, set[tuple[int, ...]]]:
    image = Image.open(io.BytesIO(content)).convert("RGB")
    counted = image.getcolors(maxcolors=1 << 24)
    assert counted is not None
    return image, {colour for _, colour in counted}


def draw(kind: str = "line", series: Sequence[str] = ("y",), **options) -> bytes:
    curves = {
        "y": [1.0, 0.1, 0.0],
        "point": [0.5],
        "gaps": [1.0, None, 2.0],
        "x": [0.0, 0.1, 1.0],
        "rx": [i * 0.03 + 0.01 for i in range(30)],
        "ry": [((i * 7) % 30) / 30 + 0.01 for i in range(30)],
        "rv": [None if i % 9 == 8 else i / 30 for i in range(30)],
        "none": [None] * 30,
        "long": [None if i % 5 == 1 else 1.0 + i for i in range(200)],
        "huge": [1.0, 1e200],
        "negative": [-1.0, -2.0],
    }
    scalars = {"at": 0.5, "zero": 0.0}
    shown = panel(
        Figure("f", "A $title", tuple(series), kind, **options), Evidence(scalars, curves)
    )
    assert shown is not None
    return png(shown)


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"log_y": True},
        {"x": "x", "log_x": True, "log_y": True, "mark_x": ("at", "zero"), "mark_y": ("at",)},
        {"series": ("point",)},
        {"series": ("point",), "log_x": True, "log_y": True},
        {"series": ("gaps", "y", "point", "long")},
        {"series": ("huge",)},
        {"series": ("negative",), "log_y": True},
        {"kind": "bars", "series": ("y", "gaps"), "x": "x", "mark_x": ("at",)},
        {"kind": "bars", "series": ("long",), "log_y": True},
        {"kind": "bars", "series": ("point",)},
        {"kind": "map", "series": ("y", "x"), "x": "x", "log_x": True},
        {"kind": "map", "series": ("point", "point"), "x": "point"},
        {"kind": "map", "series": ("none", "ry"), "x": "rx", "log_x": True},
        {"kind": "map", "series": ("rv", "ry"), "x": "rx", "log_x": True, "log_y": True},
    ],
)
def test_every_kind_draws_on_white(options):
    image, colours = pixels(draw(**options))
    assert image.size == (960, 608)
    assert image.getpixel((0, 0)) == (255, 255, 255)
    assert len(colours) > 5


def test_lines_have_the_palette_of_okabe_and_ito():
    _, colours = pixels(draw(series=("y", "gaps")))
    assert {(0x00, 0x72, 0xB2), (0xD5, 0x5E, 0x00)} <= colours


def test_a_single_point_is_seen():
    _, colours = pixels(draw(series=("point",)))
    assert (0x00, 0x72, 0xB2) in colours


def test_the_best_cell_is_framed():
    step = grid_step()
    shown = panel(step.figures[0], step.evidence)
    assert shown is not None
    _, colours = pixels(png(shown))
    assert (0xD5, 0x5E, 0x00) in colours


def test_the_same_panel_gives_the_same_bytes():
    shown = LinePanel("t", "x", "y", (Series("s", (1.0, 2.0), (1.0, 2.0)),))
    assert png(shown) == png(shown)


def test_file_names_tell_the_round():
    assert file_name(StepResult("a", "A", 1, "pass"), "lr range/x") == "a-lr-range-x.png"
    assert file_name(StepResult("a", "A", 3, "pass"), "grid") == "a-grid-r3.png"


def test_every_round_is_drawn(tmp_path):
    plots = draw_plots(full_run(), tmp_path)
    assert [plot.link for plot in plots] == [
        "results.png",
        "plots/coarse_grid-grid.png",
        "plots/coarse_grid-grid-r2.png",
        "plots/learning_curves-losses.png",
        "plots/schedules.png",
    ]
    drawn = {f"plots/{path.name}" for path in (tmp_path / "plots").iterdir()}
    assert drawn | {"results.png"} == {plot.link for plot in plots}
    assert (tmp_path / "results.png").is_file()
    assert (plots[2].step, plots[2].round) == ("coarse_grid", 2)


def test_a_figure_without_data_is_left_out(tmp_path):
    step = StepResult("a", "A", 1, "error", figures=(Figure("f", "F", ("loss",)),))
    assert draw_plots(RunResult("x", steps=(step,)), tmp_path) == ()


def test_importing_the_report_imports_neither_matplotlib_nor_torch():
    code = (
        "import sys, recipe.report.write; "
        "assert not {'matplotlib', 'torch', 'jinja2', 'numpy'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
