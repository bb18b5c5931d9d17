"""What each plot shows, in one sentence below it."""

from collections.abc import Sequence

from recipe.core.evidence import Figure
from recipe.report.panels import LinePanel, MapPanel, Panel
from recipe.report.sheet_plot import SheetPanel
from recipe.report.wording import sentence

SCHEDULES = (
    "The shapes of the schedules there are, that of the best trial thick; the dots are the rates "
    "it logged."
)
REPAIRS = (
    "The score of the experiment as declared, and how it changes with each repair on top of those "
    "above it, the one that brings most by itself first."
)
SEARCH = {
    "funnel": "How many trials began each part of the search and went on behind each cut, and what "
    "they cost.",
    "importance": "How much of the difference between trials each parameter explains (fANOVA): the "
    "longest bar is what to tune first.",
    "slices": "Every trial's score over each parameter, the best one ringed: a trend says where to "
    "look next.",
    "isolation": "The best score at each value, or in each part of the axis, whatever else that "
    "trial had: what a parameter does once the others are tuned for it.",
    "curves": "Validation score by epoch of every trial of this length: the best few in colour, "
    "the others grey.",
    "parallel": "A line per trial through its values, coloured by its score, the best one thick.",
    "coverage": "As many trials in a grid and at random: the ticks at the foot are the values of "
    "the most important parameter that each way tries.",
    "schedules": "Score by epoch of the best trial with each schedule.",
}


def caption(figure: Figure, shown: Panel | SheetPanel) -> str:
    """The step's own caption as a sentence; where it has none, what is drawn over what."""
    if figure.caption:
        return sentence(figure.caption)
    if isinstance(shown, SheetPanel):
        return sentence(shown.sheet.note or shown.title)
    if isinstance(shown, MapPanel):
        best = ", the best framed" if shown.best else ""
        over = f"{shown.x_label} and {shown.y_label}"
        return sentence(f"{_opened(shown.value_label)} over {over}{best}")
    return sentence(f"{_drawn(shown)} over {shown.x_label}{_marked(shown)}")


def _drawn(shown: LinePanel) -> str:
    return _opened(_listed([series.label for series in shown.series]))


def _marked(shown: LinePanel) -> str:
    marks = [label.replace(": ", " ") for label, _ in (*shown.mark_x, *shown.mark_y)]
    return f", with {_listed(marks)} marked" if marks else ""


def _listed(names: Sequence[str]) -> str:
    return " and ".join((", ".join(names[:-1]), names[-1])) if names[1:] else names[0]


def _opened(text: str) -> str:
    return text[:1].upper() + text[1:]
