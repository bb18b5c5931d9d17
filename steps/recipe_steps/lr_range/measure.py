"""A learning-rate sweep on fresh models, then the lecture's trial of constant rates."""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from statistics import fmean

from recipe.context import Context
from recipe.results import Evidence, Scalar
from recipe.search.space import log_spaced, rounded
from recipe.training.loop import Training
from recipe_steps.lr_range.curves import (
    DIVERGED,
    TAIL,
    bracket,
    final_loss,
    noise,
    smooth,
    steepest,
)

ITERATIONS = 100
SWEEPS = 2
"""Fresh models that sweep; their curves are averaged."""
SWEEP = {"sgd": (1e-5, 10.0), "adam": (1e-6, 1.0), "adamw": (1e-6, 1.0), "rmsprop": (1e-6, 1.0)}
STEP = math.sqrt(10)
"""Ratio of neighbouring candidates."""
AROUND = (-2, -1, 0, 1)
"""Candidates, in steps from the steepest point of the sweep."""
MOST_EXTENSIONS = 4
WARMUP_SHARE = 0.2
"""Of the iterations at a constant rate, when the experiment warms up too."""
BRACKET_SHARE = 0.5
"""Of the best fall that the rates of the bracket reach."""
START = 5
"""First iterations whose mean loss is the start."""
WATCH_EVERY = 10


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
    name = ctx.experiment.optimizer if isinstance(ctx.experiment.optimizer, str) else "adam"
    low, high = SWEEP[name]
    lrs = log_spaced(low, high, ITERATIONS)
    sweeps = [_sweep(ctx, lrs, index) for index in range(SWEEPS)]
    shortest = min(len(sweep) for sweep in sweeps)
    mean = [fmean(values) for values in zip(*(s[:shortest] for s in sweeps), strict=True)]
    if len(mean) < START:
        return Evidence({"works": False, "start_loss": mean[0] if mean else None}, {})
    smoothed = smooth(mean)
    start = _untrained_loss(ctx)
    centre = steepest(lrs, smoothed)
    tried = _candidates(ctx, centre or math.sqrt(low * high), start)
    return _evidence(ctx, tried, start, centre, (lrs[:shortest], mean, smoothed))


def _sweep(ctx: Context, lrs: list[float], index: int) -> list[float]:
    experiment = replace(ctx.experiment, lr=1.0, warmup=0.0)
    training = Training(
        experiment, ctx.data, seed=ctx.seed_for("sweep", index), device=ctx.device, rates=lrs
    )
    losses = training.losses(_diverges())
    ctx.spend(len(losses))
    ctx.progress(index + 1, SWEEPS + len(AROUND) + 1, "sweep")
    return losses


def _diverges() -> Callable[[list[float]], bool]:
    def stop(losses: list[float]) -> bool:
        start = fmean(losses[:START])
        return len(losses) > START and losses[-1] > DIVERGED * abs(start)

    return stop


def _candidates(ctx: Context, centre: float, start: float) -> list[Tried]:
    """Try the rates around the centre; while the best is at an end, one more beyond it."""
    tried = [_try(ctx, rounded(centre * STEP**k), start) for k in AROUND]
    for _ in range(MOST_EXTENSIONS):
        tried.sort(key=lambda one: one.lr)
        known = [one for one in tried if one.final is not None]
        best = min(known, key=lambda one: one.final or 0.0, default=tried[0])
        if best is tried[-1]:
            beyond = best.lr * STEP
        elif best is tried[0]:
            beyond = best.lr / STEP
        else:
            break
        tried.append(_try(ctx, rounded(beyond), start))
    declared = ctx.experiment.lr
    if declared is not None and declared not in [one.lr for one in tried]:
        tried.append(_try(ctx, declared, start))
    return sorted(tried, key=lambda one: one.lr)


def _untrained_loss(ctx: Context) -> float:
    """What a candidate ends with when nothing is learnt: the same weights and the same batches,
    at a rate of zero. So a fall is due to the rate, not to another model or to easier batches.
    """
    losses = _constant(ctx, 1.0, [0.0] * ITERATIONS).losses(_diverges())
    ctx.spend(len(losses))
    return fmean(losses[-round(ITERATIONS * TAIL) :]) if losses else math.nan


def _constant(ctx: Context, lr: float, rates: list[float]) -> Training:
    """A candidate; all of them share initial weights and batches."""
    return Training(
        replace(ctx.experiment, lr=lr),
        ctx.data,
        seed=ctx.seed_for("candidate"),
        device=ctx.device,
        rates=rates,
    )


def _try(ctx: Context, lr: float, start: float) -> Tried:
    warm = round(ITERATIONS * WARMUP_SHARE) if ctx.experiment.warmup else 0
    rates = [lr * min(1.0, (i + 1) / (warm + 1)) for i in range(ITERATIONS)]
    training = _constant(ctx, lr, rates)
    losses = training.losses(_diverges(), watch_every=WATCH_EVERY)
    ctx.spend(len(losses))
    ctx.progress(SWEEPS + 1, SWEEPS + len(AROUND) + 1, f"{ITERATIONS} iterations at {lr:g}")
    complete = len(losses) == ITERATIONS
    return Tried(
        lr,
        final_loss(losses, start) if complete else None,
        noise(losses),
        training.monitor.flush().get("update_ratio"),
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
    scalars: dict[str, Scalar] = {
        "works": False,
        "start_loss": start,
        "steepest_lr": centre,
        "declared_lr": ctx.experiment.lr,
        "iterations": ITERATIONS,
    }
    if best is not None and best.final is not None:
        drop = start - best.final
        scalars |= {
            "best_lr": best.lr,
            "best_drop": drop,
            "noise": best.noise,
            "works": drop > 3 * best.noise and found is not None,
            "at_edge": best in (tried[0], tried[-1]),
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
