"""Learn a few minibatches by heart, at one rate after the other."""

import math
from contextlib import nullcontext
from dataclasses import dataclass, field, replace

import torch
from torch import nn

from recipe.context import Context
from recipe.experiment import Experiment
from recipe.results import Evidence, Scalar
from recipe.tasks import Task
from recipe.training.data import Splits, TensorData
from recipe.training.loop import Training
from recipe.training.models import build_model, no_dropout
from recipe.training.optimizers import usual_rates
from recipe_steps.inspect.remedies import with_standard_inputs
from recipe_steps.inspect.scaling import far_from_unit, input_scale
from recipe_steps.overfit_sample.marks import (
    contradictions,
    linearity,
    response,
    train_mode_score,
)
from recipe_steps.overfit_sample.optimizer_settings import (
    rate_factor,
    suspicious,
    with_usual_settings,
)
from recipe_steps.overfit_sample.update import update_marks

MINIBATCHES = 8
"""The lecture's "5-10 minibatches"."""
LARGEST_MINIBATCH = 16
MOST_TARGETS = 1024
"""Targets in the sample."""
SETTLES_FROM = 0.75
LEAST_ITEMS, LEAST_MINIBATCH = 8, 4
PARAMETERS_PER_TARGET = 4
"""A linear classifier separates any two items per weight (Cover 1965); training takes more room."""
PASSES = 60
LAST_PASSES = 240
"""Passes over the sample of MINIBATCHES per rate, and in a last attempt at the best of them. A
smaller sample is passed as often as makes as many updates."""
TINY, TINY_PASSES = 16, 6000
"""Items up to which the last attempt makes this many updates: exclusive or with sigmoid units and
squared error takes thousands (Rumelhart et al. 1986)."""
RATES_OF_OTHERS = 2
"""Rates that another optimizer is tried at."""
STRONG_DROPOUT = 0.6
STRONG_DECAY = 1e-3
"""Dropout, and rate times weight decay (the share of each weight that an update takes away),
from which the sample is learnt once more as declared."""
REGULARIZED_PATIENCE = 3
"""How many times as many passes dropout is given."""


@dataclass
class Attempt:
    """One rate on the sample."""

    lr: float
    scores: list[float] = field(default_factory=list)
    losses: list[float] = field(default_factory=list)
    response: float | None = None
    """How much the outputs of the trained model differ between items."""
    train_mode_score: float | None = None
    """With the statistics of each batch, where layers normalise by batch."""

    @property
    def best(self) -> float:
        """Best score of any pass; minus infinity when it diverged at once."""
        return max(self.scores, default=float("-inf"))


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
        attempts.append(_attempt(ctx, replace(bare, lr=lr, epochs=passes), sample, target))
        ctx.progress(len(attempts), len(rates) + 1, f"learning rate {lr:g}")
        if attempts[-1].best >= target:
            break
    best = max(attempts, key=lambda attempt: attempt.best)
    if best.best < target:
        longer = replace(bare, lr=best.lr, epochs=last_passes, schedule=_settling)
        attempts.append(_attempt(ctx, longer, sample, target))
        best = max(attempts, key=lambda attempt: attempt.best)
    seen = ctx.data.train if isinstance(ctx.data.train, TensorData) else sample
    chance = ctx.task.chance_score(sample.y)
    fresh = build_model(ctx.experiment, ctx.seed_for("fit"), ctx.device)
    return Evidence(
        {
            **linearity(ctx, sample),
            **marks,
            **(contradictions(seen.x, seen.y) if ctx.task.target_kind == "class index" else {}),
            **_with_standard_inputs(ctx, replace(bare, lr=best.lr), sample, best, target),
            **_with_usual_optimizer(ctx, bare, sample, target, marks),
            **_with_regularization(ctx, replace(bare, lr=best.lr), sample, best, perfect),
            "response": max(response(fresh, sample), *(a.response or 0.0 for a in attempts)),
            "train_mode_progress": None
            if best.train_mode_score is None
            else (best.train_mode_score - chance) / max(1e-9, perfect - chance),
            "items": len(sample),
            "minibatch": size,
            "best_score": best.best,
            "perfect": perfect,
            "reached": best.best >= target,
            "best_lr": best.lr,
            "attempts": len(attempts),
            "passes": len(best.scores),
            "chance": chance,
            "progress": (best.best - chance) / max(1e-9, perfect - chance),
        },
        {
            "score": tuple(best.scores),
            "loss": tuple(best.losses),
            "attempt_lr": tuple(attempt.lr for attempt in attempts),
            "attempt_score": tuple(attempt.best for attempt in attempts),
        },
    )


def _settling(progress: float) -> float:
    """A constant rate, and a tenth of it in the last quarter: what bounces around a minimum comes
    to rest there.
    """
    return 1.0 if progress < SETTLES_FROM else 0.1


