"""The curves of a log as its rules read them: finite points, their places, their scatter."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, wraps
from statistics import median

from recipe.plugin import Evidence, Finding, finding
from recipe_steps.learning_curves.shapes import scatter, smooth

CURVES = ("train_loss", "val_loss", "train_score", "val_score")
SAID = {"train_loss": "training loss", "val_loss": "validation loss",
        "train_score": "training score", "val_score": "validation score"}  # fmt: skip
POINTS_PER_LEVEL = 20
"""A level is the median of as many points as a twentieth of the curve has, and of three at least:
it follows a change within a tenth of the run, and a single spike leaves no trace."""
MOST_POINTS = 600
OFF_LEVEL = {1: 2.8, 2: 2.0}
"""Standard deviation of points of pure noise, in their median distance from a running median of 3
and of 5 points; 1.6 for longer ones. Found by drawing 300 normal curves of 20 to 400 points."""

Test = Callable[["Log"], Finding | None]
Judge = Callable[[Evidence], Finding | None]


@dataclass(frozen=True)
class Course:
    """One curve, where it has values."""

    name: str
    values: tuple[float, ...]
    at: tuple[float, ...]
    lost_at: float | None = None
    """The place from which on no value is finite, though it was written."""

    @property
    def is_score(self) -> bool:
        """Whether more is better."""
        return self.name.endswith("score")

    @property
    def of_training(self) -> bool:
        """Whether it is measured on training data."""
        return self.name.startswith("train")

    @property
    def said(self) -> str:
        """As a sentence names it."""
        return SAID.get(self.name, self.name)

    @cached_property
    def badness(self) -> list[float]:
        """Less is better: losses, and scores with their sign turned."""
        return [-v for v in self.values] if self.is_score else list(self.values)

    @cached_property
    def width(self) -> int:
        """Points of a level."""
        return max(3, len(self.values) // POINTS_PER_LEVEL)

    @cached_property
    def levels(self) -> list[float]:
        """Badness without single spikes; the ends are those of the points, as medians over fewer of
        them.
        """
        return smooth(self.badness, self.width // 2)

    @cached_property
    def spread(self) -> float:
        """Standard deviation of single points around their course."""
        return scatter(self.values)

    @cached_property
    def noise(self) -> float:
        """The same, from how far points lie from their level: neither a bend between few points nor
        a jump counts for it.
        """
        off = [abs(a - b) for a, b in zip(self.badness, self.levels, strict=True)]
        return OFF_LEVEL.get(self.width // 2, 1.6) * median(off) if off else 0.0

    @cached_property
    def late_spread(self) -> float:
        """The same over the later half, where a loss is small and its scatter is too."""
        return scatter(self.values[len(self.values) // 2 :])

    def level_at(self, place: float) -> float | None:
        """The level at the last point up to this place."""
        before = [i for i, x in enumerate(self.at) if x <= place]
        return self.levels[before[-1]] if before else None

    def as_written(self, badness: float) -> float:
        """A level as the value that it is."""
        return -badness if self.is_score else badness

    def until(self, place: float) -> "Course":
        """The part up to a place."""
        kept = [i for i, x in enumerate(self.at) if x <= place]
        return replace(self, values=tuple(self.values[i] for i in kept),
                       at=tuple(self.at[i] for i in kept), lost_at=None)  # fmt: skip


@dataclass(frozen=True)
class Log:
    """All that is known of a run that others logged."""

    label: str
    courses: Mapping[str, Course]
    rates: Course | None
    unit: str
    end: float | None
    growing: bool
    means: bool = True
    """Points are means of epochs or measured on a fixed set, not single minibatches."""
    kind: str = ""
    """Of training, where its losses do not mean what they mean elsewhere."""
    planned: float | None = None
    """Where training was to end."""

    @property
    def judged(self) -> "Log":
        """Without losses that fall and rise for other reasons than learning: those of two networks
        that play against each other, or of a policy whose data change with it.
        """
        kept = {n: c for n, c in self.courses.items() if c.values and (c.is_score or not self.kind)}
        return replace(self, courses=kept)

    def get(self, *names: str) -> list[Course]:
        """Those of these curves that are there."""
        return [self.courses[name] for name in names if name in self.courses]

    def where(self, place: float) -> str:
        """A place in words."""
        if self.unit == "epoch":
            return f"epoch {place:g}"
        return f"{self.unit or 'point'} {place:,.10g}"

    def say(
        self, severity: str, said: str, advice: str, sure: float, place: float | None = None
    ) -> Finding:
        """A finding about this log; `said` follows its label."""
        found = finding(severity, f"{self.label} {said}.", advice, sure)  # type: ignore[arg-type]
        return replace(found, place=place)


def log_of(evidence: Evidence) -> Log:
    """The log that the evidence is of."""
    found = {name: course for name in (*CURVES, "lr") if (course := _course(evidence, name))}
    if any(evidence.curve(f"best_{name}_at") for name in found):
        placed = found
    else:
        longest = max((c.at[-1] for c in found.values() if c.at), default=0.0)
        placed = {name: _stretched(course, longest) for name, course in found.items()}
    rates = placed.pop("lr", None)
    return Log(
        evidence.text("best_label") or "Here", placed, rates, evidence.text("log_unit") or "",
        evidence.number("log_end"), evidence.flag("log_growing"), evidence.flag("log_means"),
        evidence.text("log_kind") or "", evidence.number("log_planned"),
    )  # fmt: skip


def _course(evidence: Evidence, name: str) -> Course | None:
    curve = evidence.curve(f"best_{name}")
    if not curve:
        return None
    places = [x for x in evidence.curve(f"best_{name}_at") if x is not None]
    if len(places) != len(curve):
        places = [float(k) for k in range(1, len(curve) + 1)]
    known = [(v, x) for v, x in zip(curve, places, strict=True) if v is not None]
    tail = next((k for k, v in enumerate(reversed(curve)) if v is not None), len(curve))
    lost = places[len(curve) - tail] if tail else None
    thinned = _thinned(known)
    return Course(name, tuple(v for v, _ in thinned), tuple(x for _, x in thinned), lost)


def _thinned(points: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """Medians of neighbours, where there are so many that a level is one of dozens anyway."""
    width = -(-len(points) // MOST_POINTS)
    if width < 2:
        return points
    blocks = (points[i : i + width] for i in range(0, len(points), width))
    return [(median([v for v, _ in block]), block[-1][1]) for block in blocks]


def _stretched(course: Course, longest: float) -> Course:
    """A curve of fewer points over the whole run: it was measured less often."""
    if course.lost_at is not None or not course.at or course.at[-1] == longest:
        return course
    by = longest / course.at[-1]
    return replace(course, at=tuple(x * by for x in course.at))


def for_logs(test: Test) -> Callable[[Judge], Judge]:
    """Let a rule of runs judge logs by a test of their own."""

    def around(judge: Judge) -> Judge:
        @wraps(judge)
        def either(evidence: Evidence) -> Finding | None:
            return test(log_of(evidence).judged) if evidence.flag("log") else judge(evidence)

        return either

    return around


def note_of_logs(
    judge: Callable[[Evidence], Finding | None],
) -> Callable[[Evidence], Finding | None]:
    """Let a rule of runs say no more than a note of a log, where nothing proves what a shape
    suggests.
    """

    @wraps(judge)
    def either(evidence: Evidence) -> Finding | None:
        found = None if evidence.text("log_kind") else judge(evidence)
        return replace(found, severity="note") if found and evidence.flag("log") else found

    return either


def of_logs(test: Test, *, any_kind: bool = False) -> Callable[[Evidence], Finding | None]:
    """A rule that judges logs alone; of `any_kind` where a loss need not mean anything."""

    @wraps(test)
    def judge(evidence: Evidence) -> Finding | None:
        if not evidence.flag("log"):
            return None
        log = log_of(evidence)
        return test(log if any_kind else log.judged)

    return judge


def middle(values: Sequence[float]) -> float:
    """The median; zero of nothing."""
    return median(values) if values else 0.0
