"""How often each class occurs, and whether the loss makes up for it."""

from collections import Counter
from contextlib import suppress

import torch
from torch import Tensor

from recipe.plugin import Context, Scalar, TensorData, Tree, build_model
from recipe_steps.loss_expectations import neutral_outputs


def class_counts(ctx: Context, train: TensorData) -> dict[str, Scalar]:
    """Classes, the size of the largest and of the smallest (in pixels or tokens, where the task
    counts these), values per item, and how many times more a value of the smallest weighs in the
    loss.
    """
    if ctx.task.target_kind == "real":
        return {}
    if isinstance(train.y, Tree):
        return {}
    values = train.y.flatten()
    counted = train.y[ctx.task.counted(train.y)].flatten()  # without ignored labels
    by, several = ctx.task.counts_by, values.numel() != len(train)
    if several and by == "items" and ctx.task.target_kind == "class index":
        return {"classes": int(torch.unique(counted).numel())}  # words: frequencies mean nothing
    counts = _counts(counted) if by != "items" else Counter(counted.tolist()).most_common()
    if not counts:
        return {"classes": 0}
    scalars: dict[str, Scalar] = {
        **({} if by == "items" else {"counted_by": by}),
        "classes": len(counts),
        "largest_class": counts[0][1],
        "smallest_class": counts[-1][1],
        "values_per_item": values.numel() / len(train),
    }
    if ctx.experiment.loss is not None and values.numel() == len(train) and len(counts) > 1:
        with suppress(Exception):  # a loss or a model that others speak about
            scalars["rare_weight"] = _weight_ratio(ctx, train, counts[-1][0], counts[0][0])
    return scalars


def _counts(values: Tensor) -> list[tuple[float, int]]:
    """Each of many values and how often it occurs, the most frequent first."""
    classes, counts = torch.unique(values, return_counts=True)
    pairs = zip(classes.tolist(), counts.tolist(), strict=True)
    return sorted(pairs, key=lambda pair: -pair[1])


def _weight_ratio(ctx: Context, train: TensorData, rare: float, frequent: float) -> float | None:
    """The gradient of an item of one class over that of an item of the other, both at outputs
    that prefer nothing: 1 for a loss without weights, however it is written.
    """
    if isinstance(train.y, Tree):
        return None
    values = train.y.flatten()
    pair = [int((values == label).nonzero()[0]) for label in (rare, frequent)]
    x, y = train.x[pair], train.y[pair]
    model = build_model(ctx.experiment, ctx.seed_for("weights"), ctx.device).eval()
    with torch.no_grad():
        outputs = ctx.task.looked_at(model(x.clone()))
    even: Tensor = neutral_outputs(ctx.experiment, outputs, y).detach().requires_grad_()
    with torch.enable_grad():
        (gradient,) = torch.autograd.grad(ctx.experiment.loss_function(even, y), even)
    first, second = gradient.flatten(1).norm(dim=1).tolist()
    return first / second if second else None
