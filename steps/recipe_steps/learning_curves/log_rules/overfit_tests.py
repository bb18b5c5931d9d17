"""Overfitting in a log: validation gets worse while training does not."""

from recipe.plugin import Finding, Severity
from recipe_steps.learning_curves.log_rules.courses import Course, Log
from recipe_steps.learning_curves.log_rules.lost import ABRUPT
from recipe_steps.learning_curves.rise_limits import CERTAIN, LOST, LOST_OF_LOSS, MUCH_LOST
from recipe_steps.learning_curves.shapes import ENOUGH, Rise, rise

ADVICE = "More weight decay, dropout, augmentation or data; or stop early."
HELD, HELD_OF_ALL = 0.1, 0.02
"""Of what a score had gained, and of the score: what nobody would change a training for."""
LATE_POINTS, FEW, CLEARLY = 5, 3, 0.1
"""Points at the end that tell; points of which two rises in a row are seen; a rise, of the lowest
value, that anybody would see."""
COMING_BACK = 2.0
"""Scatters of single points by which the end lies below the highest level after the lowest one: the
second descent of a curve that descends twice, or of one that groks."""


def overfitting(log: Log) -> Finding | None:
    """What validation lost again while training went on, by its loss or, without one, its score."""
    for course in log.get("val_loss", "val_score")[:1]:
        name = course.name
        if len(course.values) < ENOUGH:
            return _of_few(log, course)
        found = rise(course.badness)
        if found is None or not (found.height > CERTAIN * found.error or _all_lost(course, found)):
            continue
        share = found.share_of(_start(course) - found.least)
        size = LOST_OF_LOSS * abs(found.least)
        if share <= LOST or found.height <= size:
            continue
        trained = _training(log, name, course, found)
        if trained == "rises":
            return None
        said = _said(log, course, found, share)
        place = course.at[found.lowest]
        if trained == "unknown":
            # An abrupt rise is no overfitting, and a creeping one alone is no proof of it.
            return None if _jumps(course, found) else log.say("note", said, ADVICE, 0.5, place)
        return log.say(_severity(log, course, found, share), said, ADVICE, 0.8, place)
    return None


def _all_lost(course: Course, found: Rise) -> bool:
    """Whether each of the late points, however they scatter, has lost more than half of the gain:
    by chance five in a row lie on one side of their level once in thirty times.
    """
    late = course.badness[-max(LATE_POINTS, len(course.badness) // 4) :]
    gained = max(_start(course) - found.least, 0.0)
    return min(late) - found.least > max(MUCH_LOST * gained, LOST_OF_LOSS * abs(found.least))


def _of_few(log: Log, course: Course) -> Finding | None:
    """Of fewer points than a shape has: a note, where each after the lowest is worse than the one
    before it and training got better by more than half.
    """
    lowest = min(range(len(course.badness)), key=course.badness.__getitem__)
    after = course.badness[lowest:]
    trained = next((c for c in log.get("train_loss") if len(c.values) > FEW), None)
    if len(after) < FEW or sorted(after) != after or trained is None:
        return None
    least, rose = after[0], after[-1] - after[0]
    then, now = trained.level_at(course.at[lowest]), trained.levels[-1]
    if rose < CLEARLY * abs(least) or then is None or now > MUCH_LOST * then:
        return None
    said = (
        f"the {course.said} got worse in each of the {len(after) - 1} points after "
        f"{log.where(course.at[lowest])}, from {course.values[lowest]:.4g} to "
        f"{course.values[-1]:.4g}, while training got better"
    )
    return log.say("note", said, ADVICE, 0.5, course.at[lowest])


def _start(course: Course) -> float:
    return course.badness[0]


def _training(log: Log, name: str, course: Course, found: Rise) -> str:
    """What training did from the lowest point of validation to the end: falls, rises, unknown."""
    side = name.replace("val", "train")
    other = "train_score" if side == "train_loss" else "train_loss"
    for trained in log.get(side, other):
        if len(trained.values) < 3:
            continue
        then = trained.level_at(course.at[found.lowest])
        now = trained.levels[-1]
        first = trained.levels[0] if then is None else then
        noise = 2 * trained.late_spread / max(1, trained.width) ** 0.5
        if now - first > noise:
            return "rises"
        if now < first or trained.is_score:
            return "falls"
        # At its floor: less than a thousandth of what training gained is no rise.
        return "falls" if now - first <= 1e-3 * (trained.badness[0] - first) else "rises"
    return "unknown"


def _severity(log: Log, course: Course, found: Rise, share: float) -> Severity:
    """A note where it costs nothing that anybody would see, or is about to be won back."""
    after = course.levels[found.lowest :]
    if max(after) - after[-1] > max(COMING_BACK * course.late_spread, 0.2 * found.height):
        return "note"
    return "warn" if share >= MUCH_LOST or not _score_holds(log) else "note"


def _score_holds(log: Log) -> bool:
    """Whether the validation score lost next to nothing."""
    score = log.courses.get("val_score")
    if score is None or len(score.values) < ENOUGH:
        return False
    best, last, first = min(score.levels), score.levels[-1], score.badness[0]
    size = max(HELD * (first - best), HELD_OF_ALL * abs(best), CERTAIN / 2 * score.late_spread)
    return last - best <= size


def _jumps(course: Course, found: Rise) -> bool:
    steps = [b - a for a, b in zip(course.levels, course.levels[2:], strict=False)]
    return max(steps[max(0, found.lowest - 1) :], default=0.0) >= ABRUPT * found.height


def _said(log: Log, course: Course, found: Rise, share: float) -> str:
    where = log.where(course.at[found.lowest])
    if course.is_score:
        said = f"the validation score fell from {-found.least:.4g} to {-found.last:.4g}"
    else:
        part = f"{found.height / abs(found.least):.0%}" if found.least else f"{found.height:.3g}"
        said = f"validation loss rose by {part}"
    made = "rise" if course.is_score else "fall"
    return f"{said} after {where}, undoing {min(share, 1):.0%} of its {made}"
