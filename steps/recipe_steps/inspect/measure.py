"""What can be read off the data and one forward pass."""

import math
import warnings
from collections import Counter
from contextlib import suppress

import torch
from torch import Tensor

from recipe.plugin import (
    ByLoss,
    Context,
    Embedding,
    Evidence,
    Scalar,
    TensorData,
    UsageError,
    build_model,
    error_location,
    seeded,
)
from recipe_steps.inspect.anatomy import anatomy
from recipe_steps.inspect.imbalance import class_counts
from recipe_steps.inspect.loss_call import loss_call
from recipe_steps.inspect.rules import ONE_INPUT
from recipe_steps.inspect.scaling import scaling
from recipe_steps.inspect.splits import (
    batch_order,
    compare_inputs,
    compare_labels,
    constant_features,
    repeats_of_classes,
    told_by_inputs,
)
from recipe_steps.rows import row_hashes

SAMPLE = 4096
"""Items drawn from a random data set, which cannot be looked at as a whole."""
FORWARD = 4
PAIRS = 64
"""Items whose targets are handed on to others to see what a loss compares."""
NAMED = 5
"""Places named in a message."""


def measure(ctx: Context) -> Evidence:
    """Scalars about inputs, targets, outputs and the split.

    Raises:
        UsageError: the model cannot process a batch of the data.

    """
    generator = torch.Generator().manual_seed(ctx.seed_for("sample"))
    train, val = (
        part if isinstance(part, TensorData) else part.sample(SAMPLE, generator)
        for part in (ctx.data.train, ctx.data.val)
    )
    scalars: dict[str, Scalar] = {
        "train_items": len(ctx.data.train),
        "val_items": len(ctx.data.val),
        "val_answers": ctx.val_answers(val.y),
        "input_shape": str(list(train.x.shape[1:])),
        "target_shape": str(list(train.y.shape[1:])),
        "target_kind": ctx.task.target_kind,
        "scored_by_loss": isinstance(ctx.task, ByLoss),
        "deterministic": ctx.data.train.deterministic,
        "items_rewritten": getattr(ctx.data.train, "rewritten", False),
    }
    for name, part in (("train", train), ("val", val)):
        scalars |= _inputs(part.x, name) | _targets(_counted(ctx, part.y), name)
    if not (scalars["train_input_nonfinite"] or scalars["train_target_nonfinite"]):
        scalars |= _outputs(ctx, train)
        scalars |= class_counts(ctx, train)
        scalars |= _repeats(train.x, val.x) | repeats_of_classes(train.x, train.y)
        if (scalars["most_frequent_input"] or 0) >= ONE_INPUT:  # type: ignore[operator]
            scalars["told_by_inputs"] = told_by_inputs(train.x, train.y)
        whole = isinstance(ctx.data.train, TensorData) and isinstance(ctx.data.val, TensorData)
        if whole:
            scalars |= compare_inputs(train.x, val.x)
        labels = not train.y.is_floating_point() or ctx.task.target_kind == "zero or one"
        if whole and labels and train.y.numel() == len(train):
            scalars |= compare_labels(_counted(ctx, train.y), _counted(ctx, val.y))
        if not ctx.experiment.shuffle and isinstance(ctx.data.train, TensorData):
            scalars |= batch_order(
                train.y, ctx.experiment.batch_size, ctx.task.target_kind, ctx.seed_for("order")
            )
        if scalars.get("shape_problem") is None:
            scalars |= loss_call(ctx, train)
            scalars |= anatomy(ctx, train)
            scalars |= scaling(ctx, train)
    return Evidence(scalars)


def _counted(ctx: Context, y: Tensor) -> Tensor:
    """The targets without those that loss and score ignore."""
    counted = ctx.task.counted(y)
    return y if bool(counted.all()) else y[counted]


def _inputs(x: Tensor, name: str) -> dict[str, Scalar]:
    scalars: dict[str, Scalar] = {f"{name}_input_nonfinite": 0}
    if x.is_floating_point():
        bad = ~torch.isfinite(x)
        scalars[f"{name}_input_nonfinite"] = int(bad.sum())
        if bad.any():
            scalars[f"{name}_input_nonfinite_where"] = _where(bad)
        good = x[~bad] if bad.any() else x
    else:
        good = x.float()
    if good.numel():
        scalars[f"{name}_input_mean"] = good.mean().item()
        scalars[f"{name}_input_std"] = good.std(correction=0).item()
        scalars[f"{name}_input_min"] = good.min().item()
        scalars[f"{name}_input_max"] = good.max().item()
    return scalars


