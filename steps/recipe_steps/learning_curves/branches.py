"""Interventions: a suspicion is put to the test by training once more, from the same seed and on
the same batches, with one thing changed. A branch shares all updates up to the changed one.
"""

import math
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace

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
from recipe_steps.learning_curves.run_curves import (
    MOST_BRANCHES,
    WITHOUT,
    Branch,
    Run,
    branch_key,
    late_mean,
    wins,
)
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


@dataclass(frozen=True)
class Suspicion:
    """What a branch puts to the test."""

    rule: str
    experiment: Experiment
    epoch: int = 0
    """That it begins at."""
    rates: Sequence[float] | None = None
    """None where nothing regularises."""


def branch(ctx: Context, trial: Trial, run: Run) -> dict[str, Scalar]:
    """What branches of this run brought; nothing without a suspicion.

    What brings most stays mended, and the others are tried on top of it: of two faults the smaller
    may show only so.
    """
    experiment = ctx.experiment_of(trial)
    if trial.status != "finished":
        return {}
    made: list[Branch] = []
    adopted: Branch | None = None
    open_ones = suspicions(ctx, experiment, run)
    while open_ones:
        better: list[tuple[Suspicion, Branch]] = []
        for one in open_ones:
            if len(made) == MOST_BRANCHES or not affordable(ctx, experiment):
                break
            ctx.progress(0, 1, f"a branch for {one.rule}")
            found = _tested(ctx, _on_top(one, adopted), adopted, run)
            made.append(found)
            if wins(run, found):
                better.append((one, found))
                if one.rule not in WITHOUT:
                    break
        if not better or better[-1][0].rule not in WITHOUT:
            break
        best, adopted = max(better, key=lambda pair: pair[1].score or -math.inf)
        open_ones = [one for one in open_ones if one is not best]
    scalars: dict[str, Scalar] = {}
    for number, one_made in enumerate(made):
        scalars |= _figures(branch_key(number), one_made)
    return scalars


def suspicions(ctx: Context, experiment: Experiment, run: Run) -> list[Suspicion]:
    """Of a run, those of its schedule first; one of the model where there is no other."""
    planned = planned_rates(experiment, ctx.data)
    found = []
    if (epoch := suspect_no_decay(run)) is not None:
        rates = lowered(experiment, ctx, epoch)
        found.append(Suspicion("needs-lr-decay", experiment, epoch, rates))
    elif (epoch := suspect_early_decay(run)) is not None:
        rates = kept(experiment, ctx, epoch)
        found.append(Suspicion("decayed-too-early", experiment, epoch, rates))
    elif vanishes_early(planned):
        found.append(Suspicion("decayed-too-early", experiment, 0, unspent(planned)))
    if suspect_augmentation(run):
        plain = replace(experiment, augment=None)
        found.append(Suspicion("augmentation-too-strong", plain, 0, planned))
    if suspect_regularization(run):
        found.append(Suspicion("regularization-too-strong", experiment))
    alone = all(one.rule == "augmentation-too-strong" for one in found)
    if alone and suspect_model(run) and (simple := linear(ctx, experiment)) is not None:
        found.append(Suspicion("underfitting", simple, 0, planned_rates(simple, ctx.data)))
    return found


def _on_top(one: Suspicion, adopted: Branch | None) -> Suspicion:
    """The same suspicion, with another one mended."""
    mended = adopted.rule if adopted else None
    if mended == "augmentation-too-strong":
        return replace(one, experiment=replace(one.experiment, augment=None))
    if mended == "regularization-too-strong":
        return replace(one, rates=None)
    return one


def _tested(ctx: Context, one: Suspicion, adopted: Branch | None, run: Run) -> Branch:
    fit = _train(ctx, one.experiment, one.rates)
    same_loss = one.rates is not None or not run.smoothing
    late = late_mean(fit.curves.get("val_score", []))
    found = Branch(
        one.rule, one.epoch, fit.best_score, fit.best_loss if same_loss else None, late
    )  # fmt: skip
    if adopted is None:
        return found
    return replace(found, on=adopted.rule, on_score=adopted.score, on_loss=adopted.loss)


def _figures(key: str, made: Branch) -> dict[str, Scalar]:
    scalars: dict[str, Scalar] = {
        key: made.rule, f"{key}_epoch": made.epoch, f"{key}_score": made.score,
        f"{key}_loss": made.loss, f"{key}_late": made.late,
    }  # fmt: skip
    if made.on is None:
        return scalars
    return scalars | {
        f"{key}_on": made.on, f"{key}_on_score": made.on_score, f"{key}_on_loss": made.on_loss
    }  # fmt: skip


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
    numbers, or too many, where targets have their shape, since a linear model then hands them
    through, or where the loss does not take outputs that are not bounded.
    """
    train = ctx.data.train
    if not isinstance(train, TensorData) or isinstance(train.y, Tree):
        return None
    x = train.x
    if isinstance(x, Tree) or not x.is_floating_point() or x.ndim < 2:
        return None
    if x.shape == train.y.shape and x[:1].numel() > 1:
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
