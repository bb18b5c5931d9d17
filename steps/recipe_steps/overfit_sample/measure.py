"""Memorize a few minibatches, at one rate after the other."""

import math
from collections.abc import Callable, Sequence
from dataclasses import replace

import torch
from torch import Tensor, nn

from recipe.plugin import (
    Context,
    Curve,
    Evidence,
    Experiment,
    Forecasting,
    Regression,
    Scalar,
    Task,
    TensorData,
    Tree,
    Values,
    build_model,
    fails_already,
    part_of_time,
)
from recipe_steps.overfit_sample.alternatives import (
    on_standard_inputs,
    with_regularization,
    with_usual_optimizer,
)
from recipe_steps.overfit_sample.attempts import (
    TINY_DRAWS,
    Attempt,
    attempt,
    candidate_rates,
    hopeless,
    is_tiny,
    passes_over,
    sample_size,
    settling,
    share_of_way,
)
from recipe_steps.overfit_sample.controls import same_twice, without_inputs
from recipe_steps.overfit_sample.dynamics import dynamics
from recipe_steps.overfit_sample.failure_causes import (
    contradictions,
    is_plane,
    linearity,
    means_of_equal_rows,
    response,
    share_through_bottleneck,
)
from recipe_steps.overfit_sample.optimizer_settings import rate_factor, settings_of
from recipe_steps.overfit_sample.output_grid import reachable_on_grid
from recipe_steps.overfit_sample.rules import LINEAR
from recipe_steps.overfit_sample.something_simple import OTHERS, something_simple
from recipe_steps.overfit_sample.update import update_marks
from recipe_steps.rows import varied

BUDGET_SHARE, LEAST_SECONDS = 0.25, 1.0
"""Of what is left of a budget of time that attempts may take, and seconds that they have anyway."""
OF_OUTCOME = (
    "train_mode_progress", "recalibrated_progress", "best_score", "perfect", "chance", "progress",
)  # fmt: skip
"""Figures that say how much of the sample is learnt."""
LOW_LOSS = 0.02
"""Share of the first loss at which a sample counts as learnt, where only the loss is known."""


def measure(ctx: Context) -> Evidence:
    """Scores are taken on the very sample that is trained on, in evaluation mode."""
    count, size = sample_size(ctx)
    generator = torch.Generator().manual_seed(ctx.seed_for("sample"))
    sample = ctx.data.train.sample(count, generator)
    linear = ctx.in_time("whether the model is linear", lambda: linearity(ctx, sample)) or {}
    fresh = build_model(ctx.experiment, ctx.seed_for("fit"), ctx.device)
    grid = ctx.in_time("the grid of masks", lambda: reachable_on_grid(ctx, sample)) or {}
    perfect = min(
        reachable_score(ctx.task, sample, fresh, linear=is_plane(linear)),
        float(grid.get("grid_score", math.inf) or 0.0),
    )
    target = _low_loss(ctx) if math.isnan(perfect) else perfect - ctx.task.tolerance - 1e-9
    bare = replace(
        ctx.experiment, metric=None, task=ctx.task, augment=None, weight_decay=0.0,
        clip_norm=None, warmup=0.0, schedule="constant", batch_size=size, shuffle=True,
    )  # fmt: skip
    marks = linear | grid | update_marks(ctx, sample, size) | settings_of(ctx.experiment, fresh)
    first = replace(bare, lr=candidate_rates(bare)[0])
    if fails_already(ctx, Evidence(marks)):
        return Evidence(marks | {"items": len(sample), "minibatch": size})
    marks |= ctx.in_time("the optimizer", lambda: rate_factor(ctx, first, sample)) or {}
    bend = linear.get("nonlinearity")
    bends = not isinstance(bend, float) or bend > LINEAR  # else all weights end alike
    others: dict[str, Scalar] = {}
    with ctx.within(BUDGET_SHARE, LEAST_SECONDS):
        attempts = _attempts(ctx, bare, sample, target, draws=TINY_DRAWS if bends else 1)
        best = max(attempts, key=lambda one: one.best)
        settled = best.best >= target or not attempts[-1].cut_off
        if settled:
            others = _conditions(
                ctx, replace(bare, lr=best.lr), sample, best, target=target, perfect=perfect,
                marks=marks,
            )  # fmt: skip
    chance = ctx.task.chance_score(sample.y)

    def progress(score: float | None) -> float | None:
        return None if score is None else share_of_way(score, chance, perfect)

    scalars: dict[str, Scalar] = {
        **marks,
        **_contradictions(ctx, sample),
        **others,
        "response": _largest_response(response(fresh, sample), attempts),
        "train_mode_progress": progress(best.train_mode_score),
        "recalibrated_progress": progress(best.recalibrated_score),
        "items": len(sample),
        "minibatch": size,
        "best_score": best.best,
        "perfect": perfect,
        "reached": best.best >= target,
        "best_lr": best.lr,
        "attempts": len(attempts),
        "passes": best.passes,
        "chance": chance,
        "progress": progress(best.best),
    }
    made = _curves(best, attempts, ctx.task.target_kind)
    return Evidence(scalars if settled else _unsettled(ctx, scalars), made)


