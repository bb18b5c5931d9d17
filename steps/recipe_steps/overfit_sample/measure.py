"""Learn a few minibatches by heart, at one rate after the other."""

from dataclasses import replace

import torch

from recipe.context import Context
from recipe.results import Evidence
from recipe.tasks import Task
from recipe.training.data import TensorData
from recipe.training.models import build_model
from recipe_steps.overfit_sample.alternatives import (
    on_standard_inputs,
    with_regularization,
    with_usual_optimizer,
)
from recipe_steps.overfit_sample.attempts import (
    Attempt,
    attempt,
    candidate_rates,
    passes_over,
    sample_size,
    settling,
    share_of_way,
)
from recipe_steps.overfit_sample.marks import contradictions, linearity, response
from recipe_steps.overfit_sample.optimizer_settings import rate_factor
from recipe_steps.overfit_sample.update import update_marks


def measure(ctx: Context) -> Evidence:
    """Scores are taken on the very sample that is trained on, in evaluation mode."""
    count, size = sample_size(ctx)
    generator = torch.Generator().manual_seed(ctx.seed_for("sample"))
    sample = ctx.data.train.sample(count, generator)
    perfect = reachable_score(ctx.task, sample)
    target = perfect - ctx.task.tolerance - 1e-9
    bare = replace(
        ctx.experiment, metric=None, augment=None, weight_decay=0.0, clip_norm=None, warmup=0.0,
        schedule="constant", batch_size=size, shuffle=True,
    )  # fmt: skip
    marks = update_marks(ctx, sample, size)
    marks |= rate_factor(ctx, replace(bare, lr=candidate_rates(bare)[0]), sample)
    attempts: list[Attempt] = []
    rates = candidate_rates(ctx.experiment)
    passes, last_passes = passes_over(sample, size)
    for lr in rates:
        attempts.append(attempt(ctx, replace(bare, lr=lr, epochs=passes), sample, target))
        ctx.progress(len(attempts), len(rates) + 1, f"learning rate {lr:g}")
        if attempts[-1].best >= target:
            break
    best = max(attempts, key=lambda one: one.best)
    if best.best < target:
        longer = replace(bare, lr=best.lr, epochs=last_passes, schedule=settling)
        attempts.append(attempt(ctx, longer, sample, target))
        best = max(attempts, key=lambda one: one.best)
    seen = ctx.data.train if isinstance(ctx.data.train, TensorData) else sample
    chance = ctx.task.chance_score(sample.y)
    fresh = build_model(ctx.experiment, ctx.seed_for("fit"), ctx.device)
    return Evidence(
        {
            **linearity(ctx, sample),
            **marks,
            **(contradictions(seen.x, seen.y) if ctx.task.target_kind == "class index" else {}),
            **on_standard_inputs(ctx, replace(bare, lr=best.lr), sample, best, target),
            **with_usual_optimizer(ctx, bare, sample, target, marks),
            **with_regularization(ctx, replace(bare, lr=best.lr), sample, best, perfect),
            "response": max(response(fresh, sample), *(a.response or 0.0 for a in attempts)),
            "train_mode_progress": None
            if best.train_mode_score is None
            else share_of_way(best.train_mode_score, chance, perfect),
            "items": len(sample),
            "minibatch": size,
            "best_score": best.best,
            "perfect": perfect,
            "reached": best.best >= target,
            "best_lr": best.lr,
            "attempts": len(attempts),
            "passes": len(best.scores),
            "chance": chance,
            "progress": share_of_way(best.best, chance, perfect),
        },
        {
            "score": tuple(best.scores),
            "loss": tuple(best.losses),
            "attempt_lr": tuple(one.lr for one in attempts),
            "attempt_score": tuple(one.best for one in attempts),
        },
    )


def reachable_score(task: Task, sample: TensorData) -> float:
    """The score of perfect memory: identical inputs with different labels cannot all be right."""
    if task.target_kind != "class index" or sample.y.ndim > 1:
        return task.perfect_score(sample.x, sample.y)
    return 1 - contradictions(sample.x, sample.y)["contradictory_share"]
