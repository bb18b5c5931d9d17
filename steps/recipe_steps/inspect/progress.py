"""How far a short training comes: what a suspicion is decided by."""

import math
from collections.abc import Sequence
from dataclasses import replace
from statistics import fmean

import torch

from recipe.plugin import (
    UNUSABLE,
    Context,
    Experiment,
    Splits,
    TensorData,
    Training,
    Tree,
    usual_rates,
)
from recipe_steps.loss_expectations import neutral_outputs

ITERATIONS = 100
RATES = 2
TAIL = 20
SOME = 512


def progress(
    ctx: Context,
    experiment: Experiment,
    data: Splits,
    *,
    planned: Sequence[float] | None = None,
) -> float:
    """How far below a constant prediction's loss training comes, as a share of it, at the best of
    a few rates, or at `planned` ones; at worst -1, where it diverges. NaN where the loss refuses
    the outputs, or those of a constant prediction.
    """
    own = [experiment.lr] if experiment.lr is not None else []
    constant = dict.fromkeys([*own, *usual_rates(experiment)[:RATES]])
    tried = [planned] if planned else [[lr] * ITERATIONS for lr in constant]
    try:
        courses = [_losses(ctx, experiment, data, rates) for rates in tried]
        if experiment.resolved_task.takes_trees:  # what a constant prediction is nobody knows
            reference = next((losses[0] for losses in courses if losses), math.nan)
        else:
            reference = _constant_loss(experiment, data)
    except UNUSABLE:  # targets out of range, columns that are indices: others say so
        return math.nan
    finals = [fmean(losses[-TAIL:]) for losses in courses if len(losses) == len(tried[0])]
    if not finals or not reference > 0:
        return -1.0
    return min(1.0, max(-1.0, 1 - min(finals) / reference))


def first_loss(ctx: Context, experiment: Experiment, data: Splits) -> float:
    """The loss of the first batch; NaN where the loss refuses the outputs."""
    try:
        losses = _losses(ctx, experiment, data, usual_rates(experiment)[:1])
    except UNUSABLE:
        return math.nan
    return losses[0] if losses else math.nan


def _losses(
    ctx: Context, experiment: Experiment, data: Splits, rates: Sequence[float]
) -> list[float]:
    training = Training(
        replace(experiment, lr=max(rates)), data, seed=ctx.seed_for("scaling"), device=ctx.device,
        rates=rates, mode=ctx.careful_mode,
    )  # fmt: skip
    losses = training.losses(lambda _: False)
    ctx.spend(len(losses))
    return losses


@torch.no_grad()
def _constant_loss(experiment: Experiment, data: Splits) -> float:
    """The loss of outputs that prefer no class, or of the mean of real targets."""
    count = min(SOME, data.train.eval_size)
    if isinstance(data.train, TensorData):
        x, y = data.train.copied(0, count)
        some = replace(data.train, x=x, y=y, device=None)
    else:
        some = data.train.sample(count, torch.Generator().manual_seed(0))
    y = some.y
    if isinstance(y, Tree):
        return math.nan
    model = experiment.model(**experiment.model_args).to(y.device).eval()
    outputs = experiment.resolved_task.looked_at(model(some.x.clone()))
    constant = neutral_outputs(experiment, outputs, y)
    if experiment.resolved_task.target_kind == "real":
        constant = y.float().mean(0, keepdim=True).expand_as(y).reshape(outputs.shape)
    return abs(float(experiment.loss_function(constant, y)))
