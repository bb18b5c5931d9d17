import base64
import io

import pytest
from PIL import Image

from recipe.core.evidence import Evidence, Figure, Sheet
from recipe.core.results import RunResult, StepResult
from recipe.report.plots import draw_plots, png
from recipe.report.sheet_plot import SheetPanel


def picture(side=8, colour=255):
    buffer = io.BytesIO()
    Image.new("L", (side, side), colour).save(buffer, "PNG")
    return base64.b64encode(buffer.getvalue()).decode()


SHEETS = {
    "pictures": Sheet(("a", "b", "a long label of several words"),
                      pictures=(picture(), picture(40, 90), picture(8, 0)), across=2,
                      note="Their values range from 0 to 1."),
    "lines": Sheet(("0", "1"), lines=((0.0, 1.0, None, 2.0), (1.0, 1.0, 1.0, 1.0)), across=2),
    "constant": Sheet(("0",), lines=((3.0, 3.0),)),
    "rows": Sheet(("cat", "dog"), rows=(("1", "x" * 80), ("2", "$y$")), header=("n", "word")),
    "other script": Sheet(("猫",), rows=(("犬", "2"),)),
    "headless": Sheet(("cat",), rows=(("1", "2"),)),
}  # fmt: skip


def size(sheet):
    return Image.open(io.BytesIO(png(SheetPanel("Items", sheet)))).size


@pytest.mark.parametrize("name", SHEETS)
def test_every_kind_is_drawn_the_same_twice(name):
    assert png(SheetPanel("A $title", SHEETS[name])) == png(SheetPanel("A $title", SHEETS[name]))


def test_a_sheet_is_as_high_as_its_items():
    few = Sheet(tuple("ab"), pictures=(picture(),) * 2, across=2)
    many = Sheet(tuple("abcdefgh"), pictures=(picture(),) * 8, across=2)
    assert size(many)[1] > 2 * size(few)[1]
    assert size(many)[0] == size(few)[0]


def test_the_pictures_are_there_in_their_greys():
    drawn = Image.open(io.BytesIO(png(SheetPanel("Items", SHEETS["pictures"])))).convert("L")
    counted = {grey: n for n, grey in drawn.getcolors(1 << 20)}
    assert counted[90] > 10_000
    assert counted[0] > 10_000


def test_figures_of_sheets_are_drawn_where_there_is_one(tmp_path):
    figures = (
        Figure("look", "Items", ("rows",), "sheet", caption="Look"),
        Figure("none", "Nothing", ("other",), "sheet"),
        Figure("dots", "Dots", ("y",), "dots"),
    )
    evidence = Evidence(curves={"y": (1.0, 2.0)}, sheets={"rows": SHEETS["rows"]})
    step = StepResult("s", "S", 1, "pass", evidence=evidence, figures=figures)
    plots = draw_plots(RunResult("r", steps=(step,)), tmp_path)
    assert [plot.link for plot in plots] == ["plots/s-look.png", "plots/s-dots.png"]
    assert plots[0].caption == "Look."
