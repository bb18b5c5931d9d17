"""The end of a log, its swings, and whether its score follows its loss."""

import math
from itertools import pairwise

from recipe.plugin import Finding
from recipe_steps.learning_curves.log_rules.courses import Course, Log, middle
from recipe_steps.learning_curves.shapes import ENOUGH, relative_fall, scatter

TAIL = 0.3
"""Share of a run that counts as its end."""
FALLING = 0.05
"""Of the loss, over the end."""
ERRORS = 3.0
"""Standard errors by which the end has to fall."""
ENDED, HIGH = 0.5, 0.99
"""Of its peak: a rate below half of it is on a schedule that ends, what improves then is its own
gain. One that has hardly begun to fall is on a schedule that somebody did not want to see the end
of."""
WHOLE_GAIN = 0.25
"""Share of all that was gained which came in the end: a straight line gains three tenths in its
last three tenths, an exponential approach a quarter when it is half its time constant long."""
SWING, RISES, SETTLED = 0.15, 0.25, 0.05
SPIKE = 8.0
"""Scatters by which a single point lies above both its neighbours."""
FEWEST_PAIRS = 8
AGAINST = 0.7
"""Rank correlation of loss and score from which they go the same way: by chance less than one
pair of unrelated curves of eight points in fifty has it."""


def still_improving(log: Log) -> Finding | None:
    """Both losses still fall at the end, beyond their scatter, under a rate that has not ended."""
    val, train = log.courses.get("val_loss"), log.courses.get("train_loss")
    stopped = log.planned is not None and (log.end or 0) < log.planned
    if val is None or len(val.values) < ENOUGH or (log.rates and _ended(log.rates)) or stopped:
        return None
    falls = [_fall(course) for course in (val, train) if course and len(course.values) >= ENOUGH]
    if None in falls or not falls:
        return None
    share = _share_of_gain(val)
    constant = log.rates is not None and min(log.rates.values[len(log.rates.values) // 2 :]) >= (
        HIGH * max(log.rates.values)
    )
    sure = constant and len(falls) > 1 and share >= WHOLE_GAIN
    said = f"validation loss still fell by {falls[0]:.0%} over the last {TAIL:.0%} of the log"
    if sure:
        said += f", {share:.0%} of all it gained, under a constant rate"
    advice = "Train longer." if sure else "Train longer, unless it was stopped on purpose."
    return log.say("warn" if sure else "note", said, advice, 0.7, val.at[-1])


def _ended(rates: Course) -> bool:
    return not rates.values or rates.values[-1] < ENDED * max(rates.values)


def _fall(course: Course) -> float | None:
    """The relative fall over the end; None where it is little or within the scatter."""
    tail = course.values[-max(ENOUGH, round(len(course.values) * TAIL)) :]
    fall = relative_fall(course.values, TAIL)
    level = abs(sum(tail) / len(tail))
    if fall is None or not level:
        return None
    error = scatter(tail) * math.sqrt(2 / (len(tail) // 3)) / level
    return fall if fall >= max(FALLING, ERRORS * error) else None


def _share_of_gain(course: Course) -> float:
    cut = len(course.values) - 1 - round(len(course.values) * TAIL)
    gained = max(course.levels[:3]) - course.levels[-1]
    return (course.levels[max(cut, 0)] - course.levels[-1]) / gained if gained > 0 else 0.0


def unstable(log: Log) -> Finding | None:
    """Swings of whole epochs late in training; single points that jump out are only counted."""
    course = log.courses.get("train_loss")
    if course is None or len(course.values) < ENOUGH:
        return None
    late = course.values[len(course.values) // 2 :]
    if len(late) >= ENOUGH and min(late) > 0 and _swings(log, course, late):
        size = middle([abs(math.log(b / a)) for a, b in pairwise(late)])
        said = f"the training loss swings by {size:.0%} from epoch to epoch"
        advice = "Lower or decay the rate, or take larger batches."
        return log.say("warn", said, advice, 0.7, course.at[len(course.values) // 2])
    spikes = _spikes(course)
    if not spikes:
        return None
    worst = max(spikes, key=lambda i: course.values[i])
    count = f"{len(spikes)} single points" if len(spikes) > 1 else "one single point"
    said = (
        f"{count} of the training loss jump{'s' if len(spikes) == 1 else ''} out and "
        f"come{'s' if len(spikes) == 1 else ''} back at once, up to {course.values[worst]:.3g} in "
        f"{log.where(course.at[worst])}"
    )
    return log.say("note", said, "Clip the gradient, if they become more.", 0.6, course.at[worst])


def _swings(log: Log, course: Course, late: tuple[float, ...]) -> bool:
    """Half of the changes are large, a quarter of them upwards. Means of epochs alone: what single
    minibatches scatter by says nothing of training.
    """
    if not log.means or log.unit == "step" or middle(late) < SETTLED * course.values[0]:
        return False
    if log.rates and any(b > a for a, b in pairwise(log.rates.values[-len(late) :])):
        return False  # a restart of the schedule
    changes = [math.log(b / a) for a, b in pairwise(late)]
    rises = sum(change > SWING for change in changes) / len(changes)
    return middle([abs(change) for change in changes]) >= SWING and rises >= RISES


def _spikes(course: Course) -> list[int]:
    """Points above both neighbours by far more than points scatter, which was never much."""
    values, limit = course.values, SPIKE * course.spread
    return [
        i for i in range(2, len(values) - 1)
        if values[i] - max(values[i - 1], values[i + 1]) > max(limit, 0.5 * abs(values[i - 1]))
    ]  # fmt: skip


def score_disagrees(log: Log) -> Finding | None:
    """Validation loss falls over the whole log, and the score with it in the same order."""
    loss, score = log.courses.get("val_loss"), log.courses.get("val_score")
    if loss is None or score is None or loss.at != score.at or len(loss.at) < FEWEST_PAIRS:
        return None
    third = len(loss.at) // 3
    fell = middle(loss.values[:third]) - middle(loss.values[-third:])
    lost = middle(score.values[:third]) - middle(score.values[-third:])
    steady = SPIKE * max(loss.spread, 0.0)
    if fell <= max(steady, 0.2 * abs(loss.values[0])):
        return None
    advice = "Check sign, inputs and threshold of the metric."
    ends = f"validation loss fell from {loss.values[0]:.3g} to {loss.values[-1]:.3g}"
    if max(score.values) == min(score.values) <= 0:
        said = f"{ends} and the score is {score.values[0]:.3g} in every point"
        return log.say("warn", said, advice, 0.8, score.at[-1])
    if lost <= max(SPIKE / 2 * score.spread, 0.1 * abs(score.values[0])):
        return None
    from scipy.stats import spearmanr

    if float(spearmanr(loss.values, score.values).statistic) < AGAINST:
        return None
    said = f"{ends} and the score from {score.values[0]:.3g} to {score.values[-1]:.3g}"
    return log.say("warn", said, advice, 0.8, score.at[-1])
