"""How often each class occurs, and whether the loss makes up for it."""

import json
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress

import torch
from torch import Tensor

from recipe.plugin import Context, Curve, Evidence, Scalar, TensorData, Tree, build_model
from recipe_steps.loss_expectations import neutral_outputs
from recipe_steps.sheets import class_names

SHOWN = 40
"""Classes of which a report shows the counts."""


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


def classes_by_split(ctx: Context, train: TensorData, val: TensorData) -> Evidence:
    """How many items of each class there are to train and to validate, where each item has one
    class and there are few of them.
    """
    if ctx.task.target_kind == "real" or isinstance(train.y, Tree) or isinstance(val.y, Tree):
        return Evidence()
    pair = train.y, val.y
    if any(y.numel() != len(part) for y, part in zip(pair, (train, val), strict=True)):
        return Evidence()
    sides = [y[ctx.task.counted(y)].flatten().long().cpu() for y in pair]
    there = torch.unique(torch.cat(sides)).tolist()
    if not there or min(there) < 0 or len(there) > SHOWN:
        return Evidence()
    names = class_names(ctx)
    told = [names[k] if k < len(names) else str(k) for k in there]
    counts = [torch.bincount(side, minlength=max(there) + 1)[there].tolist() for side in sides]
    curves = dict(zip(("train_by_class", "val_by_class"), map(_floats, counts), strict=True))
    return Evidence({"counted_classes": json.dumps(told)}, curves)


def _floats(values: Sequence[int]) -> Curve:
    return tuple(map(float, values))


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
    x, _ = train.part(pair).copied(0, len(pair))
    y = train.y[pair].to(ctx.device)
    model = build_model(ctx.experiment, ctx.seed_for("weights"), ctx.device).eval()
    with torch.no_grad():
        outputs = ctx.task.looked_at(model(x.clone()))
    even: Tensor = neutral_outputs(ctx.experiment, outputs, y).detach().requires_grad_()
    with torch.enable_grad():
        (gradient,) = torch.autograd.grad(ctx.experiment.loss_function(even, y), even)
    first, second = gradient.flatten(1).norm(dim=1).tolist()
    return first / second if second else None