def sample_size(ctx: Context) -> tuple[int, int]:
    """Items of the sample and of a minibatch.

    No more targets than a quarter of the model's trainable parameters: a logistic regression with
    14 weights cannot know 128 rows by heart, and nothing is wrong with it.
    """
    size = min(ctx.experiment.batch_size, LARGEST_MINIBATCH, sequences_per_batch(ctx))
    model = build_model(ctx.experiment, ctx.seed_for("size"), ctx.device)
    parameters = sum(p.numel() for p in model.parameters() if p.requires_grad)
    _, y = next(iter(ctx.data.val.eval_batches()))
    room = parameters // (PARAMETERS_PER_TARGET * max(1, y[0].numel()))
    count = min(MINIBATCHES * size, max(LEAST_ITEMS, room))
    return count, min(size, max(LEAST_MINIBATCH, count // MINIBATCHES))


def passes_over(sample: TensorData, minibatch: int) -> tuple[int, int]:
    """Passes per rate, and of the last attempt."""
    per_pass = max(1, round(len(sample) / minibatch))
    more = max(1.0, MINIBATCHES / per_pass)
    last = math.ceil(LAST_PASSES * more)
    if len(sample) <= TINY:
        last = max(last, math.ceil(TINY_PASSES / per_pass))
    return math.ceil(PASSES * more), last


def sequences_per_batch(ctx: Context) -> int:
    """Items per minibatch when every item has many targets: a sequence of 64 tokens is as much
    to remember as 64 images.
    """
    _, y = next(iter(ctx.data.val.eval_batches()))
    targets = y[0].numel() if ctx.task.target_kind == "class index" else 1
    return max(1, MOST_TARGETS // (MINIBATCHES * targets))


def candidate_rates(experiment: Experiment) -> list[float]:
    """Usual rates of the optimizer, and the declared one behind the first."""
    rates = list(usual_rates(experiment))
    if experiment.lr is not None and experiment.lr not in rates:
        rates.insert(1, experiment.lr)
    return rates


def _with_standard_inputs(
    ctx: Context, bare: Experiment, sample: TensorData, best: Attempt, target: float
) -> dict[str, Scalar]:
    """Whether the sample is learnt on standardised inputs; looked at where it is not learnt as it
    is, and the inputs are far from zero mean and unit scale.
    """
    data = ctx.data
    if best.best >= target or not isinstance(data.train, TensorData):
        return {}
    size, widest = input_scale(data.train.x)
    if size is None or widest is None or not far_from_unit(size, widest):
        return {}
    standard = with_standard_inputs(bare, data)
    passes, _ = passes_over(sample, bare.batch_size)
    for lr in dict.fromkeys([bare.lr or 0.0, *usual_rates(bare)[:RATES_OF_OTHERS]]):
        attempt = _attempt(ctx, replace(standard, lr=lr, epochs=passes), sample, target)
        if attempt.best >= target:
            return {"input_feature_size": size, "learnt_on_standard_inputs": True}
    return {"learnt_on_standard_inputs": False}


def _with_usual_optimizer(
    ctx: Context, bare: Experiment, sample: TensorData, target: float, marks: dict[str, Scalar]
) -> dict[str, Scalar]:
    """How much of the sample is learnt with usual settings of the optimizer, and in how many
    passes; looked at where the declared ones change the rate by orders.
    """
    if not suspicious(marks):
        return {}
    usual = with_usual_settings(bare, str(marks["usual_optimizer"]))
    chance, perfect = ctx.task.chance_score(sample.y), target + ctx.task.tolerance
    best = Attempt(0.0)
    passes, _ = passes_over(sample, bare.batch_size)
    for lr in candidate_rates(usual)[:RATES_OF_OTHERS]:
        attempt = _attempt(ctx, replace(usual, lr=lr, epochs=passes), sample, target)
        best = max(best, attempt, key=lambda one: one.best)
        if best.best >= target:
            break
    return {
        "usual_optimizer_progress": (best.best - chance) / max(1e-9, perfect - chance),
        "usual_optimizer_passes": len(best.scores),
    }


def _with_regularization(
    ctx: Context, experiment: Experiment, sample: TensorData, best: Attempt, perfect: float
) -> dict[str, Scalar]:
    """The share of the way from chance to perfect that is reached as declared, with dropout and
    weight decay; looked at only where one of them is strong and the sample can be learnt.
    """
    target = perfect - ctx.task.tolerance - 1e-9
    decay = ctx.experiment.weight_decay or 0.0
    model = build_model(ctx.experiment, ctx.seed_for("fit"), ctx.device)
    dropout = max((m.p for m in model.modules() if isinstance(m, nn.modules.dropout._DropoutNd)),  # noqa: SLF001
                  default=0.0)  # fmt: skip
    strong = dropout >= STRONG_DROPOUT or best.lr * decay >= STRONG_DECAY
    if best.best < target or not strong:
        return {}
    passes = REGULARIZED_PATIENCE * len(best.scores) + passes_over(sample, experiment.batch_size)[0]
    declared = replace(experiment, weight_decay=decay, epochs=passes)
    attempt = _attempt(ctx, declared, sample, target, regularized=True)
    chance = ctx.task.chance_score(sample.y)
    return {"regularized_progress": (attempt.best - chance) / max(1e-9, perfect - chance)}


def _attempt(
    ctx: Context,
    experiment: Experiment,
    sample: TensorData,
    target: float,
    *,
    regularized: bool = False,
) -> Attempt:
    attempt = Attempt(experiment.lr or 0.0)
    training = Training(
        experiment,
        Splits(sample, sample),
        seed=ctx.seed_for("fit"),
        device=ctx.device,
        way=ctx.careful_way,
    )
    with nullcontext() if regularized else no_dropout(training.model):
        for epoch in training.epochs():
            if epoch.diverged:
                break
            attempt.scores.append(epoch.figures["val_score"])
            attempt.losses.append(epoch.figures["val_loss"])
            if attempt.scores[-1] >= target:
                break
    attempt.response = response(training.model, sample)
    if attempt.best < target:
        attempt.train_mode_score = train_mode_score(
            training.model, ctx.task, sample, experiment.batch_size
        )
    ctx.spend(len(attempt.scores) * training.iterations_per_epoch)
    attempt.scores = [score if score == score else float("-inf") for score in attempt.scores]  # noqa: PLR0124 - NaN
    return attempt


def reachable_score(task: Task, sample: TensorData) -> float:
    """The score of perfect memory: identical inputs with different labels cannot all be right."""
    if task.target_kind != "class index" or sample.y.ndim > 1:
        return task.perfect_score(sample.x, sample.y)
    return 1 - contradictions(sample.x, sample.y)["contradictory_share"]
