"""A learning-rate sweep on fresh models, then the lecture's trial of constant rates."""

import math
from collections.abc import Sequence
from dataclasses import replace
from statistics import fmean

from recipe.plugin import (
    FORWARD,
    PACE,
    Allowance,
    Context,
    Evidence,
    Scalar,
    ShortTraining,
    UnaffordableError,
    iterations_per_epoch,
    log_spaced,
    optimizer_family,
    usual_rates,
)
from recipe_steps.lr_range.candidates import (
    AROUND,
    ITERATIONS,
    LEAST_ITERATIONS,
    REFINEMENTS,
    SWEEPS,
    Candidates,
    TriedRate,
    best_of,
    candidates,
    constant,
    courses,
    ends,
    tail_of,
    tell,
    tried_of,
    untrained_course,
)
from recipe_steps.lr_range.curves import (
    START,
    bracket,
    confidence,
    noise,
    smooth,
    steepest,
    until_divergence,
)
from recipe_steps.lr_range.looks import look

SWEEP = {
    "sgd": (1e-5, 10.0),
    "lbfgs": (1e-3, 10.0),
    "adam": (1e-6, 1.0),
    "adamw": (1e-6, 1.0),
    "rmsprop": (1e-6, 1.0),
    "adadelta": (1e-3, 100.0),
    "adagrad": (1e-5, 10.0),
}
LONGER = 5
"""Times the iterations, at the best rate alone, where the noise of a batch hides a fall."""
ERRORS = 3
"""Standard errors that a fall has to exceed."""
NOISY = 0.2
"""Of the start: a fall that would have to be larger than that may be hidden by noise."""
BRACKET_SHARE = 0.5
"""Of the best fall that the rates of the bracket reach."""
BUDGET_SHARE, SWEEPS_SHARE = 1 / 3, 0.4
"""Of what is left of the budget for this step, and of that for the sweeps."""
MOST_PASSES, PASSES_SHARE = 20, 0.1
"""Passes over the data of a course, and the share of what is left of a budget of time that more of
them may take all together: of a small data set a hundred iterations are a hundred passes."""
MOSTLY_CLIPPED = 0.9
"""Share of clipped updates from which it is tried without."""


def measure(ctx: Context) -> Evidence:
    """A bracket of usable rates and the best of them.

    Raises:
        UnaffordableError: the budget does not pay for the shortest range test.

    """
    _must_pay(ctx)
    before = ctx.meter.epochs
    allowed = ctx.allow(BUDGET_SHARE, only_time=True)
    kind, _ = optimizer_family(ctx.experiment)
    low, high = SWEEP[kind or "adam"]
    for_sweeps = ctx.allow(BUDGET_SHARE * SWEEPS_SHARE, only_time=True)
    most = _longest(ctx)
    length = for_sweeps.iterations("sweeps", SWEEPS, least=LEAST_ITERATIONS, most=most)
    lrs = log_spaced(low, high, length)
    sweeps = _sweeps(ctx, lrs, SWEEPS if for_sweeps.pays("all sweeps", SWEEPS * length) else 1)
    shortest = min(len(sweep) for sweep in sweeps)
    mean = [fmean(values) for values in zip(*(s[:shortest] for s in sweeps), strict=True)]
    if len(mean) < START:
        return Evidence({"works": False, "start_loss": mean[0] if mean else None}, {})
    smoothed = smooth(mean)
    centre = steepest(lrs, smoothed)
    found = candidates(ctx, centre or math.sqrt(low * high), allowed, most)
    evidence = _evidence(ctx, found, centre, (lrs[:shortest], mean, smoothed))
    works = evidence.flag("works") or (
        _undecided(evidence)
        and ctx.in_time("a longer training", lambda: _falls_later(ctx, evidence, allowed))
        is not False
    )
    at_edge = found.exhausted is not None and evidence.number("best_lr") == found.exhausted
    more: dict[str, Scalar] = {
        # So few iterations as a short time paid for may hide a fall.
        "works": works if works or found.iterations == ITERATIONS else None,
        "at_edge": at_edge,
        **(ctx.in_time("clipping", lambda: _clipping(ctx, found, evidence, allowed)) or {}),
    }
    seen, curves = look(ctx, found) if works else ({}, {})
    more |= {**seen, "cost_epochs": ctx.meter.epochs - before}
    return Evidence({**evidence.scalars, **more}, {**evidence.curves, **curves})


def _must_pay(ctx: Context) -> None:
    pace, left = ctx.runner.journal.get(PACE, ctx.runner.fingerprint), ctx.meter.left
    if not ctx.meter.limits_time or pace is None or left is None:
        return
    least = _trainings(ctx) * LEAST_ITERATIONS * pace
    if not ctx.decide("the shortest range test", lambda: int(least <= left)):
        raise UnaffordableError(f"the shortest takes {least:.0f} s, {left:.0f} s are left for it")


def _longest(ctx: Context) -> int:
    """Iterations of a course at most: where the budget is one of time, so many as make a few passes
    over the data, or as cost little of it.
    """
    if not ctx.meter.limits_time:
        return ITERATIONS
    few = max(LEAST_ITERATIONS, MOST_PASSES * _per_epoch(ctx))
    if few >= ITERATIONS:
        return ITERATIONS
    allowed, trainings = ctx.allow(PASSES_SHARE), _trainings(ctx)
    return allowed.iterations("short courses", trainings, least=few, most=ITERATIONS)


def _per_epoch(ctx: Context) -> int:
    return iterations_per_epoch(ctx.data.train, ctx.experiment.batch_size)


