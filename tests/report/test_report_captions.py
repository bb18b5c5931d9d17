import pytest

from recipe.core.evidence import Evidence, Figure
from recipe.core.results import StepResult
from recipe.plugin import registry
from recipe.report.captions import SEARCH, caption
from recipe.report.panels import panel
from report_samples import curves_step, grid_step

MAP = ("s", "wd")


def told(figure: Figure, evidence: Evidence) -> str:
    shown = panel(figure, evidence)
    assert shown is not None
    return caption(figure, shown)


@pytest.mark.parametrize(
    ("step", "said"),
    [
        (
            curves_step(),
            "Train loss and val loss over epoch, with best epoch 6 and expected 0.2 marked.",
        ),
        (grid_step(), "Val score over learning rate and weight decay, the best framed."),
    ],
)
def test_a_figure_without_a_caption_says_what_is_drawn(step: StepResult, said):
    assert told(step.figures[0], step.evidence) == said


def test_a_map_without_a_score_frames_nothing():
    evidence = Evidence(curves={"lr": [1.0], "wd": [1.0], "s": [None]})
    assert told(Figure("f", "F", MAP, "map", "lr", "rate"), evidence) == "S over rate and wd."


def test_a_caption_of_the_step_is_taken():
    figure = Figure("f", "F", ("loss",), caption="It <falls>")
    assert told(figure, Evidence(curves={"loss": [1.0]})) == "It &lt;falls>."


def test_every_built_in_figure_has_a_caption_of_one_sentence():
    figures = [f for p in registry.load() for f in getattr(p.step, "figures", ())]
    assert figures
    for text in (*(f.caption for f in figures), *SEARCH.values()):
        assert text.endswith("."), text
        assert ". " not in text, text
