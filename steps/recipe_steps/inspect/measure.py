"""What can be read off the data and one forward pass."""

import json
import math
import warnings
from contextlib import suppress
from functools import partial

import torch
from torch import Tensor

from recipe.plugin import (
    ByLoss,
    Context,
    Embedding,
    Evidence,
    Scalar,
    TensorData,
    Tree,
    UsageError,
    Values,
    advice,
    build_model,
    error_location,
    evaluate,
    every_tensor,
    fails_already,
    in_a_line,
    seeded,
    shape_of,
)
from recipe_steps.inspect.imbalance import class_counts, classes_by_split
from recipe_steps.inspect.leaking_inputs import leaking_inputs, target_among_inputs
from recipe_steps.inspect.looks import items, looks, probes
from recipe_steps.inspect.loss_call import loss_call
from recipe_steps.inspect.repeats import all_repeats
from recipe_steps.inspect.splits import (
    batch_order,
    compare_inputs,
    compare_labels,
)
from recipe_steps.rows import main_part, parts

SAMPLE = 4096
"""Items drawn from a random data set, which cannot be looked at as a whole."""
FORWARD, VISITED = 4, 16
PAIRS = 64
"""Items whose targets are handed on to others to see what a loss compares."""
AT_ONCE = 1 << 24
"""Numbers that are looked at together: 64 MB."""
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
        "input_shape": shape_of(train.x),
        "target_shape": shape_of(train.y),
        "target_kind": ctx.task.target_kind,
        "class_names": json.dumps(ctx.experiment.classes) if ctx.experiment.classes else None,
        "scored_by_loss": isinstance(ctx.task, ByLoss),
        "deterministic": ctx.data.train.deterministic,
        "items_rewritten": getattr(ctx.data.train, "rewritten", False),
        "val_items_random": _random_validation(ctx),
    }
    for name, part in (("train", train), ("val", val)):
        scalars |= _inputs(part.x, name) | _all_targets(ctx, part.y, name)
    found = counted = Evidence()
    if not (scalars["train_input_nonfinite"] or scalars["train_target_nonfinite"]):
        scalars |= _outputs(ctx, train)
        scalars |= class_counts(ctx, train) | _label_values(ctx, (train, val), scalars)
        scalars |= ctx.in_time("repeated items", partial(all_repeats, train, val)) or {}
        reader = getattr(ctx.experiment.inputs, "reader", None)
        scalars["texts_as_numbers"] = bool(getattr(reader, "texts", ()))
        scalars |= ctx.in_time("the split", partial(_split, ctx, train, val)) or {}
        parts_of = (train.x, train.y), (val.x, val.y)
        scalars |= ctx.in_time("inputs beside labels", partial(leaking_inputs, *parts_of)) or {}
        answers = partial(target_among_inputs, *parts_of[0])
        scalars |= ctx.in_time("targets among inputs", answers) or {}
        if scalars.get("shape_problem") is None:
            scalars |= loss_call(ctx, train) | looks(ctx, train, lambda: _try_metric(ctx))
        if not fails_already(ctx, Evidence(scalars)):
            scalars |= probes(ctx, train, val, scalars)
        found = ctx.in_time("items to look at", partial(items, ctx, train), takes=1.0) or found
        whole = isinstance(ctx.data.train, TensorData) and isinstance(ctx.data.val, TensorData)
        counted = classes_by_split(ctx, train, val) if whole else counted
    return Evidence(
        {**scalars, **found.scalars, **counted.scalars}, {**found.curves, **counted.curves},
        found.sheets,
    )  # fmt: skip


def _random_validation(ctx: Context) -> bool:
    """Whether validation data that were declared apart are others at every visit."""
    own = ctx.experiment.val
    if ctx.data.val.deterministic or own is None or isinstance(own, int | float):
        return False
    visits = []
    for _ in range(2):
        generator = torch.Generator().manual_seed(ctx.seed_for("visit"))
        sample = ctx.data.val.sample(VISITED, generator)
        visits.append([tensor.clone() for tensor in every_tensor(sample.x)])
    return any(
        a.shape != b.shape or not torch.equal(a.nan_to_num(), b.nan_to_num())
        for a, b in zip(*visits, strict=False)
    )


def _split(ctx: Context, train: TensorData, val: TensorData) -> dict[str, Scalar]:
    """Training beside validation data, and the order of the former."""
    scalars: dict[str, Scalar] = {}
    whole = isinstance(ctx.data.train, TensorData) and isinstance(ctx.data.val, TensorData)
    pair = main_part(train.x), main_part(val.x)
    if whole and pair[0] is not None and pair[1] is not None:
        scalars |= compare_inputs(pair[0], pair[1])
    y = train.y
    if isinstance(y, Tree) or isinstance(val.y, Tree):
        return scalars
    labels = not y.is_floating_point() or ctx.task.target_kind == "zero or one"
    seen = len(train) == len(ctx.data.train) and len(val) == len(ctx.data.val)
    if seen and labels and y.numel() == len(train):
        scalars |= compare_labels(_counted(ctx, y), _counted(ctx, val.y))
    if not ctx.experiment.shuffle and isinstance(ctx.data.train, TensorData):
        scalars |= batch_order(
            y, ctx.experiment.batch_size, ctx.task.target_kind, ctx.seed_for("order")
        )
    return scalars


def _counted(ctx: Context, y: Tensor) -> Tensor:
    """The targets without those that loss and score ignore."""
    counted = ctx.task.counted(y)
    return y if bool(counted.all()) else y[counted]