def _contradictions(ctx: Context, sample: TensorData) -> dict[str, float]:
    """Of the items, which have labels. Random crops of different ones may be alike, such as those
    without anything in them.
    """
    if ctx.task.target_kind == "real" or not ctx.data.train.deterministic:
        return {}
    seen = ctx.data.train if isinstance(ctx.data.train, TensorData) else sample
    return contradictions(seen.x, seen.y)


def _curves(best: Attempt, attempts: Sequence[Attempt], kind: str) -> dict[str, Curve]:
    return {
        "score": tuple(best.scores),
        "loss": tuple(best.losses),
        "loss_without_inputs": tuple(best.blind_losses),
        **best.answers,
        **dynamics(best.seen, kind),
        "attempt_lr": tuple(one.lr for one in attempts),
        "attempt_score": tuple(one.best for one in attempts),
    }


def _unsettled(ctx: Context, scalars: dict[str, Scalar]) -> dict[str, Scalar]:
    """Without what an attempt that the time cut off does not tell: what it would have reached."""
    ctx.meter.leave_out(f"{ctx.step}: whether the model can memorize the sample")
    known = {name: value for name, value in scalars.items() if name not in OF_OUTCOME}
    return known | {"reached": None, "score_so_far": scalars["best_score"]}


def _conditions(
    ctx: Context,
    bare: Experiment,
    sample: TensorData,
    best: Attempt,
    *,
    perfect: float,
    target: float,
    marks: dict[str, Scalar],
) -> dict[str, Scalar]:
    """The sample under other conditions, as far as there is time for each."""
    chance, reached = ctx.task.chance_score(sample.y), best.best >= target
    looks: dict[str, Callable[[], dict[str, Scalar]]] = {
        "on standardised inputs": lambda: on_standard_inputs(ctx, bare, sample, best, target),
        "with the optimizer's usual settings": lambda: with_usual_optimizer(
            ctx, bare, sample, target, marks
        ),
        "with regularisation": lambda: with_regularization(ctx, bare, sample, best, perfect),
        "by something simple": lambda: {} if reached else _simple(ctx, sample, chance, perfect),
        "without inputs": lambda: without_inputs(ctx, bare, sample, best, perfect),
        "twice": lambda: same_twice(ctx),
    }
    found: dict[str, Scalar] = {}
    for what, look in looks.items():
        found |= ctx.in_time(f"the sample {what}", look) or {}
    return found


