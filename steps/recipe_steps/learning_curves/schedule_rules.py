"""Rules about the learning rate over time, and the length of training (EECS 498-007, lecture 11,
"Look at learning curves!").
"""

import math
from itertools import pairwise
from statistics import fmean

from recipe.plugin import Evidence, Finding, rule
from recipe_steps.learning_curves.log_rules import shape_tests
from recipe_steps.learning_curves.log_rules.courses import for_logs, note_of_logs
from recipe_steps.learning_curves.remedies import cosine, longer
from recipe_steps.learning_curves.run_curves import (
    Run,
    finding_of_branch,
    finding_of_runs,
    noise_of,
)
from recipe_steps.learning_curves.shapes import ENOUGH, first_drop, relative_fall, scatter
from recipe_steps.usual_update import OTHER_SCHEDULE, leave_rate

TAIL = 0.3
"""Share of a run that counts as its end."""
FLAT = 0.01
"""A curve that falls by less than 1 % over its end is flat."""
FALLING = 0.05
"""One that falls by more than 5 % is still falling."""
LEARNT_SOME = 0.2
"""Of its first value: a loss that fell by less has not begun."""
CONSTANT = 0.9
"""A rate that stays above this share of its peak is constant."""
DROP = 2.0
STEEP, SLOWED = 0.03, 0.1
"""Fall per epoch before a drop, as a share of the loss; and after it, of that before."""
STEEP_SUSPECT, SLOWED_SUSPECT = 0.015, 0.3
"""The same where a branch decides."""
LATEST_DROP = 0.6
VANISHED = 1e-3
"""Of its peak: a rate that no longer trains. Two drops by ten, and all of a cosine but its last
2 %, stay above it."""
EARLY, SATURATED = 0.1, 0.5
"""Shares of a training by which the best score early on, or what is as good, says that it was too
long (Google's tuning playbook: a best step in the first tenth; saturated long before the end)."""
FEWEST_TO_SHORTEN, LEAST_LENGTH = 12, 5
"""Epochs of a training that is worth shortening, and what it is shortened to at least."""
ROOM = 1.5
"""Times the epochs up to the best score, so that this lies within the new training."""
VANISHED_BY, TURNS = 0.2, 6
"""Share of training by which a schedule meant for epochs and stepped per batch has run out; and
changes of direction from which a rate goes up and down."""


def suspect_no_decay(run: Run) -> int | None:
    """The epoch from which the training loss hardly falls although the rate is constant."""
    if not _constant(run):
        return None
    losses = run.train_loss
    fall = relative_fall(losses, TAIL)
    if fall is None or fall >= max(FALLING, noise_of_fall(losses)):
        return None
    return round((1 - TAIL) * len(losses))


