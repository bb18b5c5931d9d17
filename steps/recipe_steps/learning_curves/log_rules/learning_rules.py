"""Logs of runs that never got anywhere."""

import math

from recipe.plugin import Finding, rule
from recipe_steps.learning_curves.log_rules.courses import Course, Log, middle, of_logs

FEWEST = 6
"""Points below which a run may be about to begin."""
LITTLE, SOME = 0.03, 0.15
"""Of the way from the first to a perfect score, or from the first loss to zero; and what is more
than scatter may hide."""
SURE = 4.0
"""Standard errors by which later points have to differ from the first ones."""
TRIVIAL = 0.87
"""A model that gives all classes the same probability is right in exp(-loss) of the cases: as often
as its loss says, but for the luck of some hundred items. One that has learnt something is
right more often than that."""
LOW, MOST_CLASSES = 0.12, 6
"""Scores of no knowledge: below 0.12 (eight classes and more, or next to none of the variance), and
one in two to six."""
HALF, NOTHING, CREEPING, NOT_MUCH = 0.5, 0.01, 0.1, 0.1
SAME = 1e-4
"""Of its size: a measure that varies by less is of weights that do not move."""
RESUMED = 3.0
"""Times the distance between points at which a log begins that is no beginning."""
BEGINNING = 3
ARRIVED = 0.6
"""A score above it is of a model that knows something, or of classes of which one is most items."""
FEWEST_STILL = 4
"""Points of curves that are the same to the last digits."""
SO_FAR, POINTS_SO_FAR, STEPS_SO_FAR = 1 / 3, 10, 2000
"""While training goes on, a run that has not begun to learn may still do so: it is told behind this
part of what is planned, else behind so many epochs or steps."""


@rule(
    "fail",
    explains=["underfitting", "needs-lr-decay", "still-improving", "overfitting",
              "longer-than-needed", "metric-disagrees-with-loss", "unstable-training",
              "too-few-updates"],
    lasting=True,
)  # fmt: skip
@of_logs
def never_learned(log: Log) -> Finding | None:
    """What: a run never got anywhere: no curve made more than three hundredths of the way from
    where it began to a perfect score or a loss of zero, beyond the scatter of its points; or
    training did, and the validation score stays what guessing scores.

    Why: nothing is trained (a rate of next to zero, parameters that no optimizer has, a graph that
    is cut), or nothing can be learnt (labels that belong to other inputs, dead units, inputs that
    never reach the model). It is certain where the score equals exp(-loss), so that all classes get
    the same probability, where it is one in as many as there are classes or next to zero, and where
    a measure is the same to the last digits, so that no weight moves. A training loss that is
    merely flat from the first point on is a warning, a validation loss alone a note: some models
    have arrived when they are measured for the first time. A log that begins late is of a training
    that was resumed: of that nothing is said.

    Fix: see whether a handful of items can be memorized (`recipe check`); look at the rate,
    at which parameters the optimizer has, and at whether inputs and labels are paired.
    """
    if _resumed(log) or (log.growing and _may_begin(log)):
        return None
    known = [c for c in log.courses.values() if len(c.values) >= FEWEST]
    still = [c for c in log.courses.values() if len(c.values) >= FEWEST_STILL]
    if any(not c.is_score for c in still) and all(map(_same, still)):
        return _told(log, still, "fail", 0.9)
    score = next((c for c in log.get("val_score", "train_score") if c in known), None)
    if score and _knows_nothing(log, score) and not _improved(score) and _arrived(log, score):
        return _told(log, known, "warn" if _creeps(score) else "fail", 0.9)
    if not known or max(map(_moved, known)) > SOME:
        return None
    if any(_improved(c) or _changed(c) for c in known):  # which may be all there is to learn
        small = max(map(_moved, known)) < NOT_MUCH and all(map(_flat, known))
        return _told(log, known, "note", 0.5) if small else None
    means = any(c.of_training for c in known) and log.means and log.unit != "step"
    return _told(log, known, "warn" if means else "note", 0.6)


def _told(log: Log, known: list[Course], severity: str, sure: float) -> Finding:
    course = min(known, key=lambda c: (not c.is_score, c.of_training))
    never = "has not got anywhere so far" if log.growing else "never got anywhere"
    said = f"the {course.said} {never}: over {len(course.values)} points it "
    if _same(course):
        said += f"is {course.values[-1]:.4g} in every one"
    else:
        said += f"stays at {middle(course.values):.3g}"
    if course.is_score and _knows_nothing(log, course):
        said += ", which is what guessing scores"
    if any(map(_improved, log.get("train_loss", "train_score"))):
        said += ", although training gets better"
    advice = (
        "See whether a few items can be memorized; check the rate, that the optimizer has "
        "the parameters, and that inputs and labels belong together."
    )
    return log.say(severity, said, advice, sure, course.at[0])


