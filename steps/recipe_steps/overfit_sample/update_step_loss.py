"""What the loss inside a user's own update step does with outputs and targets."""

import math
from dataclasses import replace

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim import Optimizer

from recipe.plugin import (
    Batch,
    Context,
    Experiment,
    Scalar,
    Tree,
    Values,
    build_model,
    build_optimizer,
    no_dropout,
    own_update,
    seeded,
)
from recipe_steps.overfit_sample.failure_causes import LEAST_SCALE, MOVED

RATE = 1e-12
"""Of the update whose loss is looked at."""
SAME, APART = 1e-5, 1e-3
"""Relative differences of two losses that are the same but for rounding, and that are not."""


def inner_loss_marks(ctx: Context, batch: Batch) -> dict[str, Scalar]:
    """Whether the loss compares every output with every target, or takes probabilities for logits.

    The weights are moved a little, so that outputs differ between items in any case; real-valued
    targets are standardised, so that they differ about as much.
    """
    x, y = batch
    if isinstance(y, Tree):
        return {}
    if ctx.task.target_kind == "real" and len(y) > 1:
        y = (y - y.mean()) / y.std().clamp(min=LEAST_SCALE)
    outputs, reported = _update(ctx, x, y)
    return _broadcasting(ctx, (x, y), outputs, reported) | _squashing(ctx, outputs, y, reported)


def _update(ctx: Context, x: Values, y: Tensor) -> tuple[Tensor, float]:
    """Outputs of a fresh model, and the loss that the update step then returns for it."""
    model = build_model(ctx.experiment, ctx.seed_for("inner"), ctx.device).train()
    optimizer = build_optimizer(replace(ctx.experiment, weight_decay=0.0), model, RATE)
    with seeded(ctx.seed_for("inner"), ctx.device), no_dropout(model):
        with torch.no_grad():
            for parameter in model.parameters():
                parameter.add_(MOVED * torch.randn_like(parameter))
            outputs = ctx.task.looked_at(model(x.clone())).float()
        return outputs, reported_loss(ctx.experiment, model, optimizer, (x.clone(), y.clone()))


def reported_loss(
    experiment: Experiment, model: nn.Module, optimizer: Optimizer, batch: Batch
) -> float:
    """Make one of the user's own updates; the loss that it returns, be it a tensor or a number."""
    returned = own_update(experiment, model, optimizer, batch)
    return float(returned.detach() if isinstance(returned, Tensor) else returned)


def _broadcasting(
    ctx: Context, batch: tuple[Values, Tensor], outputs: Tensor, reported: float
) -> dict[str, Scalar]:
    """[N, 1] against [N]: the loss stays the same when the targets are handed on to the next item,
    and not when they change.
    """
    x, y = batch
    if ctx.task.target_kind == "class index" or outputs.numel() != y.numel():
        return {}
    if len(y) < 2 or len(torch.unique(y)) < 2:
        return {}
    _, rolled = _update(ctx, x, y.roll(1, 0))
    _, other = _update(ctx, x, y[:1].expand_as(y))
    if math.isclose(reported, rolled, rel_tol=SAME) and abs(reported - other) > APART * abs(other):
        return {
            "shape_problem": f"outputs of shape {list(outputs.shape)} against targets of shape "
            f"{list(y.shape)}, which the update step broadcasts against each other"
        }
    return {}


def _squashing(ctx: Context, outputs: Tensor, y: Tensor, reported: float) -> dict[str, Scalar]:
    """The task's loss of the outputs' softmax or sigmoid, where logits are wanted."""
    if ctx.task.target_kind == "class index" and outputs.ndim > 1:
        rows = outputs.movedim(ctx.task.class_axis(outputs, y), 1)
        if rows[:, 0].numel() == y.numel():  # masks [N, 1, H, W] too
            y = y.reshape(rows[:, 0].shape)
        plain, name = F.cross_entropy(rows, y), "softmax"
        squashed = F.cross_entropy(rows.softmax(1), y)
    elif ctx.task.target_kind == "zero or one" and outputs.numel() == y.numel():
        wanted = y.reshape(outputs.shape).float()
        plain, name = F.binary_cross_entropy_with_logits(outputs, wanted), "sigmoid"
        squashed = F.binary_cross_entropy_with_logits(outputs.sigmoid(), wanted)
    else:
        return {}
    differ = abs(float(plain - squashed)) > APART * abs(float(plain))
    if differ and math.isclose(reported, float(squashed), rel_tol=SAME):
        return {"update_squashes": name}
    return {}