def noise_of_fall(losses: list[float]) -> float:
    """Two standard errors of the relative fall over the end, as single epochs scatter."""
    tail = losses[-max(ENOUGH, round(len(losses) * TAIL)) :]
    level = abs(fmean(tail))
    return 2 * scatter(tail) * math.sqrt(2 / (len(tail) // 3)) / level if level else 0.0


def _constant(run: Run) -> bool:
    losses = run.train_loss
    if len(losses) < ENOUGH or run.learnt or not run.lr:
        return False
    if min(run.lr[len(run.lr) // 2 :]) < CONSTANT * max(run.lr):
        return False
    first = max(losses[0], losses[0] if run.start is None else run.start)
    return first - losses[-1] >= LEARNT_SOME * abs(first)


@rule("warn", remedy=cosine)
@note_of_logs
def needs_lr_decay(evidence: Evidence) -> Finding | None:
    """What: at a constant rate, the training loss stops falling above zero; and, in a run of our
    own, the same training with a tenth of the rate from there on is better.

    Why: at this rate the weights bounce around a minimum; smaller steps settle into it.

    Fix: lower the rate once the loss flattens: with a step, cosine, linear or inverse square root
    schedule.
    """

    def test(run: Run) -> str | None:
        if not _constant(run):
            return None
        fall = relative_fall(run.train_loss, TAIL)
        tested = run.tested("needs-lr-decay")
        if fall is None or not (tested or -FLAT <= fall <= FLAT):
            return None
        return f"the training loss went flat at {run.train_loss[-1]:.3g} under a constant rate"

    return finding_of_branch(
        evidence,
        "needs-lr-decay",
        test,
        "at a tenth of the rate at the end",
        "Decay the learning rate: cosine, step or linear.",
    )


def suspect_early_decay(run: Run) -> int | None:
    """The epoch of a drop before which the loss was falling, and after which it hardly is."""
    drop = _early_drop(run, STEEP_SUSPECT, SLOWED_SUSPECT)
    return drop[0] if drop else None


def vanishes_early(rates: list[float]) -> bool:
    """Whether the planned rates are next to nothing in all but the first part of training."""
    return max(rates) > 0 and _still_train(rates) < VANISHED_BY * len(rates)


def _still_train(rates: list[float]) -> int:
    """How many of the rates there are up to the last that is not next to nothing."""
    return 1 + max((k for k, rate in enumerate(rates) if rate > VANISHED * max(rates)), default=0)


def _creeps(run: Run, drop: int) -> bool:
    """Whether the loss still fell after the drop: one that is flat has arrived."""
    later = run.train_loss[drop + 1 :]
    return later[0] - later[-1] > FLAT * abs(later[0])


def _early_drop(run: Run, steep: float, slowed: float) -> tuple[int, float, float] | None:
    """The drop's epoch and the falls per epoch before and after it."""
    drop = first_drop(run.lr, DROP)
    losses = run.train_loss
    if drop is None or run.learnt or not 3 <= drop <= LATEST_DROP * len(losses):
        return None
    if len(losses) - drop < ENOUGH:
        return None
    before = (losses[drop - 3] - losses[drop - 1]) / 2
    later = losses[drop + 1 :]
    after = (later[0] - later[-1]) / max(1, len(later) - 1)
    if before < steep * abs(losses[drop - 1]) or after > slowed * before:
        return None
    return drop, before, after


@rule("warn", explains=["underfitting", "slow-start", "too-few-updates"], remedy=cosine)
@note_of_logs
def decayed_too_early(evidence: Evidence) -> Finding | None:
    """What: the rate dropped while the loss was still falling steeply, and the loss hardly fell
    afterwards; and, in a run of our own, the same training with the old rate kept for longer is
    better.

    Why: at the small rate, the rest of the way takes too long (lecture: "decayed too early").

    Fix: keep the higher rate until the loss flattens, and lower it then.
    """

    def test(run: Run) -> str | None:
        tested = run.tested("decayed-too-early")
        if tested and tested.epoch == 0:
            return f"the rate is next to nothing after the first {VANISHED_BY:.0%} of training"
        drop = _early_drop(run, *((STEEP_SUSPECT, SLOWED_SUSPECT) if tested else (STEEP, SLOWED)))
        if drop is None or not (tested or _creeps(run, drop[0])):
            return None
        epoch, before, after = drop
        return (
            f"the rate dropped in epoch {epoch + 1} while the loss still fell by "
            f"{before:.2g} per epoch, then {after:.2g}"
        )

    return finding_of_branch(
        evidence,
        "decayed-too-early",
        test,
        "with the old rate kept until late",
        "Decay the learning rate later.",
    )


@rule("warn", remedy=longer)
@for_logs(shape_tests.still_improving)
def still_improving(evidence: Evidence) -> Finding | None:
    """What: training and validation loss are both still falling at the end.

    Why: training stopped before the model had learnt what it can. If the rate had decayed to almost
    nothing, this rule says nothing, since the last improvement came from the decay; nor does it if
    an earlier round trained for longer without a gain.

    Fix: train longer.
    """

    def test(run: Run) -> str | None:
        if len(run.val_loss) < ENOUGH or run.decayed or run.learnt:
            return None
        tried = run.longer is not None and run.score is not None
        if tried and (run.longer or 0.0) <= (run.score or 0.0) + noise_of(run):
            return None  # an earlier round trained longer, and it brought nothing
        train = relative_fall(run.train_loss, TAIL)
        val = relative_fall(run.val_loss, TAIL)
        if train is None or val is None or min(train, val) < FALLING:
            return None
        return f"validation loss still fell by {val:.0%} over the last {TAIL:.0%} of training"

    return finding_of_runs(evidence, test, "warn", "Train longer.", confidence=0.7)


@rule("note")
def longer_than_needed(evidence: Evidence) -> Finding | None:
    """What: the best validation score came within the first tenth of the training, or one that
    is as good within its first half, and validation loss gains nothing any more at the end.

    Why: what is trained after that costs time and brings nothing; with the same time more settings
    can be tried. A decay of the rate that comes later brought nothing either. A best score in the
    last quarter says the opposite: there, look for `still-improving`.

    Fix: train for fewer epochs, with the schedule spread over them; keep the longer training for
    the last round.
    """

    def test(run: Run) -> str | None:
        scores, planned = run.val_score, run.planned
        if len(scores) < ENOUGH or planned < FEWEST_TO_SHORTEN or not _gained(run):
            return None
        best, good = max(range(len(scores)), key=scores.__getitem__) + 1, _as_good(run)
        fall = relative_fall(run.val_loss, TAIL)
        if best > EARLY * planned and (good > SATURATED * planned or fall is None or fall > FLAT):
            return None
        reached = best if best <= EARLY * planned else good
        enough = max(LEAST_LENGTH, math.ceil(ROOM * reached))
        if enough >= planned:
            return None
        what = "the best score came" if reached == best else "a score as good as the best came"
        return f"{what} in epoch {reached} of {planned:.0f}; about {enough} epochs may be enough"

    return finding_of_runs(
        evidence, test, "note", "Train for fewer epochs, and try more settings instead."
    )


def _gained(run: Run) -> bool:
    """Whether it learnt at all: a score that never moved says nothing of its length."""
    first = run.chance if run.chance > 0 else run.val_score[0]
    return max(run.val_score) - first > noise_of(run) or run.tells


def _as_good(run: Run) -> int:
    """The first epoch from which two scores in a row lie within the noise of the best."""
    bar = max(run.val_score) - noise_of(run)
    pairs = enumerate(pairwise(run.val_score), 1)
    return next((epoch for epoch, both in pairs if min(both) >= bar), len(run.val_score))


@rule("warn", explains=OTHER_SCHEDULE, remedy=leave_rate)
def schedule_differs_from_plan(evidence: Evidence) -> Finding | None:
    """What: the logged rate is next to nothing from early on, or goes up and down all the time.

    Why: a schedule that counts epochs is stepped once per batch: it runs out within the first
    epochs, or passes its end and comes back. Named schedules of the recipe are stepped rightly
    and are not looked at.

    Fix: step the scheduler once per epoch, or give it the number of batches.
    """

    def test(run: Run) -> str | None:
        rates = run.lr
        if run.schedule not in ("", "own") or len(rates) < 2 * ENOUGH or max(rates) <= 0:
            return None
        lasted = _still_train(rates)
        if lasted <= VANISHED_BY * len(rates) and not run.learnt:
            return f"the rate fell to {rates[-1]:.2g} by epoch {lasted + 1} of {len(rates)}"
        steps = [b - a for a, b in pairwise(rates) if b != a]
        turns = sum((a < 0) != (b < 0) for a, b in pairwise(steps))
        if not run.schedule and turns >= max(TURNS, len(rates) // 2):
            return f"the rate turned {turns} times in {len(rates)} epochs"
        return None

    return finding_of_runs(
        evidence, test, "warn", "Step the schedule as often as it expects.", confidence=0.7
    )


RULES = (
    schedule_differs_from_plan,
    needs_lr_decay,
    decayed_too_early,
    still_improving,
    longer_than_needed,
)
