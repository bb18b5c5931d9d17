"""The chain of repairs as a waterfall: the score as declared, and what each remedy added to it."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from recipe.core.findings import RemedyOutcome
from recipe.core.results import RunResult
from recipe.report.plot_labels import SMALL, fitted
from recipe.report.wording import humanise, show

if TYPE_CHECKING:
    from matplotlib.figure import Figure

BEFORE, GAIN, LOSS = "#999999", "#009E73", "#D55E00"
"""Colours of Okabe and Ito."""
LABEL_WIDTH = 190.0
"""Points that the name of a remedy may take."""
ROOM = 0.22
"""Beside the longest bar, for what is written there, as a share of the axis."""


@dataclass(frozen=True)
class Rung:
    """One repair on top of those before it."""

    label: str
    before: float
    after: float


@dataclass(frozen=True)
class WaterfallPanel:
    """Horizontal bars, each from where the one before ended."""

    title: str
    x_label: str
    rungs: tuple[Rung, ...]


def waterfall(result: RunResult) -> WaterfallPanel | None:
    """The repairs that made the experiment learn, in their order; None where none was proved, or
    where a repair changed what is measured.
    """
    chain = sorted(_placed(result), key=lambda outcome: outcome.place or 0)
    metrics = {outcome.metric for outcome in chain}
    if not chain or len(metrics) > 1:
        return None
    rungs = [
        Rung(outcome.name, before, after)
        for outcome in chain
        for before, after in [outcome.rung or (None, None)]
        if before is not None and after is not None
    ]
    if len(rungs) < len(chain):
        return None
    return WaterfallPanel("What each repair brings", humanise(metrics.pop() or ""), tuple(rungs))


def _placed(result: RunResult) -> list[RemedyOutcome]:
    found = {f.rule: f.remedy for step in result.latest_steps for f in step.findings if f.counts}
    return [remedy for remedy in found.values() if remedy is not None and remedy.place is not None]


def draw_waterfall(canvas: "Figure", shown: WaterfallPanel) -> None:
    """Draw it on an empty canvas."""
    axes = canvas.add_subplot()
    first = shown.rungs[0].before
    ends = [0.0, first, *(rung.after for rung in shown.rungs)]
    bars = [("as declared", 0.0, first), *((r.label, r.before, r.after) for r in shown.rungs)]
    for row, (_, start, end) in enumerate(bars):
        colour = BEFORE if row == 0 else GAIN if end >= start else LOSS
        axes.barh(row, end - start, left=start, color=colour, height=0.6)
        axes.annotate(show(end), (max(start, end), row), (5, 0), textcoords="offset points",
                      va="center", size=SMALL)  # fmt: skip
    axes.set_yticks(
        range(len(bars)), [fitted(label, LABEL_WIDTH) for label, *_ in bars], size=SMALL
    )
    axes.invert_yaxis()
    span = (max(ends) - min(ends)) or 1.0
    axes.set_xlim(min(ends), max(ends) + ROOM * span)
    axes.set_xlabel(shown.x_label)
    axes.grid(visible=False)