def _trainings(ctx: Context) -> float:
    """Courses of the usual number of candidates; one without backward passes is a part of one."""
    own = ctx.experiment.lr is not None
    return SWEEPS + FORWARD + len(AROUND) + REFINEMENTS + own


def expects(ctx: Context, left: float | None) -> float:
    """Epochs, where no candidate diverges and the sweep has to be extended by none; of what is left
    of a budget no more than its share.
    """
    trainings, per_epoch = _trainings(ctx), _per_epoch(ctx)
    whole, least = (trainings * n / per_epoch for n in (ITERATIONS, LEAST_ITERATIONS))
    if left is None or _in_epochs(ctx):
        return whole
    few = max(least, trainings * MOST_PASSES)
    return min(whole, max(least, BUDGET_SHARE * left), max(few, PASSES_SHARE * left))


def _in_epochs(ctx: Context) -> bool:
    """Whether the budget is one of epochs. It does not shorten the range test, not even when it is
    spent: that is a number of iterations, which of a small data set are many epochs and no time.
    """
    budget = ctx.settings.budget
    return budget is not None and budget.unit == "epochs"


def _sweeps(ctx: Context, lrs: list[float], count: int) -> list[list[float]]:
    """The losses of each fresh model under rising rates."""
    experiment = replace(ctx.experiment, lr=1.0, warmup=0.0)
    shorts = [
        ShortTraining(experiment, ctx.seed_for("sweep", index), lrs) for index in range(count)
    ]
    found = ctx.run_short(shorts, ends(experiment), lambda n: tell(ctx, n, "sweep"))
    return [until_divergence(course.losses) for course in found]


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


def _falls_later(ctx: Context, evidence: Evidence, allowed: Allowance) -> bool:
    """Whether a longer training at the best rate falls beyond noise; what the budget does not pay
    for cannot show that it does not.
    """
    best, length = evidence.number("best_lr"), LONGER * ITERATIONS
    if best is None:
        return False
    if not allowed.pays("a longer training", (1 + FORWARD) * length):
        return True
    untrained = untrained_course(ctx, length)
    (course,) = courses(ctx, [best], length)
    if not len(untrained.losses) == len(course.losses) == length:
        return False
    tail = tail_of(length)
    drop = fmean(untrained.losses[-tail:]) - fmean(course.losses[-tail:])
    return drop > ERRORS * noise(course.losses)


def _clipping(
    ctx: Context, found: Candidates, evidence: Evidence, allowed: Allowance
) -> dict[str, Scalar]:
    """How many of the updates at the declared rate (or the best, or a usual one) are clipped and,
    where nearly all are, what the same iterations do without.
    """
    experiment = ctx.experiment
    if experiment.clip_norm is None or experiment.update is not None:
        return {}
    lr = experiment.lr or evidence.number("best_lr") or usual_rates(experiment)[0]
    start, length = found.start, found.iterations
    if not allowed.pays("trials of clipping", 2 * length):
        return {}
    clipped = constant(ctx, experiment, lr, length)
    share = clipped.figures.get("clipped_share")
    scalars: dict[str, Scalar] = {"clipped_share": share}
    if share is None or share < MOSTLY_CLIPPED:
        return scalars
    free = constant(ctx, replace(experiment, clip_norm=None), lr, length)
    both = [tried_of(lr, course, start, iterations=length) for course in (clipped, free)]
    drops = [None if one.final is None else start - one.final for one in both]
    return scalars | {
        "clipped_drop": drops[0],
        "unclipped_drop": drops[1],
        "unclipped_noise": both[1].noise,
        "gradient_norm": free.figures.get("grad_norm"),
        "clip_norm": experiment.clip_norm,
    }


def _evidence(
    ctx: Context,
    candidates: Candidates,
    centre: float | None,
    sweep: tuple[list[float], list[float], list[float]],
) -> Evidence:
    start, tried = candidates.start, candidates.tried
    initial = ctx.evidence("initial_loss")
    scalars: dict[str, Scalar] = {
        "works": False,
        "start_loss": start,
        "constant_loss": None if initial is None else initial.number("expected"),
        "steepest_lr": centre,
        "declared_lr": ctx.experiment.lr,
        "planned_iterations": (ctx.experiment.epochs or 1)
        * iterations_per_epoch(ctx.data.train, ctx.experiment.batch_size),
        "iterations": candidates.iterations,
    }
    sample = ctx.evidence("overfit_sample")
    if sample is not None and sample.flag("reached"):
        scalars["sample_lr"] = sample.number("best_lr")
    scalars |= _best_scalars(start, tried)
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


def _best_scalars(start: float, tried: Sequence[TriedRate]) -> dict[str, Scalar]:
    """The best rate, whether it works, and the bracket around it."""
    drops = [None if one.final is None else start - one.final for one in tried]
    found = bracket([one.lr for one in tried], drops, BRACKET_SHARE)
    known = [one for one in tried if one.final is not None]
    best = best_of(tried)
    scalars: dict[str, Scalar] = {}
    if best is not None and best.final is not None:
        drop = start - best.final
        scalars |= {
            "best_lr": best.lr,
            "best_drop": drop,
            "noise": best.noise,
            "works": drop > ERRORS * best.noise and found is not None,
            "update_ratio": best.update_ratio,
            "confidence": confidence([one.lr for one in known], [one.tail for one in known]),
        }
    if found:
        scalars |= {"bracket_low": found[0], "bracket_high": found[1]}
    return scalars
