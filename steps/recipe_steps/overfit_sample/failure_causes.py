"""Why a sample cannot be learnt: marks of the model and of the data."""

import math
from collections import Counter, defaultdict
from collections.abc import Mapping
from contextlib import suppress

import torch
from torch import Tensor, nn

from recipe.plugin import (
    Context,
    Scalar,
    Task,
    TensorData,
    Tree,
    Values,
    WithoutLastActivation,
    batch_norms,
    build_model,
    every_tensor,
    full_precision,
    no_dropout,
    row_hashes,
    seeded,
)
from recipe_steps.initial_loss.last_operation import BOUNDED, depth, last_operation
from recipe_steps.overfit_sample.rules import LINEAR
from recipe_steps.rows import as_tensor

PAIRS = 16
MOVED = 0.05
"""Deviation of the noise on the weights, below that of usual initial weights."""
LEAST_SCALE = 1e-30


def linearity(ctx: Context, sample: TensorData) -> dict[str, Scalar]:
    """How far f(a + b) + f(0) - f(a) - f(b) is from zero, relative to the outputs' own changes,
    for f without the activation that it ends in; and the layers on the longest way through it.

    Zero for every model whose layers are linear, however many there are. The weights are moved a
    little at first: branches that start at zero are not linear for that. Batch normalisation
    takes the statistics of the sample, as it would after some training.
    """
    x = sample.x[: 2 * PAIRS]
    if isinstance(x, Tree) or not x.is_floating_point() or len(x) < 2:
        return {}
    half = len(x) // 2
    a, b = x[:half], x[half : 2 * half]
    if ctx.task.takes_trees and not isinstance(_outputs(ctx, x), Tensor):
        return {}
    with suppress(RuntimeError, IndexError, ValueError):  # columns of indices cannot be added
        model = moved_model(ctx, x)
        layers = depth(ctx.task.looked_at(model(x.clone())))
        with torch.no_grad():
            at_a, at_b, at_sum, at_zero = (
                ctx.task.looked_at(model(v.clone())) for v in (a, b, a + b, torch.zeros_like(a))
            )
        bend = (at_sum + at_zero - at_a - at_b).abs().max()
        scale = torch.maximum((at_a - at_zero).abs().max(), (at_b - at_zero).abs().max())
        scalars: dict[str, Scalar] = {"weight_layers": layers}
        if scale > LEAST_SCALE:
            scalars["nonlinearity"] = (bend / scale).item()
        return scalars
    return {}


@torch.no_grad()
def _outputs(ctx: Context, x: Values) -> Values:
    model = build_model(ctx.experiment, ctx.seed_for("linear"), ctx.device).eval()
    found: Values = ctx.task.looked_at(model(x.clone()))
    return found


def is_plane(linear: Mapping[str, Scalar]) -> bool:
    """Whether a model is one linear layer, by what `linearity` found."""
    bend, layers = linear.get("nonlinearity"), linear.get("weight_layers")
    return layers == 1 and isinstance(bend, float) and bend <= LINEAR


def moved_model(ctx: Context, x: Tensor) -> nn.Module:
    """In evaluation mode, its weights moved, without the activation that it ends in."""
    model = build_model(ctx.experiment, ctx.seed_for("linear"), ctx.device)
    operation = last_operation(ctx.task.looked_at(model.eval()(x.clone())))
    with torch.no_grad(), seeded(ctx.seed_for("linear"), ctx.device):
        for parameter in model.parameters():
            parameter.add_(MOVED * torch.randn_like(parameter))
        for layer in batch_norms(model):
            layer.momentum = None  # the mean over all batches so far
        model.train()(x.clone())
        model.eval()
    return WithoutLastActivation(model).eval() if operation in BOUNDED else model


@torch.no_grad()
def response(model: nn.Module, sample: TensorData) -> float:
    """How much the outputs differ between items, relative to their size; of a trained model."""
    outputs = as_tensor(model.eval()(sample.x.clone()))
    if outputs is None:
        return math.inf  # no tensors whose differences could be looked at
    outputs = outputs.float()
    spread = (outputs - outputs.mean(0, keepdim=True)).abs().max()
    return float(spread / outputs.abs().max().clamp(min=LEAST_SCALE))


@torch.no_grad()
def train_mode_score(
    model: nn.Module, task: Task, sample: TensorData, batch_size: int
) -> float | None:
    """The score in training mode without dropout, as training saw it; None where no layer
    normalises by batch, since the two modes are then the same.
    """
    if not any(layer.track_running_stats for layer in batch_norms(model)):
        return None
    model.train()
    with no_dropout(model):
        parts = [task.sums(full_precision(model(x)), y) for x, y in sample.batches(batch_size)]
    return task.score(torch.stack(parts).sum(0))


def share_through_bottleneck(model: nn.Module, x: Tensor) -> float:
    """The R squared with which the narrowest linear layer lets items be restored: that of as many
    principal components (Baldi, Hornik 1989: no linear autoencoder does better).
    """
    widths = [m.out_features for m in model.modules() if isinstance(m, nn.Linear)]
    rows = x.detach().flatten(1).cpu().double()
    powers = torch.linalg.svdvals(rows - rows.mean(0)).square()
    narrowest = min(widths, default=len(powers))
    return float(powers[:narrowest].sum() / powers.sum().clamp(min=LEAST_SCALE))


def means_of_equal_rows(x: Values, y: Tensor) -> Tensor:
    """For each item the mean target of all items with its input; float64, in the shape of y."""
    _, index = torch.unique(torch.tensor(row_hashes(x)), return_inverse=True)
    index = index.to(y.device)
    flat = y.reshape(len(y), -1).double()
    sums = flat.new_zeros(len(y), flat.shape[1]).index_add_(0, index, flat)
    counts = torch.bincount(index, minlength=len(y)).clamp(min=1).unsqueeze(1)
    return (sums / counts)[index].reshape(y.shape)


@torch.no_grad()
def recalibrated_score(
    model: nn.Module, task: Task, sample: TensorData, batch_size: int
) -> float | None:
    """The score in evaluation mode once the running statistics are the means over one pass; None
    where no layer keeps any. The model's statistics are changed.
    """
    layers = [layer for layer in batch_norms(model) if layer.track_running_stats]
    if not layers:
        return None
    for layer in layers:
        layer.reset_running_stats()
        layer.momentum = None  # the mean over all batches so far
    model.train()
    with no_dropout(model):
        for x, _ in sample.batches(batch_size):
            model(x)
        batches = sample.batches(len(sample))
        parts = [task.sums(full_precision(model.eval()(x)), y) for x, y in batches]
    return task.score(torch.stack(parts).sum(0))


def contradictions(x: Values, y: Values) -> dict[str, float]:
    """Shares of items whose input occurs again, and that no memory can get right since others
    with the same input have another label.
    """
    if isinstance(y, Tree) or y.numel() != len(y):
        return {}
    labels: dict[int, Counter[float]] = defaultdict(Counter)
    for row, label in zip(row_hashes(x), y.flatten().tolist(), strict=True):
        labels[row][label] += 1
    again = sum(count.total() for count in labels.values() if count.total() > 1)
    wrong = sum(count.total() - max(count.values()) for count in labels.values())
    return {
        "repeated_share": again / len(x), "contradictory_share": wrong / len(x),
        "values_of_an_input": len(x) and sum(t.numel() for t in every_tensor(x)) / len(x),
    }  # fmt: skip
