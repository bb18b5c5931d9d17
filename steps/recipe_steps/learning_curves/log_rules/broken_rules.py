"""Logs of runs that broke: a loss that is no number any more, a good state that was lost, a loss
that only rose.
"""

from functools import partial
from itertools import pairwise

from recipe.plugin import Finding, rule
from recipe_steps.learning_curves.log_rules.courses import Course, Log, middle, of_logs
from recipe_steps.learning_curves.log_rules.lost import (
    BEYOND,
    LOST,
    NEAR,
    Loss,
    last_point_lost,
    lost_state,
    share_lost,
    sustained,
)

GAP = 2.0
"""Times the longest distance between two points, after which a curve that ends before the log does
was not merely due later."""
FEWEST_BEFORE = 2
OF_THE_FIRST = 0.05
"""Of the first loss: from below it, a loss may well have come to be written as zero."""
RISEN = 2.0
"""Times the first loss: far above where it began."""
AS_BEFORE = 1.05
"""Of the highest rate before: one that comes back to it is restarted, one above it is raised."""

EVERYTHING_ELSE = (
    "diverged", "unstable-training", "overfitting", "metric-disagrees-with-loss",
    "still-improving", "needs-lr-decay", "underfitting", "never-learned",
    "schedule-differs-from-plan",
)  # fmt: skip


@rule("fail", explains=["collapsed", *EVERYTHING_ELSE], exact=True, lasting=True)
@partial(of_logs, any_kind=True)
def loss_became_nan(log: Log) -> Finding | None:
    """What: from some point on the loss of a log is not finite: written as NaN or infinite, left
    blank, a column that ends while the log goes on, or a training loss that drops to exactly zero
    at once and stays there.

    Why: an update made a weight infinite or no number, and whatever is computed with it stays so: a
    rate too high, a logarithm or root of zero, half precision that overflows, an item that is not
    finite. Loggers write NaN as a blank, which looks as if nothing had been measured, or leave it
    out of the mean (`logging_nan_inf_filter` of Hugging Face's Trainer), which is 0 then. A curve
    that was measured less often than others is no sign, nor is one that ends while the other loss
    goes on as well as before.

    Fix: look at the last finite step and the one after it: `torch.autograd.set_detect_anomaly`
    names the operation. Clip the gradient, lower the rate, guard logarithms and divisions.
    """
    losses = log.get("train_loss", "val_loss") or log.get("train_score", "val_score")
    wild = [course for course in losses if course.lost_at is not None]
    ended = [] if wild else [c for c in losses if _ends_early(log, c)]
    zero = [c for c in losses if c.of_training and not c.is_score and _zeros_at_end(c)]
    if zero and not wild:
        return _became_zero(log, zero[0])
    if not wild and not ended:
        return None
    course = min(wild or ended, key=lambda c: c.at[-1] if c.at else -1.0)
    advice = (
        "Look at that step: clip the gradient, lower the rate, guard logarithms and divisions, and "
        "look for items that are not finite."
    )
    if not course.at:
        said = f"the {course.said} is not finite from the first point on"
        return log.say("fail", said, advice, 1.0, course.lost_at)
    last = f"the last finite one is {course.values[-1]:.4g} at {log.where(course.at[-1])}"
    if course.lost_at is not None:
        said = f"the {course.said} is not finite from {log.where(course.lost_at)} on; {last}"
        return log.say("fail", said + _risen(course), advice, 1.0, course.lost_at)
    said = (
        f"the {course.said} has no values after {log.where(course.at[-1])} ({course.values[-1]:.4g}"
        f") while the log goes on to {log.where(_end(log))}: that is how most loggers write NaN"
    )
    return log.say("fail", said + _risen(course), advice, 0.8, course.at[-1])


def _zeros_at_end(course: Course) -> int:
    """Points at its end that are exactly zero; none where the loss was on its way there."""
    zeros = next((k for k, v in enumerate(reversed(course.values)) if v), 0)
    before = course.values[-zeros - 1] if zeros else 0.0
    return zeros if zeros > 1 and before > OF_THE_FIRST * course.values[0] > 0 else 0


