"""One course at a rate that is looked at in every iteration: the norm of its gradient, and the loss
of the same validation items every few iterations.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from recipe.plugin import Context, Experiment, Training, evaluate, wants_closure
from recipe_steps.lr_range.candidates import ends, ramp

CHECK_EVERY, CHECKED = 10, 256
"""Iterations between looks at validation items, and how many of them are looked at."""
NEVER = 1e30
"""A limit that no norm reaches: norms are read where they are clipped."""
BINS = 20
"""Of the histogram of norms, evenly spaced in the logarithm."""


@dataclass(frozen=True)
class Watched:
    """What a course did, and the training as it ended."""

    losses: list[float]
    norms: list[float]
    """Of the gradient before it is clipped, in every iteration; finite ones only."""
    checks: list[float]
    """Loss of the validation items, after every `CHECK_EVERY` iterations."""
    training: Training


def watch(
    ctx: Context, experiment: Experiment, lr: float, iterations: int, *, checked: bool = False
) -> Watched | None:
    """Train at one rate, on the weights and batches of all rates; None for an update step of the
    user's own and for optimizers that evaluate the loss themselves, whose gradients are theirs.

    Args:
        ctx: of the step.
        experiment: what is trained.
        lr: the rate.
        iterations: how many.
        checked: whether validation items are looked at too.

    """
    if experiment.update is not None:
        return None
    watched = replace(experiment, lr=lr, clip_norm=experiment.clip_norm or NEVER)
    training = Training(
        watched, ctx.data, seed=ctx.seed_for("candidate"), device=ctx.device,
        rates=ramp(experiment, lr, iterations),
        mode=replace(ctx.runner.mode.single, compiled=False),
    )  # fmt: skip
    if wants_closure(training.optimizer):
        return None
    sizes: list[Tensor] = []
    told = training.monitor.clips

    def clips(size: Tensor, limit: float) -> None:
        sizes.append(size.detach())
        told(size, limit)

    training.monitor.clips = clips  # type: ignore[method-assign]
    stop, checks = ends(experiment), list[float]()
    sample = ctx.data.val.sample(CHECKED, torch.Generator().manual_seed(0)) if checked else None

    def after(losses: list[float]) -> bool:
        if sample is not None and len(losses) % CHECK_EVERY == 0:
            checks.append(evaluate(training.model, experiment, sample)[0])
            training.model.train()
        return stop(losses)

    losses = training.losses(after)
    ctx.spend(len(losses))
    norms = torch.stack(sizes).tolist() if sizes else []
    return Watched(losses, [norm for norm in norms if math.isfinite(norm)], checks, training)


def percentile(values: Sequence[float], share: float) -> float:
    """The value that this share of the values does not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, math.ceil(share * len(ordered)) - 1)]


def histogram(norms: Sequence[float]) -> tuple[list[float], list[float]]:
    """Middles of the bins and how many norms lie in each; empty where all are the same."""
    known = [math.log(norm) for norm in norms if norm > 0]
    low, high = min(known, default=0.0), max(known, default=0.0)
    if not high > low:
        return [], []
    counts = [0.0] * BINS
    for value in known:
        counts[min(BINS - 1, int((value - low) / (high - low) * BINS))] += 1
    return [math.exp(low + (k + 0.5) / BINS * (high - low)) for k in range(BINS)], counts


def in_tens(losses: Sequence[float]) -> list[float]:
    """Means of `CHECK_EVERY` losses in a row."""
    steps = range(0, len(losses) - CHECK_EVERY + 1, CHECK_EVERY)
    return [sum(losses[k : k + CHECK_EVERY]) / CHECK_EVERY for k in steps]
