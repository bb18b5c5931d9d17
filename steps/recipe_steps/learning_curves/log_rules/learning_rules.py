"""Logs of runs that never got anywhere."""

import math

from recipe.plugin import Finding, rule
from recipe_steps.learning_curves.log_rules.courses import Course, Log, middle, of_logs

FEWEST = 6
"""Points below which a run may be about to begin."""
LITTLE = 0.03
"""Of the way from the first to a perfect score, or from the first loss to zero."""
SURE = 4.0
"""Standard errors by which later points have to differ from the first ones."""
TRIVIAL = 0.8
"""A model that gives all classes the same probability is right in exp(-loss) of the cases: as often
as its loss says. One that has learnt something is right more often than that."""
LOW, MOST_CLASSES = 0.12, 6
"""Scores of no knowledge: below 0.12 (eight classes and more, or next to none of the variance), and
one in two to six."""
SAME = 1e-4
"""Of its size: a measure that varies by less is of weights that do not move."""
RESUMED = 3.0
"""Times the distance between points at which a log begins that is no beginning."""
BEGINNING = 3
LEARNT_BY_HEART = 1 / 3
"""Of the way to a perfect training score."""


@rule(
    "fail",
    explains=["underfitting", "needs-lr-decay", "still-improving", "overfitting",
              "longer-than-needed", "metric-disagrees-with-loss", "unstable-training",
              "too-few-updates"],
)  # fmt: skip
@of_logs
def never_learned(log: Log) -> Finding | None:
    """What: a run never got anywhere: no curve made more than three hundredths of the way from
    where it began to a perfect score or a loss of zero, beyond the scatter of its points; or
    training did, and the validation score stays what no knowledge scores.

    Why: nothing is trained (a rate of next to zero, parameters that no optimizer has, a graph that
    is cut), or nothing can be learnt (labels that belong to other inputs, dead units, inputs that
    never reach the model). It is certain where the score equals exp(-loss), so that all classes get
    the same probability, where it is one in as many as there are classes or next to zero, and where
    a measure is the same to the last digits, so that no weight moves. A training loss that is
    merely flat from the first point on is a warning, a validation loss alone a note: some models
    have arrived when they are measured for the first time. A log that begins late is of a training
    that was resumed: of that nothing is said.

    Fix: see whether a handful of items can be learnt by heart (`recipe check`); look at the rate,
    at which parameters the optimizer has, and at whether inputs and labels are paired.
    """
    if _resumed(log):
        return None
    known = [c for c in log.courses.values() if len(c.values) >= FEWEST]
    moved = [c for c in known if _improved(c) or _changed(c)]
    val = log.courses.get("val_score")
    by_heart = (
        bool(moved) and val in known and not any(_improved(c) for c in known if not c.of_training)
    )
    if not known or (moved and not (by_heart and val is not None and _by_heart(log, val))):
        return None
    course = val if by_heart and val else min(known, key=lambda c: (not c.is_score, c.of_training))
    said = f"the {course.said} never got anywhere: over {len(course.values)} points it "
    sure, severity = 0.9, "fail"
    if _same(course):
        said += f"is {course.values[-1]:.4g} in every one"
    else:
        said += f"stays at {middle(course.values):.3g}"
        if course.is_score and _knows_nothing(log, course):
            said += ", which is what no knowledge scores"
        else:
            sure, severity = 0.6, "warn" if any(c.of_training for c in known) else "note"
    if by_heart:
        said += ", although training gets better"
    advice = (
        "See whether a few items can be learnt by heart; check the rate, that the optimizer has "
        "the parameters, and that inputs and labels belong together."
    )
    return log.say(severity, said, advice, sure, course.at[0])


def _resumed(log: Log) -> bool:
    """Whether the first point is a later one of a training."""
    for course in log.courses.values():
        if len(course.at) < FEWEST:
            continue
        usual = (course.at[-1] - course.at[0]) / (len(course.at) - 1)
        if log.unit and usual > 0 and course.at[0] > RESUMED * usual:
            return True
    return False


def _improved(course: Course) -> bool:
    """Whether a curve made more than a little of its way, or is better by more than its scatter."""
    first, later, room = _way(course)
    begun = max(first, course.badness[0])
    best = min(course.levels) + 2 * course.spread
    return begun - min(later, best) >= LITTLE * room or _beyond(course, first - later, room)


def _changed(course: Course) -> bool:
    """Whether it got worse beyond its scatter."""
    first, later, room = _way(course)
    return _beyond(course, later - first, room)


def _beyond(course: Course, change: float, room: float) -> bool:
    error = course.spread * math.sqrt(math.pi / 2 * (1 / BEGINNING + 2 / len(course.values)))
    return change > max(SURE * error, LITTLE / 3 * room)


def _way(course: Course) -> tuple[float, float, float]:
    """Levels of the beginning and of the later half, and how far it is to perfect."""
    first = middle(course.badness[:BEGINNING])
    later = middle(course.badness[len(course.badness) // 2 :])
    begun = max(first, course.badness[0])
    room = 1 - course.as_written(begun) if course.is_score else max(abs(begun), abs(later))
    if course.is_score and (not 0 <= max(course.values) <= 1 or room <= 0):
        room = max(map(abs, course.values))  # of which nobody knows what is perfect
    return first, later, room


def _by_heart(log: Log, val: Course) -> bool:
    """Whether training got far, while validation stays where no knowledge is."""
    trained = log.courses.get("train_score")
    first = trained.values[0] if trained else 1.0
    far = trained is None or max(trained.values) - first >= LEARNT_BY_HEART * (1 - first)
    return far and _knows_nothing(log, val)


def _same(course: Course) -> bool:
    size = max(map(abs, course.values))
    return max(course.values) - min(course.values) <= SAME * size


def _knows_nothing(log: Log, score: Course) -> bool:
    """Whether a score is that of equal probabilities for all classes, or of next to nothing."""
    level, error = middle(score.values), score.spread / math.sqrt(len(score.values))
    if not -1 <= level <= 1:
        return False
    if level <= LOW:
        return True
    loss = log.courses.get(score.name.replace("score", "loss"))
    if loss and loss.values and min(loss.levels) > 0:
        right = math.exp(-min(loss.levels))
        return TRIVIAL <= right / level <= 1 / TRIVIAL
    chances = (1 / classes for classes in range(2, MOST_CLASSES + 1))
    return any(abs(level - chance) <= max(SURE * error, LITTLE * chance) for chance in chances)
