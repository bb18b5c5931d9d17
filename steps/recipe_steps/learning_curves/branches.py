"""Interventions: a suspicion is put to the test by training once more, from the same seed and on
the same batches, with one thing changed. A branch shares all updates up to the changed one.
"""

from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import replace

import torch
from torch import nn

from recipe.plugin import (
    Context,
    Experiment,
    Fit,
    Scalar,
    TensorData,
    Training,
    Tree,
    Trial,
    build_model,
    iterations_per_epoch,
    loss_accepts,
    no_dropout,
    patience_for,
    planned_rates,
)
from recipe_steps.inspect.remedies import with_standard_inputs
from recipe_steps.learning_curves.regularization import suspect_regularization, unsmoothed
from recipe_steps.learning_curves.regularization_rules import suspect_augmentation
from recipe_steps.learning_curves.rules import suspect_model
from recipe_steps.learning_curves.run_curves import Run, late_mean
from recipe_steps.learning_curves.schedule_rules import (
    suspect_early_decay,
    suspect_no_decay,
    vanishes_early,
)

LOWER = 0.1
"""Of the rate, where a branch lowers it: one drop of the lecture's step schedule."""
LATE = 0.75
"""Share of training until which a branch keeps the old rate."""
LINEAR_RATE = 0.01
"""Of Adam, for a linear model on standardised inputs."""
MOST_WEIGHTS = 1_000_000
FEW, WIDE = 4, 3.0
"""Items that tell the shape of the outputs, and outputs that a linear model may well give."""
SHORT = 5000
"""Iterations of a training that is always affordable."""


def affordable(ctx: Context, experiment: Experiment) -> bool:
    """Whether a branch may be trained: proofs are on, and the budget is not used up; one of time
    has to pay for all of it.
    """
    if ctx.settings.verify_budget != "off" and ctx.meter.limits_time:
        left, epochs = ctx.epochs_left, experiment.epochs or 1
        return bool(ctx.decide("a branch", lambda: int(left is None or left >= epochs)))
    per_epoch = iterations_per_epoch(ctx.data.train, experiment.batch_size)
    short = (experiment.epochs or 1) * per_epoch <= SHORT
    return ctx.settings.verify_budget != "off" and (short or not ctx.meter.spent)


def branch(ctx: Context, trial: Trial, run: Run) -> dict[str, Scalar]:
    """What a branch of this run brought; nothing without a suspicion."""
    experiment = ctx.experiment_of(trial)
    if trial.status != "finished" or not affordable(ctx, experiment):
        return {}
    if (epoch := suspect_no_decay(run)) is not None:
        rule, rates = "needs-lr-decay", lowered(experiment, ctx, epoch)
    elif (epoch := suspect_early_decay(run)) is not None:
        rule, rates = "decayed-too-early", kept(experiment, ctx, epoch)
    elif vanishes_early(planned := planned_rates(experiment, ctx.data)):
        rule, epoch, rates = "decayed-too-early", 0, unspent(planned)
    elif suspect_augmentation(run):
        rule, epoch, rates = "augmentation-too-strong", 0, planned
        experiment = replace(experiment, augment=None)
    elif suspect_regularization(run):
        rule, epoch, rates = "regularization-too-strong", 0, None
    elif suspect_model(run) and (simple := linear(ctx, experiment)) is not None:
        rule, epoch, rates, experiment = "underfitting", 0, planned_rates(simple, ctx.data), simple
    else:
        return {}
    ctx.progress(0, 1, f"a branch for {rule}")
    fit = _train(ctx, experiment, rates)
    same_loss = rule != "regularization-too-strong" or not run.smoothing
    return {
        "branch": rule,
        "branch_epoch": epoch,
        "branch_score": fit.best_score,
        "branch_loss": fit.best_loss if same_loss else None,
        "branch_late": late_mean(fit.curves.get("val_score", [])),
    }


def lowered(experiment: Experiment, ctx: Context, epoch: int) -> list[float]:
    """The planned rates, a tenth of them from `epoch` on."""
    rates = planned_rates(experiment, ctx.data)
    first = epoch * iterations_per_epoch(ctx.data.train, experiment.batch_size)
    return [*rates[:first], *(LOWER * rate for rate in rates[first:])]


def kept(experiment: Experiment, ctx: Context, epoch: int) -> list[float]:
    """The planned rates, the one before `epoch` kept until late in training."""
    rates = planned_rates(experiment, ctx.data)
    first = epoch * iterations_per_epoch(ctx.data.train, experiment.batch_size)
    last = max(first, round(LATE * len(rates)))
    return [*rates[:first], *[rates[first - 1]] * (last - first), *rates[last:]]


def unspent(rates: Sequence[float]) -> list[float]:
    """The highest rate until late in training, and from there down to nothing."""
    last = round(LATE * len(rates))
    rest = len(rates) - last
    return [max(rates)] * last + [max(rates) * (1 - k / rest) for k in range(rest)]


def linear(ctx: Context, experiment: Experiment) -> Experiment | None:
    """The same training with a linear model on standardised inputs; None where these are not
    numbers, or too many, or where the loss does not take outputs that are not bounded.
    """
    train = ctx.data.train
    if not isinstance(train, TensorData) or isinstance(train.y, Tree):
        return None
    x = train.x
    if isinstance(x, Tree) or not x.is_floating_point() or x.ndim < 2:
        return None
    few = train.sample(FEW, torch.Generator().manual_seed(0))
    with torch.no_grad():
        model = build_model(experiment, ctx.seed, ctx.device).eval()
        outputs = ctx.task.looked_at(model(few.x.clone())).float().cpu()
    features, shape = x[0].numel(), outputs.shape[1:]
    # On the processor: what a loss refuses there would abort an accelerator for good.
    targets = train.y[:0] if isinstance(few.y, Tree) else few.y.cpu()
    unbounded = [scale * torch.ones_like(outputs) for scale in (-WIDE, WIDE)]
    if features * shape.numel() > MOST_WEIGHTS or not all(
        loss_accepts(experiment.loss_function, wide, targets) for wide in unbounded
    ):
        return None

    def make(**_: object) -> nn.Module:
        layers = [nn.Flatten(), nn.Linear(features, shape.numel()), nn.Unflatten(1, shape)]
        return nn.Sequential(*(layers if shape else [*layers[:2], nn.Flatten(0)]))

    plain = replace(
        experiment, model=make, model_args={}, optimizer="adam", lr=LINEAR_RATE, schedule="cosine",
        warmup=0.0, weight_decay=0.0, momentum=None, beta2=None, epsilon=None, clip_norm=None,
        augment=None, update=None, head=None, weights=None, freeze=0, begin_from=None, blocks=(),
    )  # fmt: skip
    return with_standard_inputs(plain, ctx.data)


def _train(ctx: Context, experiment: Experiment, rates: Sequence[float] | None) -> Fit:
    """With these rates; without any, the declared ones and nothing that regularises."""
    free = rates is None
    changed = experiment
    if free:
        changed = replace(
            experiment.with_params({"weight_decay": 0.0}), loss=unsmoothed(experiment.loss)
        )
    training = Training(
        changed, ctx.data, seed=ctx.seed, device=ctx.device, rates=rates, mode=ctx.careful_mode
    )
    epochs = experiment.epochs or 1
    fit = Fit(training, epochs, patience_for(epochs))
    with no_dropout(training.model) if free else nullcontext():
        fit.advance(epochs)
    ctx.meter.epochs += fit.done
    return fit
