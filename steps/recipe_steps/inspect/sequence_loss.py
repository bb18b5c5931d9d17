"""What a loss makes of sequences: the steps that count, and the target of each output."""

from contextlib import suppress

import torch
from torch import Tensor

from recipe.plugin import Context, Scalar, Values
from recipe_steps.inspect import sequence_data as data
from recipe_steps.inspect.passes import Passes

LARGEST = 1 << 22
"""Made-up outputs in all."""
ITEMS, STEPS = 2, 32
ONE_STEP = 0.9
"""Share of the change of a gradient that one step has when one target is another."""


def loss_shift(ctx: Context, outputs: Tensor, y: Tensor) -> int | None:
    """By how many steps the loss moves targets: output t is compared with target t + shift. None
    where it cannot be told.

    Args:
        ctx: of the step.
        outputs: [n, T, C] of a model, for their shape.
        y: targets [n, T].

    """
    if ctx.experiment.update is not None:
        return None
    if not callable(ctx.experiment.loss):
        return 0
    steps = min(y.shape[1], STEPS)
    most = ctx.task.counted(y[:, :steps]).sum(1).argsort(descending=True, stable=True)[:ITEMS]
    y = y[most, :steps]
    counted = ctx.task.counted(y)
    labels = torch.unique(y[counted])
    places = counted.all(0).nonzero().flatten()
    if len(labels) < 2 or not len(places):
        return None
    place = int(places[len(places) // 2])
    other = y.clone()
    other[:, place] = torch.where(y[:, place] == labels[0], labels[1], labels[0])
    shape = [len(y), steps, outputs.shape[2]]
    before, after = _gradient(ctx, shape, y), _gradient(ctx, shape, other)
    if before is None or after is None:
        return None
    moved = (before - after).abs().sum((0, 2))
    if not bool(moved.max() > ONE_STEP * moved.sum()):
        return None
    return place - int(moved.argmax())


def padding_in_loss(
    passed: Passes, x: Values, y: Tensor, known: list[data.Padding]
) -> dict[str, Scalar]:
    """Share of the steps that count in the loss which are padding; nothing where that is not known:
    of a model that computes its loss itself, or an update step of the user's own.
    """
    ctx = passed.ctx
    if data.targets_beside(x) or ctx.experiment.update is not None:
        return {}
    padded = next((each.certain for each in known[::-1] if each.real.shape == y.shape), None)
    if padded is None and ctx.task.name == "sequence_to_sequence":
        real = data.before_padding(y)
        padded = None if real is None else data.Padding("", real, told=False).certain
    if padded is None or not bool(padded.any()):
        return {}
    counted = ctx.task.counted(y)
    if callable(ctx.experiment.loss):
        rows = padded.any(1).nonzero().flatten()
        found = _counted_by_loss(passed, x, y, rows)
        if found is None:
            return {}
        counted, padded = found, padded[rows[: len(found)]]
    elif ctx.task.name not in data.TOKEN_TASKS:
        return {}
    return {"padding_in_loss": float((counted & padded).sum() / counted.sum().clamp(min=1))}


def _counted_by_loss(passed: Passes, x: Values, y: Tensor, rows: Tensor) -> Tensor | None:
    """Which steps of the first of some items the declared loss looks at: outputs of the others get
    no gradient.
    """
    outputs = passed(x[:ITEMS])
    if outputs is None or outputs.ndim != 3 or outputs.shape[1] != y.shape[1]:
        return None
    rows = rows[: max(ITEMS, LARGEST // outputs[0].numel())]
    gradient = _gradient(passed.ctx, [len(rows), *outputs.shape[1:]], y[rows])
    return None if gradient is None else (gradient.abs().amax(2) > 0).to(y.device)


def _gradient(ctx: Context, shape: list[int], y: Tensor) -> Tensor | None:
    """Of the loss, with respect to made-up outputs. On the processor: what a loss refuses on an
    accelerator may abort that for good.
    """
    leaf = torch.randn(shape, generator=torch.Generator().manual_seed(0)).requires_grad_()
    with suppress(Exception), torch.enable_grad():
        loss = ctx.experiment.loss_function(leaf.clone(), y.cpu().clone())
        (gradient,) = torch.autograd.grad(loss, leaf)
        return gradient if bool(torch.isfinite(gradient).all()) else None
    return None
