"""The lecture's trial of constant rates: about 100 iterations each, from the same weights."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from statistics import fmean, stdev

from recipe.plugin import (
    FORWARD,
    Allowance,
    Context,
    Experiment,
    ShortResult,
    ShortTraining,
    rounded,
    schedule_rates,
)
from recipe_steps.lr_range.curves import TAIL, diverges, final_loss, noise, vertex

ITERATIONS = 100
LEAST_ITERATIONS = 20
"""Where the budget does not pay for more; the end of them that is compared is then six."""
SWEEPS = 2
"""Fresh models that sweep; their curves are averaged."""
STEP = math.sqrt(10)
"""Ratio of neighbouring candidates."""
AROUND = (-1, 0, 1)
"""Candidates, in steps from the steepest point of the sweep."""
MOST_EXTENSIONS = 5
REFINEMENTS = 2
"""Rates between the best one and its neighbours that are tried too."""
NEARLY_THE_SAME = 1.25
"""Factor within which a rate was tried already."""
WARMUP_SHARE = 0.2
"""Of the iterations at a constant rate, when the experiment warms up too."""
COLD = 0.5
"""Of the peak of the planned rates: a first rate below it is that of a warm-up."""
WATCH_EVERY = 10
COMPARED = 0.3
"""Share of the last iterations by whose mean rates are compared. More than those that a fall is
told by: on 80 range tests of ten problems, replayed, 67 % of the rates found by the last 30 of 100
lay within 5 % of the best loss, 62 % of those found by the last 20."""


@dataclass
class TriedRate:
    """A constant rate and what about 100 iterations at it did."""

    lr: float
    final: float | None
    """Mean loss of the last iterations; None when it diverged."""
    noise: float
    update_ratio: float | None
    tail: tuple[float, ...]
    """The losses that rates are compared by, of the same batches for all."""

    @property
    def level(self) -> float:
        """The mean of these."""
        return fmean(self.tail)


@dataclass(frozen=True)
class Candidates:
    """What was tried, by rate."""

    start: float
    """Loss of the untrained model."""
    tried: list[TriedRate]
    exhausted: float | None
    """The rate that was still the best, and at an end, when extending ended."""
    iterations: int = ITERATIONS
    """Of each."""


def candidates(
    ctx: Context, centre: float, allowed: Allowance, most: int = ITERATIONS
) -> Candidates:
    """Try rates around the centre; one more beyond the best while that is at an end, then those
    between it and its neighbours where the losses put their minimum, as far as the budget pays for
    them.

    Args:
        ctx: of the step.
        centre: the rate in the middle.
        allowed: what may be spent.
        most: iterations at each rate.

    """
    rates = [rounded(centre * STEP**k) for k in AROUND]
    own = ctx.experiment.lr
    declared = [own] if own is not None and own not in rates else []
    length = allowed.iterations(
        "candidates", FORWARD + len(rates) + len(declared), least=LEAST_ITERATIONS, most=most
    )
    untrained = untrained_course(ctx, length)
    first = courses(ctx, [*rates, *declared], length)
    start = fmean(untrained.losses[-tail_of(length) :]) if untrained.losses else math.nan
    spread = stdev(untrained.losses) if len(untrained.losses) > 1 else 0.0

    def tried_at(lr: float, course: ShortResult) -> TriedRate:
        return tried_of(lr, course, start, spread, length)

    tried = [tried_at(lr, course) for lr, course in zip(rates, first, strict=False)]

    def extend(most: int, where: Callable[[list[TriedRate]], float | None]) -> bool:
        """Whether it ended since `most` were tried."""
        for _ in range(most):
            lr = where(sorted(tried, key=lambda one: one.lr))
            if lr is None or not allowed.pays(f"rate {len(tried) + 1}", length):
                return False
            (course,) = courses(ctx, [lr], length)
            tried.append(tried_at(lr, course))
        return True

    all_tried = extend(MOST_EXTENSIONS, _beyond)
    at_end = all_tried and _beyond(sorted(tried, key=lambda one: one.lr)) is not None
    exhausted = _best(tried).lr if at_end else None
    if any(one.final is not None and one.final < start for one in tried):
        extend(REFINEMENTS, _between)
    if declared and declared[0] not in [one.lr for one in tried]:
        tried.append(tried_at(declared[0], first[-1]))
    return Candidates(start, sorted(tried, key=lambda one: one.lr), exhausted, length)


def tail_of(iterations: int) -> int:
    """How many of them the final loss is the mean of."""
    return max(1, round(iterations * TAIL))


def _beyond(tried: list[TriedRate]) -> float | None:
    """The next rate past the best one when that is at an end; of rates in their order."""
    best = _best(tried)
    if best is tried[-1]:
        return rounded(best.lr * STEP)
    return rounded(best.lr / STEP) if best is tried[0] else None


def _between(tried: list[TriedRate]) -> float | None:
    """Where the best rate and its neighbours put the minimum; halfway to a larger neighbour that
    diverged. None where that was tried, or where the best has no neighbour.
    """
    place = tried.index(_best(tried))
    if place in (0, len(tried) - 1):
        return None
    below, best, above = tried[place - 1 : place + 2]
    if above.final is None:
        lowest: float | None = math.sqrt(best.lr * above.lr)
    elif below.final is None or best.final is None:
        lowest = None
    else:
        lowest = vertex([below.lr, best.lr, above.lr], [below.level, best.level, above.level])
    known = [one.lr for one in (below, best, above)]
    if lowest is None or min(max(lowest / lr, lr / lowest) for lr in known) < NEARLY_THE_SAME:
        return None
    return rounded(lowest)


def best_of(tried: Sequence[TriedRate]) -> TriedRate | None:
    """The one with the lowest losses; None where all diverged."""
    known = [one for one in tried if one.final is not None]
    return min(known, key=lambda one: one.level, default=None)


def _best(tried: Sequence[TriedRate]) -> TriedRate:
    """The same, or the smallest rate where all diverged."""
    return best_of(tried) or min(tried, key=lambda one: one.lr)


def untrained_course(ctx: Context, iterations: int = ITERATIONS) -> ShortResult:
    """What a candidate ends with when nothing is learnt, on the same weights and batches. So a fall
    is due to the rate, not to another model or easier batches.
    """
    short = ShortTraining(
        replace(ctx.experiment, lr=1.0), ctx.seed_for("candidate"), [0.0] * iterations
    )
    what = f"{iterations} iterations without learning"
    (course,) = ctx.run_short([short], ends(ctx.experiment), lambda n: tell(ctx, SWEEPS + n, what))
    return course


def courses(
    ctx: Context, rates: Sequence[float], iterations: int = ITERATIONS
) -> list[ShortResult]:
    """What constant rates do; all share initial weights and batches."""
    shorts = [
        ShortTraining(
            replace(ctx.experiment, lr=lr),
            ctx.seed_for("candidate"),
            ramp(ctx.experiment, lr, iterations),
            WATCH_EVERY,
        )
        for lr in rates
    ]
    what = f"{iterations} iterations at {', '.join(f'{lr:g}' for lr in rates)}"
    return ctx.run_short(shorts, ends(ctx.experiment), lambda n: tell(ctx, SWEEPS + 1 + n, what))


def ramp(
    experiment: Experiment, lr: float, iterations: int, warm: int | None = None
) -> list[float]:
    """One rate for so many iterations, behind a warm-up of `warm` of them; as many as are usual
    here where the experiment warms up, unless they are given.
    """
    if warm is None:
        warm = round(min(iterations, ITERATIONS) * WARMUP_SHARE) if warms_up(experiment) else 0
    return [lr * min(1.0, (i + 1) / (warm + 1)) for i in range(iterations)]


def constant(ctx: Context, experiment: Experiment, lr: float, iterations: int) -> ShortResult:
    """A changed experiment at one rate, on the weights and batches of all rates."""
    short = ShortTraining(
        replace(experiment, lr=lr), ctx.seed_for("candidate"), [lr] * iterations, WATCH_EVERY
    )
    (course,) = ctx.run_short([short], ends(experiment))
    return course


def ends(experiment: Experiment) -> Callable[[list[float]], bool]:
    """When a course of losses has diverged."""
    return lambda losses: diverges(losses, experiment.batch_size)


def tell(ctx: Context, done: int, what: str) -> None:
    """Of the sweeps, the untrained model, the candidates and the declared rate."""
    total = SWEEPS + 1 + len(AROUND) + (ctx.experiment.lr is not None)
    ctx.progress(min(done, total), total, what)


def warms_up(experiment: Experiment) -> bool:
    """Whether the planned rates begin low, by a declared warm-up or in a schedule of its own."""
    schedule = experiment.schedule or "constant"
    planned = schedule_rates(1.0, schedule, experiment.warmup, ITERATIONS)
    return planned[0] < COLD * max(planned)


def tried_of(
    lr: float, course: ShortResult, start: float, spread: float = 0.0, iterations: int = ITERATIONS
) -> TriedRate:
    """A rate with what its course, planned for so many iterations, ended with."""
    complete = len(course.losses) == iterations
    return TriedRate(
        lr,
        final_loss(course.losses, start, spread) if complete else None,
        noise(course.losses),
        course.figures.get("update_ratio"),
        tuple(course.losses[-max(1, round(iterations * COMPARED)) :]),
    )
