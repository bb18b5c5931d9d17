"""A learning-rate sweep on fresh models, then the lecture's trial of constant rates."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from statistics import fmean, stdev

from recipe.context import Context
from recipe.experiment import Experiment
from recipe.ranges import rounded
from recipe.results import Evidence, Scalar
from recipe.search.short import Course, Short
from recipe.search.space import log_spaced
from recipe.training.optimizers import kin_of, usual_rates
from recipe.training.plan import iterations_per_epoch
from recipe.training.schedules import rates as schedule_rates
from recipe_steps.lr_range.curves import (
    START,
    TAIL,
    bracket,
    diverges,
    final_loss,
    noise,
    smooth,
    steepest,
    until_divergence,
)

ITERATIONS = 100
SWEEPS = 2
"""Fresh models that sweep; their curves are averaged."""
SWEEP = {
    "sgd": (1e-5, 10.0),
    "lbfgs": (1e-3, 10.0),
    "adam": (1e-6, 1.0),
    "adamw": (1e-6, 1.0),
    "rmsprop": (1e-6, 1.0),
    "adadelta": (1e-3, 100.0),
    "adagrad": (1e-5, 10.0),
}
STEP = math.sqrt(10)
"""Ratio of neighbouring candidates."""
AROUND = (-2, -1, 0, 1)
"""Candidates, in steps from the steepest point of the sweep."""
MOST_EXTENSIONS = 4
WARMUP_SHARE = 0.2
"""Of the iterations at a constant rate, when the experiment warms up too."""
COLD = 0.5
"""Of the peak of the planned rates: a first rate below it is that of a warm-up."""
LONGER = 5
"""Times the iterations, at the best rate alone, where the noise of a batch hides a fall."""
ERRORS = 3
"""Standard errors that a fall has to exceed."""
NOISY = 0.2
"""Of the start: a fall that would have to be larger than that may be hidden by noise."""
BRACKET_SHARE = 0.5
"""Of the best fall that the rates of the bracket reach."""
WATCH_EVERY = 10
MOSTLY_CLIPPED = 0.9
"""Share of clipped updates from which it is tried without."""
TAIL_LENGTH = round(ITERATIONS * TAIL)


@dataclass
class Tried:
    """A constant rate and what about 100 iterations at it did."""

    lr: float
    final: float | None
    """Mean loss of the last iterations; None when it diverged."""
    noise: float
    update_ratio: float | None


def measure(ctx: Context) -> Evidence:
    """A bracket of usable rates and the best of them."""
    kind, _ = kin_of(ctx.experiment)
    low, high = SWEEP[kind or "adam"]
    lrs = log_spaced(low, high, ITERATIONS)
    sweeps = _sweeps(ctx, lrs)
    shortest = min(len(sweep) for sweep in sweeps)
    mean = [fmean(values) for values in zip(*(s[:shortest] for s in sweeps), strict=True)]
    if len(mean) < START:
        return Evidence({"works": False, "start_loss": mean[0] if mean else None}, {})
    smoothed = smooth(mean)
    centre = steepest(lrs, smoothed)
    start, tried, exhausted = _candidates(ctx, centre or math.sqrt(low * high))
    evidence = _evidence(ctx, tried, start, centre, (lrs[:shortest], mean, smoothed))
    works = evidence.flag("works") or (_undecided(evidence) and _falls_later(ctx, evidence))
    at_edge = exhausted is not None and evidence.number("best_lr") == exhausted
    usual = usual_rates(ctx.experiment)
    more = {
        "works": works,
        "at_edge": at_edge,
        "usual_low": min(usual),
        "usual_high": max(usual),
        **_clipping(ctx, start, evidence),
    }
    return replace(evidence, scalars={**evidence.scalars, **more})


def _sweeps(ctx: Context, lrs: list[float]) -> list[list[float]]:
    """The losses of each fresh model under rising rates."""
    experiment = replace(ctx.experiment, lr=1.0, warmup=0.0)
    shorts = [Short(experiment, ctx.seed_for("sweep", index), lrs) for index in range(SWEEPS)]
    courses = ctx.run_short(shorts, _diverges(experiment), lambda n: _tell(ctx, n, "sweep"))
    return [until_divergence(course.losses) for course in courses]


def _tell(ctx: Context, done: int, what: str) -> None:
    """Of the sweeps, the untrained model, the candidates and the declared rate."""
    total = SWEEPS + 1 + len(AROUND) + (ctx.experiment.lr is not None)
    ctx.progress(min(done, total), total, what)


def _diverges(experiment: Experiment) -> Callable[[list[float]], bool]:
    return lambda losses: diverges(losses, experiment.batch_size)


def _candidates(ctx: Context, centre: float) -> tuple[float, list[Tried], float | None]:
    """The untrained loss, and the rates around the centre, tried; while the best is at an end,
    one more beyond it. Last the rate that was still the best, and at the end, when that ended.
    """
    rates = [rounded(centre * STEP**k) for k in AROUND]
    own = ctx.experiment.lr
    declared = [own] if own is not None and own not in rates else []
    untrained, *courses = _courses(ctx, [None, *rates, *declared])
    start = fmean(untrained.losses[-TAIL_LENGTH:]) if untrained.losses else math.nan
    spread = stdev(untrained.losses) if len(untrained.losses) > 1 else 0.0
    tried = [_tried(lr, course, start, spread) for lr, course in zip(rates, courses, strict=False)]
    for _ in range(MOST_EXTENSIONS):
        beyond = _beyond(tried)
        if beyond is None:
            break
        (course,) = _courses(ctx, [beyond])
        tried.append(_tried(beyond, course, start, spread))
    exhausted = _best(tried).lr if _beyond(tried) is not None else None
    if declared and declared[0] not in [one.lr for one in tried]:
        tried.append(_tried(declared[0], courses[-1], start, spread))
    return start, sorted(tried, key=lambda one: one.lr), exhausted


def _beyond(tried: list[Tried]) -> float | None:
    """The next rate past the best one when that is at an end."""
    tried = sorted(tried, key=lambda one: one.lr)
    best = _best(tried)
    if best is tried[-1]:
        return rounded(best.lr * STEP)
    return rounded(best.lr / STEP) if best is tried[0] else None


def _best(tried: list[Tried]) -> Tried:
    """The lowest final loss; the smallest rate where all diverged."""
    known = [one for one in tried if one.final is not None]
    least = min(tried, key=lambda one: one.lr)
    return min(known, key=lambda one: one.final or 0.0, default=least)


def _courses(
    ctx: Context, candidates: Sequence[float | None], iterations: int = ITERATIONS
) -> list[Course]:
    """What constant rates do; all share initial weights and batches.

    None stands for no training: what a candidate ends with when nothing is learnt, on the same
    weights and batches. So a fall is due to the rate, not to another model or easier batches.
    """
    warm = round(ITERATIONS * WARMUP_SHARE) if _warms_up(ctx.experiment) else 0
    shorts = [
        Short(
            replace(ctx.experiment, lr=lr or 1.0),
            ctx.seed_for("candidate"),
            [(lr or 0.0) * min(1.0, (i + 1) / (warm + 1)) for i in range(iterations)],
            WATCH_EVERY,
        )
        for lr in candidates
    ]
    names = ", ".join(f"{lr:g}" for lr in candidates if lr)
    what = f"{iterations} iterations at {names}"
    return ctx.run_short(shorts, _diverges(ctx.experiment), lambda n: _tell(ctx, SWEEPS + n, what))


def _warms_up(experiment: Experiment) -> bool:
    """Whether the planned rates begin low, by a declared warm-up or in a schedule of its own."""
    schedule = experiment.schedule or "constant"
    planned = schedule_rates(1.0, schedule, experiment.warmup, ITERATIONS)
    return planned[0] < COLD * max(planned)


def _undecided(evidence: Evidence) -> bool:
    """Whether the best rate's loss fell, by less than the noise of so few and noisy batches.

    A model that has learnt a sample has shown that some rate works: then only a declared one is
    in question.
    """
    drop, noise_, start = (evidence.number(n) for n in ("best_drop", "noise", "start_loss"))
    if drop is None or noise_ is None or start is None or drop <= 0:
        return False
    known = evidence.number("sample_lr") is not None and evidence.number("declared_drop") is None
    return not known and ERRORS * noise_ > NOISY * abs(start)


def _falls_later(ctx: Context, evidence: Evidence) -> bool:
    """Whether a longer training at the best rate falls beyond noise."""
    best = evidence.number("best_lr")
    untrained, course = _courses(ctx, [None, best], LONGER * ITERATIONS)
    if not len(untrained.losses) == len(course.losses) == LONGER * ITERATIONS:
        return False
    tail = LONGER * TAIL_LENGTH
    drop = fmean(untrained.losses[-tail:]) - fmean(course.losses[-tail:])
    return drop > ERRORS * noise(course.losses)


def _clipping(ctx: Context, start: float, evidence: Evidence) -> dict[str, Scalar]:
    """How many of the updates at the declared rate (or the best, or a usual one) are clipped and,
    where nearly all are, what the same iterations do without.
    """
    experiment = ctx.experiment
    if experiment.clip_norm is None or experiment.update is not None:
        return {}
    lr = experiment.lr or evidence.number("best_lr") or usual_rates(experiment)[0]
    clipped = _constant(ctx, experiment, lr)
    share = clipped.figures.get("clipped_share")
    scalars: dict[str, Scalar] = {"clipped_share": share}
    if share is None or share < MOSTLY_CLIPPED:
        return scalars
    free = _constant(ctx, replace(experiment, clip_norm=None), lr)
    ends = [_tried(lr, course, start) for course in (clipped, free)]
    drops = [None if one.final is None else start - one.final for one in ends]
    return scalars | {
        "clipped_drop": drops[0],
        "unclipped_drop": drops[1],
        "unclipped_noise": ends[1].noise,
        "gradient_norm": free.figures.get("grad_norm"),
        "clip_norm": experiment.clip_norm,
    }


def _constant(ctx: Context, experiment: Experiment, lr: float) -> Course:
    """ITERATIONS at one rate, on the weights and batches of all candidates."""
    short = Short(
        replace(experiment, lr=lr), ctx.seed_for("candidate"), [lr] * ITERATIONS, WATCH_EVERY
    )
    (course,) = ctx.run_short([short], _diverges(experiment))
    return course


def _tried(lr: float, course: Course, start: float, spread: float = 0.0) -> Tried:
    complete = len(course.losses) == ITERATIONS
    return Tried(
        lr,
        final_loss(course.losses, start, spread) if complete else None,
        noise(course.losses),
        course.figures.get("update_ratio"),
    )


def _evidence(
    ctx: Context,
    tried: list[Tried],
    start: float,
    centre: float | None,
    sweep: tuple[list[float], list[float], list[float]],
) -> Evidence:
    drops = [None if one.final is None else start - one.final for one in tried]
    found = bracket([one.lr for one in tried], drops, BRACKET_SHARE)
    known = [one for one in tried if one.final is not None]
    best = min(known, key=lambda one: one.final or 0.0, default=None)
    initial = ctx.evidence("initial_loss")
    scalars: dict[str, Scalar] = {
        "works": False,
        "start_loss": start,
        "constant_loss": None if initial is None else initial.number("expected"),
        "steepest_lr": centre,
        "declared_lr": ctx.experiment.lr,
        "planned_iterations": (ctx.experiment.epochs or 1)
        * iterations_per_epoch(ctx.data.train, ctx.experiment.batch_size),
        "iterations": ITERATIONS,
    }
    sample = ctx.evidence("overfit_sample")
    if sample is not None and sample.flag("reached"):
        scalars["sample_lr"] = sample.number("best_lr")
    if best is not None and best.final is not None:
        drop = start - best.final
        scalars |= {
            "best_lr": best.lr,
            "best_drop": drop,
            "noise": best.noise,
            "works": drop > ERRORS * best.noise and found is not None,
            "update_ratio": best.update_ratio,
        }
    if found:
        scalars |= {"bracket_low": found[0], "bracket_high": found[1]}
    own = next((one for one in tried if one.lr == ctx.experiment.lr), None)
    if own is not None:
        scalars["declared_diverged"] = own.final is None
        scalars["declared_drop"] = None if own.final is None else start - own.final
        scalars["declared_update_ratio"] = own.update_ratio
    lrs, mean, smoothed = sweep
    curves = {
        "sweep_lr": tuple(lrs),
        "sweep_loss": tuple(mean),
        "sweep_smooth": tuple(smoothed),
        "candidate_lr": tuple(one.lr for one in tried),
        "candidate_loss": tuple(one.final for one in tried),
        "candidate_update_ratio": tuple(one.update_ratio for one in tried),
    }
    return Evidence(scalars, curves)