def _where(bad: Tensor) -> str:
    """Columns of a table, or first indices of anything else."""
    if bad.ndim == 2:
        columns = bad.any(0).nonzero().flatten().tolist()
        return f"columns {', '.join(map(str, columns[:NAMED]))}"
    items = bad.flatten(1).any(1) if bad.ndim > 1 else bad
    return f"items {', '.join(map(str, items.nonzero().flatten().tolist()[:NAMED]))}"


def _targets(y: Tensor, name: str) -> dict[str, Scalar]:
    bad = ~torch.isfinite(y) if y.is_floating_point() else torch.zeros_like(y, dtype=torch.bool)
    good = y[~bad]
    scalars: dict[str, Scalar] = {
        f"{name}_target_nonfinite": int(bad.sum()),
        f"{name}_target_integer": not y.is_floating_point() and not y.is_complex(),
        f"{name}_target_dtype": str(y.dtype).removeprefix("torch."),
    }
    if good.numel():
        scalars[f"{name}_target_min"] = good.min().item()
        scalars[f"{name}_target_max"] = good.max().item()
    return scalars


def _outputs(ctx: Context, train: TensorData) -> dict[str, Scalar]:
    model = build_model(ctx.experiment, ctx.seed_for("weights"), ctx.device).eval()
    x, y = train.x[:FORWARD], train.y[:FORWARD]
    try:
        with torch.no_grad(), seeded(ctx.seed_for("forward"), ctx.device):
            outputs = model(x)
    except Exception as error:
        raise UsageError(
            f"The model cannot process a batch of shape {list(x.shape)} and dtype "
            f"{str(x.dtype).removeprefix('torch.')}: {str(error).splitlines()[0]} "
            f"({error_location(error)}); match the model's first layer to the data."
        ) from error
    if not isinstance(outputs, Tensor):
        raise UsageError(
            f"The model returns {type(outputs).__name__}: return one tensor of outputs."
        )
    grouped = isinstance(ctx.task, Embedding) and outputs.ndim > 2
    return {
        # Which of a pair or triplet belong together, their places say.
        **({"targets_say_nothing": True} if grouped else {}),
        "outputs": ctx.task.n_outputs(outputs),
        "shape_problem": ctx.task.shape_problem(outputs, y)
        or _broadcasts(ctx, outputs, train.y[:PAIRS]),
    }


def _broadcasts(ctx: Context, outputs: Tensor, y: Tensor) -> str | None:
    """Whether an own loss compares every output with every target.

    [N, 1] against [N] broadcast to [N, N], also where the loss itself squeezes one of them: the
    loss then stays the same when the targets are handed on to the next item, and not when they
    change. It is tried on made-up outputs, which all differ, and as much as the targets do: those
    of a model whose last layer starts at zero are equal.

    Args:
        ctx: of the step.
        outputs: of some items, for their shape.
        y: targets of some more items.

    """
    shape = [len(y), *outputs.shape[1:]]
    if ctx.experiment.loss is None or math.prod(shape) != y.numel():
        return None
    if ctx.task.target_kind == "class index" or len(torch.unique(y)) < 2:
        return None
    made_up = torch.rand(shape, generator=torch.Generator().manual_seed(0)).to(y.device)
    if ctx.task.target_kind == "real":
        made_up = made_up * y.float().std() + y.float().mean()
    with suppress(Exception), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        own, rolled, other = (
            float(ctx.experiment.loss(made_up, targets))
            for targets in (y, y.roll(1, 0), y[:1].expand_as(y))
        )
        if math.isclose(own, rolled, rel_tol=1e-6) and not math.isclose(own, other, rel_tol=1e-6):
            return (
                f"outputs of shape {shape} against targets of shape {list(y.shape)}, which the "
                "loss broadcasts against each other"
            )
    return None


def _repeats(train: Tensor, val: Tensor) -> dict[str, Scalar]:
    """Validation items that stand in training too, beside how often training repeats itself."""
    rows = Counter(row_hashes(train))
    held = row_hashes(val)
    repeated = sum(count for count in rows.values() if count > 1)
    return {
        "most_frequent_input": max(rows.values()) / len(train),
        "overlap": sum(row in rows for row in held),
        "val_inputs_seen": len(held),
        "overlap_share": sum(row in rows for row in held) / len(held),
        "repeated_share": repeated / len(train),
    } | constant_features(train, len(rows))
