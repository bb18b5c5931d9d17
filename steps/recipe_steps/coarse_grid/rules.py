"""Rules about a grid of trials."""

from dataclasses import replace
from typing import TYPE_CHECKING

from recipe.plugin import Evidence, Finding, Remedy, RemedyInput, finding, rule

if TYPE_CHECKING:
    from recipe.plugin import Experiment

MOST = 0.5
FEW = 4
"""Diverged trials that are no majority yet: where every trial has an even chance, all of four
diverge in 6 % of the rounds, all of five in 3 %."""


def _best_cell(subject: RemedyInput) -> "Experiment | None":
    best = subject.evidence.number("best_lr")
    decay = subject.evidence.number("best_weight_decay")
    if best is None:
        return None
    return replace(
        subject.experiment,
        lr=best,
        weight_decay=subject.experiment.weight_decay if decay is None else decay,
    )


@rule(
    "warn",
    remedy=Remedy("take the best cell of the grid", _best_cell, as_declared=True, decides=True),
)
def best_at_edge_of_grid(evidence: Evidence) -> Finding | None:
    """What: the best cell has the smallest or the largest value of its range, even after the
    grid was extended.

    Why: the optimum may lie outside; what was found is the border of the search, not the best.

    Fix: extend the range on that side.
    """
    edge = evidence.text("edge")
    if edge is None:
        return None
    value = evidence.number(f"best_{edge}")
    return finding(
        "warn",
        f"The best {edge} ({value:g}) is at the end of its range."
        if value is not None
        else f"The best {edge} is at the end of its range.",
        f"Search further in the direction of the best {edge}.",
        confidence=0.7,
    )


@rule("fail")
def most_trials_diverge(evidence: Evidence) -> Finding | None:
    """What: more than half of the trials, and at least five, ended with a loss that is not finite.
    That is a note as long as others were trained, and a warning where none was. Where no trial at
    all got through its first epoch, and no rate is declared, there is nothing to go on with.

    Why: around a rate that step 3 found usable, few trials should diverge; the range is too
    high, or something fails only after some updates.

    Fix: lower the range of rates; warm up; look for a bug that grows with training.
    """
    trials, diverged = evidence.number("trials"), evidence.number("diverged")
    none_left = evidence.flag("none_left")
    if not trials or diverged is None or diverged / trials <= MOST:
        return None
    if diverged <= FEW and not none_left:
        return None
    end = ", and no trial has a score: there is nothing to refine." if none_left else "."
    return finding(
        "fail" if none_left else "warn" if diverged == trials else "note",
        f"{diverged:.0f} of {trials:.0f} trials diverged{end}",
        "Lower the range of learning rates, or warm up.",
        confidence=0.8,
    )


@rule("warn", exact=True)
def trials_fail(evidence: Evidence) -> Finding | None:
    """What: some trials could not be trained: the factory or the training raised an error.

    Why: the search goes on without them, so a part of its space was never tried: two values that
    do not go together, such as a width that a number of groups does not divide.

    Fix: leave these values out of the space, or put one on a condition (`recipe.when`).
    """
    trials, failed = evidence.number("trials"), evidence.number("failed")
    if not trials or not failed:
        return None
    reason = " ".join((evidence.text("first_failure") or "no reason known").split())
    return finding(
        "warn",
        f"{failed:.0f} of {trials:.0f} trials failed; the first one said: {reason.rstrip('.')}.",
        "Leave out of the space what does not go together, or put it on a condition.",
        confidence=0.9,
    )


RULES = (best_at_edge_of_grid, most_trials_diverge, trials_fail)