def _may_begin(log: Log) -> bool:
    """Whether it is too early to say that a training which goes on learns nothing."""
    end = max((c.at[-1] for c in log.courses.values() if c.at), default=0.0)
    points = max((len(c.values) for c in log.courses.values()), default=0)
    if log.planned:
        return end < SO_FAR * log.planned or points < FEWEST
    return points < POINTS_SO_FAR or (log.unit == "step" and end < STEPS_SO_FAR)


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
    """Whether a curve made a part of its way, beyond its scatter."""
    if len(course.values) <= BEGINNING:
        return False
    first, later, room = _way(course)
    if course.badness[0] - later > max(SURE * course.spread, LITTLE * room):
        return True
    best = first - min(course.levels[BEGINNING:]) - 2 * course.spread
    return max(best, first - later) >= LITTLE * room


def _creeps(score: Course) -> bool:
    """Whether it gets better all the same, by a part of the little that it is."""
    first, later, room = _way(score)
    return first - later > CREEPING * abs(first) and _beyond(score, first - later, LITTLE * room)


def _arrived(log: Log, score: Course) -> bool:
    """Whether the loss of the same data hardly moved either, or stopped half way at a score of
    nothing: a score may begin to move late, and one that is small all the time may be a good one.
    """
    loss = log.courses.get(score.name.replace("score", "loss"))
    if loss is None or len(loss.values) < FEWEST:
        return True
    first, _, room = _way(loss)
    fell = (max(first, loss.badness[0]) - min(loss.levels)) / room
    return fell <= SOME or (_flat(loss) and fell <= HALF and max(score.values) <= NOTHING)


def _flat(course: Course) -> bool:
    """Whether the later half stays where it is."""
    half = course.levels[len(course.levels) // 2 :]
    return half[0] - half[-1] <= max(LITTLE * max(map(abs, half)), SURE * course.late_spread)


def _moved(course: Course) -> float:
    """How far a curve went, as a share of its way."""
    first, later, room = _way(course)
    return max(abs(first - later), course.badness[0] - later - SURE * course.spread) / room


def _changed(course: Course) -> bool:
    """Whether it moved beyond its scatter, however little."""
    first, later, room = _way(course)
    return _beyond(course, abs(later - first), room)


def _beyond(course: Course, change: float, room: float) -> bool:
    error = course.spread * math.sqrt(math.pi / 2 * (1 / BEGINNING + 2 / len(course.values)))
    return change > max(SURE * error, LITTLE / 3 * room)


def _way(course: Course) -> tuple[float, float, float]:
    """Levels of the beginning and of the later half, and how far it is to perfect."""
    first = middle(course.badness[:BEGINNING])
    later = middle(course.badness[len(course.badness) // 2 :])
    begun = max(first, course.badness[0])
    room = max(abs(begun), abs(later))
    if course.is_score and (max(course.values) > 1 or max(course.values) < -1):
        room = max(map(abs, course.values))  # of which nobody knows what is perfect
    elif course.is_score:
        room = 1 - max(0.0, course.as_written(begun))
    return first, later, room or 1.0


def _same(course: Course) -> bool:
    size = max(map(abs, course.values))
    return max(course.values) - min(course.values) <= SAME * size


def _knows_nothing(log: Log, score: Course) -> bool:
    """Whether a score is that of equal probabilities for all classes, or of next to nothing."""
    level, error = middle(score.values), score.spread / math.sqrt(len(score.values))
    level = max(level, score.values[0])
    if not -1 <= level <= ARRIVED:
        return False
    if level <= LOW:
        return True
    if _changed(score):
        return False
    loss = log.courses.get(score.name.replace("score", "loss"))
    if loss and loss.values and min(loss.levels) > 0:
        right = math.exp(-min(loss.levels))
        return TRIVIAL <= right / level <= 1 / TRIVIAL
    chances = (1 / classes for classes in range(2, MOST_CLASSES + 1))
    return any(abs(level - chance) <= max(SURE * error, LITTLE * chance) for chance in chances)
