"""What happens just above the best rate, and whether something that steadies training lets a higher
rate learn faster: a warm-up, clipping, residual branches that begin at zero.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from torch.nn import Module

from recipe.plugin import (
    Allowance,
    Context,
    Curve,
    Experiment,
    Scalar,
    ShortTraining,
    build_model,
    iterations_per_epoch,
    norms_go_first,
    residual_branches,
    rounded,
    seeded,
    with_zero_branches,
)
from recipe_steps.lr_range.candidates import (
    STEP,
    WATCH_EVERY,
    Candidates,
    TriedRate,
    best_of,
    ends,
    ramp,
    tried_of,
)
from recipe_steps.lr_range.watched import CHECK_EVERY, Watched, in_tens, percentile, watch

ABOVE = 2.0
"""Times the best rate, where training is looked at (Google's tuning playbook: twice)."""
LONGEST, PART = 500, 20
"""Iterations of it (the playbook: 500), and the part of a whole training that it takes at most,
where that is more than the range test takes."""
FURTHER = 5.0
"""Times the best rate, for the longest warm-up: that should bear far higher rates."""
WARMUPS = (0.2, 0.5)
"""Of the iterations."""
CLIP_AT = 0.9
"""Percentile of the norms of the gradient that a threshold is set to, for rare large ones."""
FEW = 8
"""Items of the pass that residual branches are found in."""
NAMED = 3
"""Modules that are named."""
RISES = 1.5
"""Times the lowest validation loss, that the last one lies above."""


@dataclass(frozen=True)
class Steadied:
    """Something that may let a higher rate learn."""

    name: str
    lr: float
    experiment: Experiment
    warm: float = 0.0
    """Share of the iterations in which the rate rises."""


def near_the_edge(found: Candidates) -> bool:
    """Whether a rate not far above the best one diverged, or ended above the untrained model."""
    best = best_of(found.tried)
    if best is None:
        return False
    above = [t for t in found.tried if best.lr < t.lr <= 1.01 * STEP * best.lr]
    return any(t.final is None or t.final > found.start for t in above)


def stability_marks(
    ctx: Context, found: Candidates, norms: Sequence[float], allowed: Allowance
) -> tuple[dict[str, Scalar], dict[str, Curve]]:
    """A course at twice the best rate, validation items looked at in between, and where that is
    unstable, what steadied ones end with. Nothing where the best rate is not near one that
    diverges, or the budget does not pay for it.

    Args:
        ctx: of the step.
        found: the rates that were tried.
        norms: of the gradient at the best rate.
        allowed: what may be spent.

    """
    best, length = best_of(found.tried), found.iterations
    if best is None or best.final is None or not near_the_edge(found):
        return {}, {}
    long = _long(ctx, length)
    if not allowed.pays("a course above the best rate", long):
        return {}, {}
    lr = rounded(ABOVE * best.lr)
    above = watch(ctx, ctx.experiment, lr, long, checked=True)
    if above is None:
        return {}, {}
    marks: dict[str, Scalar] = {"above_lr": lr, "above_iterations": long, **_ending(above, long)}
    losses = in_tens(above.losses)
    curves: dict[str, Curve] = {
        "above_iteration": tuple(float(CHECK_EVERY * (k + 1)) for k in range(len(losses))),
        "above_loss": tuple(losses),
        "above_val_loss": tuple(above.checks),
    }
    if not (marks["above_diverged"] or marks["above_rises"]):
        return marks, curves
    steadied = _steadied(ctx, best, norms)
    if allowed.pays("steadied courses", len(steadied) * length):
        tried = _courses(ctx, steadied, found)
        marks |= _rescue(best, list(zip(steadied, tried, strict=True)))
    return marks, curves


def _long(ctx: Context, length: int) -> int:
    """Iterations above the best rate: up to 500, and no more than a twentieth of a training."""
    per_epoch = iterations_per_epoch(ctx.data.train, ctx.experiment.batch_size)
    whole = per_epoch * (ctx.experiment.epochs or 1)
    return max(length, min(LONGEST, whole // PART))


def _ending(above: Watched, length: int) -> dict[str, Scalar]:
    checks = above.checks
    return {
        "above_diverged": len(above.losses) < length,
        "above_rises": len(checks) > 1 and checks[-1] > RISES * min(checks) > 0,
    }


def _steadied(ctx: Context, best: TriedRate, norms: Sequence[float]) -> list[Steadied]:
    """What may steady training at twice the best rate, and at five times of it."""
    own, lr, far = ctx.experiment, rounded(ABOVE * best.lr), rounded(FURTHER * best.lr)
    found = [Steadied(_warm(share), lr, own, share) for share in WARMUPS]
    found.append(Steadied(_warm(WARMUPS[-1]), far, own, WARMUPS[-1]))
    if norms:
        limit = rounded(percentile(norms, CLIP_AT))
        if limit > 0 and (own.clip_norm is None or limit < own.clip_norm):
            clipped = replace(own, clip_norm=limit)
            found.append(Steadied(f"gradients clipped at {limit:g}", lr, clipped))
    return found + [Steadied(name, lr, changed) for name, changed in _other_branches(ctx)]


def _warm(share: float) -> str:
    return f"a warm-up over {share:.0%} of the iterations"


def _other_branches(ctx: Context) -> list[tuple[str, Experiment]]:
    """The experiment with residual branches that begin as nothing, and with norms inside of them;
    none for a model without branches, or with weights of its own to begin with.
    """
    experiment, make = ctx.experiment, ctx.experiment.model
    if experiment.weights is not None:
        return []
    try:
        x, _ = next(iter(ctx.data.train.batches(min(FEW, experiment.batch_size))))
        with seeded(0, ctx.device):  # dropout
            found = residual_branches(build_model(experiment, 0, ctx.device), x)
        later = norms_go_first(build_model(experiment, 0, ctx.device)) is not None
    except Exception:  # noqa: BLE001 - a model that cannot be followed is left as it is
        return []
    changes: list[tuple[str, Experiment]] = []
    lasts = tuple({b.last: None for b in found if not b.starts_at_zero})
    if lasts:
        zeroed = replace(experiment, model=lambda **g: with_zero_branches(make(**g), lasts))
        more = f" and {len(lasts) - NAMED} more" if len(lasts) > NAMED else ""
        names = f"{', '.join(lasts[:NAMED])}{more}"
        changes.append((f"residual branches that begin at zero ({names})", zeroed))
    if later:
        first = replace(experiment, model=lambda **g: _first(make(**g)))
        changes.append(("norms inside of the residual branches (norm_first=True)", first))
    return changes


def _first(model: Module) -> Module:
    norms_go_first(model)
    return model


def _courses(ctx: Context, steadied: Sequence[Steadied], found: Candidates) -> list[TriedRate]:
    """What each ends with, on the weights and batches of all rates."""
    length = found.iterations

    def short(one: Steadied) -> ShortTraining:
        warm = round(one.warm * length) if one.warm else None
        rates = ramp(ctx.experiment, one.lr, length, warm)
        seed = ctx.seed_for("candidate")
        return ShortTraining(replace(one.experiment, lr=one.lr), seed, rates, WATCH_EVERY)

    stop = ends(ctx.experiment)
    plain = [one for one in steadied if one.experiment is ctx.experiment]  # can be fused
    results = ctx.run_short([short(one) for one in plain], stop)
    for one in steadied[len(plain) :]:
        results += ctx.run_short([short(one)], stop)
    pairs = zip(steadied, results, strict=True)
    return [tried_of(one.lr, course, found.start, iterations=length) for one, course in pairs]


def _rescue(best: TriedRate, tried: Sequence[tuple[Steadied, TriedRate]]) -> dict[str, Scalar]:
    """The one that ends lowest, beside the best rate; nothing where all diverged."""
    known = [(one, course) for one, course in tried if course.final is not None]
    if not known:
        return {}
    one, course = min(known, key=lambda pair: pair[1].level)
    return {
        "steadied_by": one.name,
        "steadied_lr": one.lr,
        "steadied_loss": course.level,
        "unsteadied_loss": best.level,
        "steadied_noise": max(best.noise, course.noise),
    }