def _inputs(x: Values, name: str) -> dict[str, Scalar]:
    scalars: dict[str, Scalar] = {f"{name}_input_nonfinite": 0}
    for part, values in parts(x).items():
        if not values.is_floating_point():
            continue
        bad = ~torch.isfinite(values)
        if bad.any():
            where = f"{part}: {_where(bad)}" if part else _where(bad)
            scalars[f"{name}_input_nonfinite_where"] = where
            scalars[f"{name}_input_nonfinite"] += int(bad.sum())  # type: ignore[operator]
    main = main_part(x)
    if main is None:
        return scalars
    found = _moments(torch.view_as_real(main) if main.is_complex() else main)
    return scalars | {f"{name}_input_{figure}": value for figure, value in found.items()}


def _moments(values: Tensor) -> dict[str, float]:
    """Mean, deviation and ends of the finite numbers, some items at a time: a copy of all of them
    in float32 would be four times as large as images of bytes, on a device that these fill.
    """
    each = max(1, AT_ONCE // max(1, values[:1].numel()))
    count, mean, squares = 0, 0.0, 0.0
    least, most = math.inf, -math.inf
    for start in range(0, len(values), each):
        part = values[start : start + each].float()
        part = part[torch.isfinite(part)]
        n = part.numel()
        if not n:
            continue
        here = part.mean().item()
        far = here - mean
        squares += (part - here).square().sum().item() + far**2 * count * n / (count + n)
        mean += far * n / (count + n)
        count += n
        least, most = min(least, part.min().item()), max(most, part.max().item())
    if not count:
        return {}
    return {"mean": mean, "std": math.sqrt(squares / count), "min": least, "max": most}


def _where(bad: Tensor) -> str:
    """Columns of a table, or first indices of anything else."""
    if bad.ndim == 2:
        columns = bad.any(0).nonzero().flatten().tolist()
        return f"columns {', '.join(map(str, columns[:NAMED]))}"
    items = bad.flatten(1).any(1) if bad.ndim > 1 else bad
    return f"items {', '.join(map(str, items.nonzero().flatten().tolist()[:NAMED]))}"


def _all_targets(ctx: Context, y: Values, name: str) -> dict[str, Scalar]:
    """Of one tensor of targets; of several those values alone that are not finite."""
    if isinstance(y, Tensor):
        return _targets(_counted(ctx, y), name)
    real = [values for values in every_tensor(y) if values.is_floating_point()]
    bad = sum(int((~torch.isfinite(values)).sum()) for values in real)
    return {f"{name}_target_nonfinite": bad}


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


def _label_values(
    ctx: Context, splits: tuple[TensorData, TensorData], known: dict[str, Scalar]
) -> dict[str, Scalar]:
    """The labels that there are, where they are none of the numbers that outputs have, but not more
    than there are outputs.
    """
    outputs = 2 if ctx.task.target_kind == "zero or one" else known.get("outputs")
    if (
        ctx.task.target_kind == "real"
        or not isinstance(outputs, int)
        or isinstance(ctx.task, ByLoss)
    ):
        return {}
    parts = [part.y for part in splits if isinstance(part.y, Tensor)]
    values = sorted({value for y in parts for value in torch.unique(_counted(ctx, y)).tolist()})
    if not values or len(values) > outputs or (values[0] >= 0 and values[-1] < outputs):
        return {}
    return {"label_values": ", ".join(f"{value:g}" for value in values)}


def _outputs(ctx: Context, train: TensorData) -> dict[str, Scalar]:
    model = build_model(ctx.experiment, ctx.seed_for("weights"), ctx.device).eval()
    x, y = train.copied(0, FORWARD)
    try:
        with torch.no_grad(), seeded(ctx.seed_for("forward"), ctx.device):
            outputs = model(x)
    except Exception as error:
        raise UsageError(
            f"The model cannot process a batch of {_described(x)}: {in_a_line(error)} "
            f"({error_location(error)}); {advice(model, x, error)}."
        ) from error
    if not isinstance(outputs, Tensor | Tree):
        raise UsageError(
            f"The model returns {type(outputs).__name__}: return a tensor of outputs, or pass "
            "outputs=, the name of the part that holds them or a function that takes it out."
        )
    outputs = ctx.task.looked_at(outputs)
    if isinstance(outputs, Tree) or isinstance(train.y, Tree):
        return {"outputs": None, "shape_problem": None}
    grouped = isinstance(ctx.task, Embedding) and outputs.ndim > 2
    return {
        # Which of a pair or triplet belong together, their places say.
        **({"targets_say_nothing": True} if grouped else {}),
        "outputs": ctx.task.n_outputs(outputs),
        "shape_problem": ctx.task.shape_problem(outputs, y)
        or _broadcasts(ctx, outputs, train.y[:PAIRS].to(ctx.device)),
    }


def _try_metric(ctx: Context) -> None:
    """Judge a fresh model by a metric of the user's: a gate that ends before the first trial would
    not call it.

    Raises:
        UsageError: it fails, or returns no number.

    """
    if callable(ctx.experiment.metric):
        model = build_model(ctx.experiment, ctx.seed_for("weights"), ctx.device)
        evaluate(model, ctx.experiment, ctx.data.val)


def _described(x: Values) -> str:
    """Shapes and types of inputs."""
    told = [
        f"{f'{name} of ' if name else ''}shape {list(part.shape)} and dtype "
        f"{str(part.dtype).removeprefix('torch.')}"
        for name, part in parts(x).items()
    ]
    return ", ".join(told) or f"{len(x)} separate items"


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
    if not callable(ctx.experiment.loss) or math.prod(shape) != y.numel():
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
