"""Rules about a grid of trials."""

from dataclasses import replace
from typing import TYPE_CHECKING

from recipe.plugin import ERRORS, Evidence, Finding, Lead, Remedy, RemedyInput, finding, rule

if TYPE_CHECKING:
    from recipe.plugin import Experiment

MOST = 0.5
DOUBLING = ERRORS
"""Standard errors of a score that the last doubling of the trials has to have brought."""
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
    """What: the best trial has the smallest or the largest value of its range, even after the grid
    was extended.

    Why: a better value may lie outside: what was found is where the search ended, not the best
    there is.

    Fix: extend the range in that direction.
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

    Why: the search goes on without them, so part of the space was never tried. Usually two values
    do not go together, such as a width that cannot be divided by the number of groups.

    Fix: remove these values from the space, or put one under a condition (`recipe.when`).
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


@rule("note")
def batch_size_searched(evidence: Evidence) -> Finding | None:
    """What: the batch size is searched as if it could improve the score.

    Why: it decides the speed of training. With rate, decay and length tuned for each, every batch
    size reaches about the same score (Shallue et al. 2019), so trials of other sizes tell how well
    the rate happened to suit each of them. The rates of the search are moved with the size, and the
    trials are spent on it all the same.

    Fix: take the largest batch size at which throughput still rises, leave it out of the space, and
    tune the rest for it.
    """
    count = evidence.number("batch_sizes")
    if not count or count <= 1:
        return None
    return finding(
        "note",
        f"{count:.0f} batch sizes are searched: they differ in speed, and with a rate that suits "
        "each hardly in the score.",
        "Choose the batch size by throughput, and search the rest.",
        confidence=0.8,
    )


@rule("note")
def scientific_values_compared(evidence: Evidence) -> Finding | None:
    """What: the best score of each value of a scientific parameter, all else that is searched being
    tuned anew for it.

    Why: a value that is compared at the rate of another one may lose for the rate alone. A lead
    whose 95 % interval holds zero is none: with other validation items the order may turn.

    Fix: take the value that leads beyond the error, and of equal ones the simpler or cheaper one.
    """
    said, best, lead, error = (
        evidence.text("studies"), evidence.text("study_best"), evidence.number("study_lead"),
        evidence.number("study_error"),
    )  # fmt: skip
    if said is None or best is None or lead is None:
        return None
    beside = Lead(lead, error)
    sure = beside.better
    return finding(
        "note",
        f"Each at its own best setting: {said}. The first one is {beside}.",
        f"Take {best}." if sure else "Read them as equal, and take the simpler or cheaper one.",
    )


@rule("note")
def more_trials_may_help(evidence: Evidence) -> Finding | None:
    """What: half as many trials at random places would be expected to end with a clearly lower best
    score: the last doubling of their number still brought more than luck explains.

    Why: the best of n trials rises with n, fast at first, and then hardly (Dodge et al. 2019). As
    long as it rises, the space is too large for the trials, or its ranges are too wide.

    Fix: a larger budget, narrower ranges around the best trials, or fewer parameters at a time.
    """
    gain, error, count = (
        evidence.number(name) for name in ("last_doubling", "score_error", "drawn")
    )
    if gain is None or not error or not count or gain <= DOUBLING * error:
        return None
    return finding(
        "note",
        f"Half of the {count:.0f} trials would have ended {gain:.2g} lower, and a score is "
        f"uncertain by {ERRORS * error:.2g} either way (95 % interval): more trials may raise it "
        "further.",
        "Give the search a larger budget, or narrow its ranges.",
        confidence=0.6,
    )


RULES = (
    best_at_edge_of_grid,
    most_trials_diverge,
    trials_fail,
    batch_size_searched,
    more_trials_may_help,
    scientific_values_compared,
)
