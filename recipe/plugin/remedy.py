"""A remedy: how a program repairs an experiment. Imports no torch, as rules do not."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from recipe.core.evidence import Evidence
from recipe.core.findings import Finding, RemedyOutcome

if TYPE_CHECKING:
    import torch

    from recipe.data.datasets import Splits
    from recipe.experiment import Experiment


@dataclass(frozen=True)
class RemedyInput:
    """What a remedy is applied to."""

    experiment: "Experiment"
    """Resolved."""
    data: "Splits"
    """Decoded."""
    evidence: Evidence
    """Of the step whose rule fired."""
    device: "torch.device"
    finding: Finding | None = None
    """What the rule said."""


@dataclass(frozen=True)
class Remedy:
    """A change of the experiment; the user's own objects stay as they are.

    Attributes:
        name: what is done, in the imperative, such as "return logits".
        apply: gives the repaired experiment; None where it does not fit this one. Data it changes
            stand in it as pairs of tensors.
        as_declared: it is about rate, schedule or length, so both sides train at the declared
            rate and as long as they declare.
        decides: where it brings nothing, the finding was a false alarm and becomes a note.
        of_run: it is about the curves of a run, so where no rate is declared both sides train at
            the setting of the best one.
        corrects_score: validation was not what it should be, so the score afterwards is the true
            one, be it higher or lower.
        promotes: where it helps beyond doubt, what was found as a note is a warning.
        alternatives: other ways to mend the same; all are trained, and the best one counts.
        edits: kinds of edit that do the same in the user's file (`recipe.patches.edits`), most
            probable first.

    """

    name: str
    apply: Callable[[RemedyInput], "Experiment | None"]
    as_declared: bool = False
    decides: bool = False
    of_run: bool = False
    corrects_score: bool = False
    promotes: bool = False
    alternatives: "tuple[Remedy, ...]" = ()
    edits: tuple[str, ...] = ()


def judged(outcome: RemedyOutcome) -> str:
    """Whether a remedy that was tried is better, worse or too close to call, and by how much."""
    lead = outcome.lead
    if lead is None:  # of a run that did not say by how much, or a score on another scale
        return "better" if outcome.verified else "not better"
    if outcome.verified and not lead.better:  # the score itself was wrong before
        return "now measured as it should be"
    seeds = outcome.seeds or 1
    return f"{lead}" if seeds == 1 else f"{lead}, on average over {seeds} seeds"


def change_of(outcome: RemedyOutcome) -> str:
    """What retraining with a remedy brought, for a terminal: "val_accuracy 0.71 -> 0.784"."""

    def shown(score: float | None) -> str:
        return "none" if score is None else f"{score:.4g}"

    return f"{outcome.metric} {shown(outcome.before)} -> {shown(outcome.after)}"