def _became_zero(log: Log, course: Course) -> Finding:
    zeros = _zeros_at_end(course)
    last, place = course.values[-zeros - 1], course.at[-zeros]
    return log.say(
        "fail",
        f"the {course.said} drops from {last:.4g} to exactly 0 at {log.where(place)} and stays "
        "there: that is how a loss that is NaN is written where NaN are left out of means",
        "Look at the last step before it: log grad_norm, train in bf16 or float32 instead of fp16, "
        "lower the rate, and see whether any target of a batch is counted.",
        0.9, place,
    )  # fmt: skip


def _risen(course: Course) -> str:
    """Whether it rose before: the rate, and not a single operation."""
    late, best = course.badness[-1], min(course.badness)
    gain = course.badness[0] - best
    return ", after it had risen again" if len(course.at) > 3 and late - best > LOST * gain else ""


def _end(log: Log) -> float:
    last = [c.at[-1] for c in log.courses.values() if c.at]
    return max([*last, *([] if log.end is None else [log.end])], default=0.0)


def _ends_early(log: Log, course: Course) -> bool:
    """Whether a loss stops while the log goes on, and nothing says that the run is well."""
    if len(course.at) < FEWEST_BEFORE:
        return False
    last, gap = course.at[-1], GAP * max(b - a for a, b in pairwise(course.at))
    others = [c for c in log.courses.values() if c is not course and c.at]
    later = [c for c in others if c.at[-1] > last + gap or _goes_with(c, course)]
    if _end(log) - last <= gap and not later:
        return False
    losses = [c for c in later if not c.is_score]
    telling = losses or [c for c in later if len(set(c.values)) > 1]
    return not (telling and all(_is_well(c, last) for c in telling))


def _goes_with(other: Course, course: Course) -> bool:
    """Whether another curve was measured wherever this one was, nowhere else, and once more."""
    together = len(course.at)
    return other.at[:together] == course.at and len(other.at) > together


def _is_well(course: Course, since: float) -> bool:
    """Whether a curve goes on after a place about as well as it was there."""
    after = [b for x, b in zip(course.at, course.badness, strict=True) if x > since]
    before = [b for x, b in zip(course.at, course.badness, strict=True) if x <= since]
    if not before:
        return True
    best = min(before)
    if len(after) > FEWEST_BEFORE and len(set(after)) == 1 < len(set(before)):
        return False  # one answer for everything, as a model gives it that is no number any more
    return middle(after) - best <= max(LOST * (before[0] - best), BEYOND * course.spread)


@rule("fail", explains=EVERYTHING_ELSE, exact=True, lasting=True)
@of_logs
def collapsed(log: Log) -> Finding | None:
    """What: a good state was lost: more than half of what training had gained up to its best point
    is gone again, in training and not on validation data alone, for more than a moment.

    Why: an update threw the weights out of where they were and they did not come back: a rate too
    high for this point of training or raised in it, a batch with a huge gradient, a scheduler that
    starts anew, data that changed. The last checkpoint is not the best one. Levels are medians over
    neighbouring points, so that single ones count for nothing; a validation loss that creeps up
    while training goes on is overfitting; a rate that restarts may cost a part of the gain for a
    while. What came back is a note.

    Fix: take the checkpoint from before; clip the gradient, lower the rate or let it fall from
    there on, and look at the batches of the step where it fell.
    """
    found = _lost(log)
    advice = (
        "Take the checkpoint from before it; clip the gradient, lower the rate or decay it before "
        "that point, and look at the batches there."
    )
    if found is None:
        last = last_point_lost(log) if not log.growing else []
        if not last or _restarts(log, last[0].at[-1]):
            return None
        course = next((c for c in last if c.is_score), last[0])
        said = (
            f"the very last point is that of a lost state: the {course.said} was "
            f"{course.as_written(min(course.levels[:-1])):.4g} and ends at {course.values[-1]:.4g}"
        )
        return log.say("fail", said, advice, 0.8, course.at[-1])
    course = found.course
    was = course.as_written(course.levels[found.best])
    fell = f"the {course.said} had come to {was:.4g} by {log.where(course.at[found.best])}"
    place = log.where(found.place)
    if not found.to_end and found.end_share < NEAR:
        said = f"{fell} and was lost at {place}; after {found.points} points it came back"
        return log.say("note", said, "Clip the gradient, or lower the rate.", 0.7, found.place)
    ends = course.as_written(course.levels[-1])
    back = "fell back" if course.is_score else "jumped back up"
    said = f"{fell}, {back} at {place} and ends at {ends:.4g}{_rate_said(log, found.place)}"
    return log.say("fail", said, advice, 0.9, found.place)


