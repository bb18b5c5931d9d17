"""What is looked at once the best rate is known: gradients, batch size, and the rates above."""

from collections.abc import Callable
from functools import partial

from recipe.plugin import UNUSABLE, Context, Curve, Scalar, throughput
from recipe_steps.lr_range.candidates import Candidates, best_of
from recipe_steps.lr_range.gradient_noise import BATCHES, noise_marks
from recipe_steps.lr_range.stability import stability_marks
from recipe_steps.lr_range.watched import CHECK_EVERY, histogram, in_tens, percentile, watch

SHARE = 0.05
"""Of what is left of a budget, for all of this."""
TRAININGS, TIMING_SHARE, LEAST_SECONDS = 5.0, 0.01, 1.0
"""Timing takes at most this share of what so many whole trainings take, or a second."""
Marks = tuple[dict[str, Scalar], dict[str, Curve]]
Part = Callable[[Context, Candidates], Marks]


def look(ctx: Context, found: Candidates) -> Marks:
    """Norms of the gradient at the best rate, their noise, what happens above it, and throughput
    by batch size. Nothing where no rate was found; what the budget does not pay for is left out.
    """
    scalars: dict[str, Scalar] = {}
    curves: dict[str, Curve] = {}
    parts: dict[str, Part] = {"gradients at the best rate": _gradients, "throughput": _speed}
    for what, part in parts.items():
        marks = ctx.in_time(what, partial(_tried, part, ctx, found)) or ({}, {})
        scalars |= marks[0]
        curves |= marks[1]
    return scalars, curves


def _tried(part: Part, ctx: Context, found: Candidates) -> Marks:
    """Nothing where the model does not bear being looked at, such as sparse gradients: what is
    wrong with a model other steps have found.
    """
    try:
        return part(ctx, found)
    except UNUSABLE:
        return {}, {}


def _gradients(ctx: Context, found: Candidates) -> Marks:
    best, length = best_of(found.tried), found.iterations
    if best is None or best.final is None or best.final >= found.start:
        return {}, {}
    allowed = ctx.allow(SHARE)
    if not allowed.pays("a look at gradients", length + BATCHES):
        why = f"they take more than {SHARE:.0%} of what is left"
        ctx.meter.leave_out(f"{ctx.step}: gradients at the best rate", why)
        return {}, {}
    seen = watch(ctx, ctx.experiment, best.lr, length, checked=True)
    if seen is None or not seen.norms:
        return {}, {}
    scalars: dict[str, Scalar] = {
        "gradient_norm_50": percentile(seen.norms, 0.5),
        "gradient_norm_90": percentile(seen.norms, 0.9),
        "gradient_norm_100": max(seen.norms),
    }
    sizes, counts = histogram(seen.norms)
    losses = in_tens(seen.losses)
    curves: dict[str, Curve] = {
        "norm_size": tuple(sizes),
        "norm_count": tuple(counts),
        "course_iteration": tuple(float(CHECK_EVERY * (k + 1)) for k in range(len(losses))),
        "course_loss": tuple(losses),
        "course_val_loss": tuple(seen.checks),
    }
    scalars |= noise_marks(ctx, seen.training)
    more, drawn = stability_marks(ctx, found, seen.norms, allowed)
    return scalars | more, curves | drawn


def _speed(ctx: Context, _: Candidates) -> Marks:
    """Items per second by batch size; not where everything is to be the same to the last digit."""
    if ctx.settings.exact or ctx.experiment.update is not None:
        return {}, {}
    whole = ctx.lasts(TRAININGS * (ctx.experiment.epochs or 1))
    seconds = max(LEAST_SECONDS, TIMING_SHARE * whole)
    if ctx.meter.limits_time:
        seconds = min(seconds, SHARE / 2 * (ctx.meter.left or 0.0))
    measured = throughput(ctx.experiment, ctx.data, ctx.device, ctx.runner.mode, seconds)
    if measured is None:
        return {}, {}
    scalars: dict[str, Scalar] = {
        "batch_size": ctx.experiment.batch_size,
        "items_per_epoch": len(ctx.data.train),
        "epochs_planned": ctx.experiment.epochs,
        "fastest_batch_size": measured.largest,
        "batch_memory_full": measured.full,
        "waiting_share": measured.waiting,
    }
    sizes = tuple(map(float, measured.sizes))
    return scalars, {"batch_sizes": sizes, "items_per_second": measured.rates}
