"""States that a run had and lost: how far it fell back, where, and whether it came back."""

import math
from dataclasses import dataclass

from recipe_steps.learning_curves.log_rules.courses import Course, Log
from recipe_steps.learning_curves.shapes import isotonic

ENOUGH = 4
"""Points below which nothing can have been good and then lost for more than one of them."""
LOST = 0.5
"""Share of what had been gained. More than half of it is lost by no healthy run: what single points
scatter by is asked for apart, and a restart of the rate costs less and wins it back."""
LOST_OF_ALL, LOST_OF_SCORE = 0.05, 0.15
"""The loss is of the size of the loss itself, and not of the last per cent that was gained in a
fine-tuning; a score that is lost is one that anybody would see."""
BEYOND = 6.0
"""Scatters of single points: the least of n points of pure noise lies about 2.5 below their middle
at n = 100, the level of its first ones 2 above, so what noise alone `gains` and loses is less."""
NEAR = 0.2
"""Of the gain: what lies closer to the best state has come back."""
SUSTAINED = 0.1
"""Share of a run, three points at least, for which a state was lost that later came back."""
ABRUPT = 0.6
"""Share of the loss that came within three points: a state is thrown away, while overfitting
creeps."""
EARLY = 3
"""Points at the beginning."""
GOOD, TRAINED = 0.2, 0.5
"""A score that is none of a model that was never trained, and the share of it that is gained."""


@dataclass(frozen=True)
class Loss:
    """A state that a curve lost."""

    course: Course
    best: int
    """Index of the best level before."""
    fell: int
    """Index of the first point at which it was lost."""
    last: int
    """Index of the last one."""
    share: float
    """Of the gain that was lost."""
    end_share: float
    """Of the gain that is lost where the log ends."""

    @property
    def points(self) -> int:
        """For which it was lost."""
        return self.last - self.fell + 1

    @property
    def to_end(self) -> bool:
        """Whether it stayed so."""
        return self.last == len(self.course.values) - 1

    @property
    def abrupt(self) -> bool:
        """Whether most of it was lost within three points."""
        points, levels = self.course.badness, self.course.levels
        lost = max(levels[self.fell : self.last + 1]) - levels[self.best]
        before = min(points[max(self.best, self.fell - 2) : self.fell + 1])
        return max(points[self.fell : self.fell + 2]) - before >= ABRUPT * lost

    @property
    def place(self) -> float:
        """Where it fell."""
        return self.course.at[self.fell]


def share_lost(course: Course, best: int, level: float) -> float:
    """How much of what had been gained is lost at a level. All of it, where a loss has doubled and
    is back where it was after a tenth of the run: before that, it may have been that of an
    untrained model, and huge. Zero where too little was lost to speak of.
    """
    levels = course.levels
    least = levels[best]
    lost = level - least
    start = _begun(course, best)
    size = LOST_OF_SCORE if course.is_score else LOST_OF_ALL
    if lost < size * max(abs(least), abs(level)) or start <= least:
        return 0.0
    share = lost / (start - least)
    settled = levels[min(max(1, len(levels) // 10), best)]
    doubled = not course.is_score and least > 0 and level > 2 * least
    return max(share, 1.0) if doubled and level >= settled > least else share


def lost_state(course: Course) -> Loss | None:
    """The longest stretch for which a good state was lost, the one at the end before others."""
    n = len(course.values)
    if n < ENOUGH:
        return None
    levels = course.levels
    best, shares, bests, noise = 0, [], [], -1.0
    for i, level in enumerate(levels):
        if level < levels[best]:
            best, noise = i, -1.0
        share = share_lost(course, best, level)
        if share >= LOST:
            noise = _noise(course, best) if noise < 0 else noise  # once for each best level
            share = share if _exceeds(course, best, level, noise) else 0.0
        shares.append(share)
        bests.append(best)
    stretches = _stretches([share >= LOST for share in shares])
    if not stretches:
        return None
    first, last = max(stretches, key=lambda s: (s[1] == n - 1, s[1] - s[0]))
    found = Loss(course, bests[first], first, last, max(shares[first : last + 1]), shares[-1])
    if found.to_end and share_lost(course, found.best, course.badness[-1]) < LOST:
        return None  # the last point alone says that it came back
    return found


def _begun(course: Course, best: int) -> float:
    """Where the run began: the worst of the first points, since some logs begin before the first
    step and others after the first epoch. A score that was good from the first point on is of a
    model that was trained before: half of it counts as gained.
    """
    start = max([course.badness[0], *course.levels[: min(EARLY, best)]])
    least = course.levels[best]
    good = course.is_score and -1 <= least <= -GOOD
    return max(start, TRAINED * least) if good else start


def _clear(course: Course, best: int, level: float) -> bool:
    """Whether both what was gained and what was lost exceed the scatter of points, and how far the
    curve wandered up again before.
    """
    return _exceeds(course, best, level, _noise(course, best))


def _noise(course: Course, best: int) -> float:
    uncertain = 1 + BEYOND / len(course.values)  # a scatter that few points tell of
    return BEYOND * uncertain * max(course.noise, _wandering(course.levels[: best + 1]))


def _exceeds(course: Course, best: int, level: float, noise: float) -> bool:
    gained = _begun(course, best) - course.levels[best]
    return gained > noise and level - course.levels[best] > noise


def _wandering(levels: list[float]) -> float:
    """How far a curve strayed from the closest one that only gets better: neighbours that err
    together are no scatter, and no loss of anything.
    """
    fit = isotonic(levels[::-1])[::-1]
    return math.dist(levels, fit) / math.sqrt(len(levels))  # squares of large values overflow


def _stretches(flags: list[bool]) -> list[tuple[int, int]]:
    """First and last index of each run of true ones."""
    found: list[tuple[int, int]] = []
    for i, flag in enumerate(flags):
        if flag and found and found[-1][1] == i - 1:
            found[-1] = (found[-1][0], i)
        elif flag:
            found.append((i, i))
    return found


def last_point_lost(log: Log) -> list[Course]:
    """Curves whose very last point is that of a lost state, where more than one says so and one of
    them is of training, if that was logged: two measures of one model do not fall by chance.
    """
    lost = []
    for course in log.courses.values():
        if len(course.values) < ENOUGH:
            continue
        before = course.levels[:-1]
        best, last = before.index(min(before)), course.badness[-1]
        if _clear(course, best, last) and share_lost(course, best, last) >= LOST:
            lost.append(course)
    ends = {course.at[-1] for course in lost}
    trained = any(course.of_training for course in log.courses.values())
    telling = any(course.of_training if trained else course.is_score for course in lost)
    return lost if len(lost) > 1 and len(ends) == 1 and telling else []


def sustained(loss: Loss) -> bool:
    """Whether it was lost for long enough to be no accident of a few points."""
    if loss.to_end:
        return loss.points > 1
    return loss.points >= max(3, SUSTAINED * len(loss.course.values))