def _lost(log: Log) -> Loss | None:
    """The lost state that counts: of training, or of a validation that fell with nobody to say
    that training went on.
    """
    lost = {name: lost_state(course) for name, course in log.courses.items()}
    found = {
        name: loss
        for name, loss in lost.items()
        if loss and sustained(loss) and not _within_restarts(log, loss)
    }
    if any(_holds(score, found) for score in log.get("train_score", "val_score")):
        found = {name: loss for name, loss in found.items() if name.endswith("score")}
    trained = [found[name] for name in ("train_score", "train_loss") if name in found]
    if trained:
        score = found.get("val_score")
        return score if score and score.to_end else trained[0]
    known = log.get("train_loss", "train_score")
    for name in ("val_score", "val_loss"):
        loss = found.get(name)
        if loss and loss.abrupt and (name == "val_score" or not known):
            return loss
    return None


def _holds(score: Course, found: dict[str, Loss]) -> bool:
    """Whether a score gained and kept what it gained, whatever a loss says."""
    best = score.levels.index(min(score.levels))
    gained = score.badness[0] - score.levels[best]
    kept = share_lost(score, best, score.levels[-1]) < NEAR
    return score.name not in found and kept and gained > BEYOND * score.noise


def _within_restarts(log: Log, loss: Loss) -> bool:
    """Whether the state was lost to a restart of the rate, and not all of it."""
    return loss.share < 1 and _restarts(log, loss.place)


def _restarts(log: Log, place: float) -> bool:
    """Whether the rate had just come back to what it was before, up to this place."""
    if log.rates is None:
        return False
    points = list(zip(log.rates.at, log.rates.values, strict=True))
    before = [rate for x, rate in points if x <= place]
    if len(before) < 3:
        return False
    rises = [i for i, (a, b) in enumerate(pairwise(before), 1) if b > a]
    if not rises:
        return False
    first = min(rises[-1], len(before) - 1)
    earlier = before[:first]
    return bool(earlier) and max(before) <= AS_BEFORE * max(earlier) and min(earlier) < max(earlier)


def _rate_said(log: Log, place: float) -> str:
    """That the rate was raised there, where it was."""
    if log.rates is None:
        return ""
    for (x, a), (y, b) in pairwise(zip(log.rates.at, log.rates.values, strict=True)):
        if b > RISEN * a > 0 and x - 1e-9 <= place and y >= place - 2 * (y - x):
            return f"; the rate had been raised from {a:.3g} to {b:.3g} in {log.where(y)}"
    return ""


def diverged(log: Log) -> Finding | None:
    """Whether a loss ended far above where it began, or is not finite."""
    advice = "Lower the learning rate, warm up, or clip the gradient."
    losses = log.get("train_loss", "val_loss")
    if any(c.lost_at is not None for c in losses):
        return log.say("fail", "the loss became infinite", advice, 1.0)
    for course in losses[:1]:
        first, n = course.values[0], len(course.values)
        if n < 2:
            continue
        last = min(course.values[-min(n - 1, 2) :])
        rose = last - first > max(abs(first) * (RISEN - 1), 1e-12)
        gained = first - min(course.levels)
        if rose and (course.of_training or gained < NEAR * (last - first)):
            said = f"the {course.said} rose from {first:.3g} to {course.values[-1]:.3g}"
            return log.say("fail", said, advice, 1.0, course.at[-1])
    return None
