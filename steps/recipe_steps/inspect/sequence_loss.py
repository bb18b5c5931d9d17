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
STRAY = 0.05
"""Share of the items whose targets end before the inputs do, above which they do not belong to them
step by step."""
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
    own = data.targets_beside(x) and not hasattr(passed.model, "config")  # Hugging Face's: -100
    if own or ctx.experiment.update is not None:
        return {}
    counted = ctx.task.counted(y)
    padded = _padded(passed, y, counted, known)
    if padded is None or not bool(padded.any()):
        return {}
    if callable(ctx.experiment.loss):
        rows = padded.any(1).nonzero().flatten()
        found = _counted_by_loss(passed, x, y, rows)
        if found is None:
            return {}
        counted, padded = found, padded[rows[: len(found)]]
    elif ctx.task.name not in data.TOKEN_TASKS:
        return {}
    return {"padding_in_loss": float((counted & padded).sum() / counted.sum().clamp(min=1))}


def _padded(passed: Passes, y: Tensor, counted: Tensor, known: list[data.Padding]) -> Tensor | None:
    """Which targets [n, T] are padding: where the inputs are that they belong to, or where they
    themselves say so. Targets of a translation are no shorter where the source is.
    """
    config = getattr(passed.model, "config", None)
    translates = passed.ctx.task.name == "sequence_to_sequence"
    if not translates and not getattr(config, "is_encoder_decoder", False):
        fitting = [each for each in known if each.real.shape == y.shape]
    else:
        fitting = [each for each in known[1:] if each.real.shape == y.shape]
        if not fitting and (real := data.before_padding(y)) is not None:
            fitting = [data.Padding("", real, told=False)]
    if not fitting or _end(counted).lt(_end(fitting[-1].real) - 1).float().mean() > STRAY:
        return None
    return fitting[-1].certain


def _end(marked: Tensor) -> Tensor:
    """Of each row [n, T] the last step that is marked; -1 without one."""
    places = torch.arange(1, marked.shape[1] + 1, device=marked.device)
    return (marked * places).amax(1) - 1


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