def _attempts(
    ctx: Context, bare: Experiment, sample: TensorData, target: float, *, draws: int
) -> list[Attempt]:
    """At the usual rates until one reaches the target; if none does, longer at the best of them,
    on a tiny sample from several draws of the weights.
    """
    attempts: list[Attempt] = []
    rates = candidate_rates(ctx.experiment)
    passes, last_passes = passes_over(sample, bare.batch_size)
    limited = ctx.meter.limits_time

    def ends(made: Attempt) -> bool:
        return limited and hopeless(made, passes, target)

    for number, lr in enumerate(rates):
        with part_of_time(len(rates) - number + 1):
            attempts.append(
                attempt(ctx, replace(bare, lr=lr, epochs=passes), sample, target, ends=ends)
            )
        ctx.progress(len(attempts), len(rates) + 1, f"learning rate {lr:g}")
        late = attempts[-1].cut_off and not attempts[-1].scores
        if attempts[-1].best >= target or late:
            return attempts
    best = max(attempts, key=lambda one: one.best)
    longer = replace(bare, lr=best.lr, epochs=last_passes, schedule=settling)
    for draw in range(draws if is_tiny(sample) else 1):
        attempts.append(attempt(ctx, longer, sample, target, draw=draw, ends=lambda _: False))
        if attempts[-1].best >= target or not attempts[-1].response:
            break  # equal outputs whatever the input are equal from other weights too
    return attempts


def _simple(ctx: Context, sample: TensorData, chance: float, perfect: float) -> dict[str, Scalar]:
    """What something simple reaches, which may learn from more items, where they lie in memory."""
    others = None
    if isinstance(ctx.data.train, TensorData):
        generator = torch.Generator().manual_seed(ctx.seed_for("others"))
        others = ctx.data.train.sample(OTHERS, generator)
    return something_simple(ctx.task, sample, chance, perfect, others)


def _largest_response(fresh: float, attempts: Sequence[Attempt]) -> float | None:
    """Of a fresh model and of all trained ones; None where none of these has finite outputs."""
    trained = [a.response for a in attempts if a.response is not None and math.isfinite(a.response)]
    return max(fresh, *trained) if trained else None


def _low_loss(ctx: Context) -> float:
    """Of a task whose perfect score is not known: minus a small part of the first loss, where that
    is above zero.
    """
    first = ctx.evidence("initial_loss")
    loss = first.number("loss") if first else None
    return -LOW_LOSS * loss if loss is not None and loss > 0 else math.nan


def _tokens(x: Values, y: Values) -> Values:
    """Of inputs with several parts those that have a value for every target, as tokens have."""
    if isinstance(x, Tensor) or isinstance(y, Tree):
        return x
    alike = [part for part in x.tensors().values() if part.shape == y.shape]
    return max(alike, key=varied) if alike else x


def reachable_score(
    task: Task, sample: TensorData, model: nn.Module, *, linear: bool = False
) -> float:
    """The score of perfect memory: identical inputs with different targets cannot all be right,
    a linear regression reaches the least squares, and what restores its inputs through a few
    units the principal components.
    """
    x, y = sample.x, sample.y
    perfect = task.perfect_score(_tokens(x, y), y)
    if task.target_kind != "real":
        wrong = contradictions(x, y).get("contradictory_share", 0.0)
        single = isinstance(y, Tensor) and y.numel() == len(sample)
        return min(perfect, 1 - wrong) if single else perfect
    if type(task) not in (Regression, Forecasting) or isinstance(y, Tree):
        return perfect
    known = means_of_equal_rows(x, y)
    scores = [task.score(task.sums(known, y))]
    if isinstance(x, Tensor) and x.shape == y.shape and torch.equal(x, y):
        scores.append(share_through_bottleneck(model, x))
    if linear and isinstance(x, Tensor):
        x = torch.cat([x.flatten(1).cpu().double(), torch.ones(len(sample), 1)], 1)
        y = y.reshape(len(sample), -1).cpu().double()
        fitted = x @ torch.linalg.lstsq(x, y, driver="gelsd").solution
        scores.append(task.score(task.sums(fitted, y)))
    return min(perfect, *(score for score in scores if math.isfinite(score)))
