"""Whether the last layer's bias stands at the base rate, and what it brings to set it there."""

from dataclasses import replace
from typing import Any

import torch
from torch import Tensor, nn

from recipe.plugin import UNUSABLE, Context, Experiment, Scalar, TensorData, usual_rates
from recipe_steps.inspect.progress import first_loss, progress

TIMES = 2.0
"""Loss of outputs that prefer nothing over that of the base rate, from which it is worth a try:
classes of one in eight and rarer, targets whose mean is as large as their deviation."""
ITERATIONS = 40
LEAST_SHARE = 1e-4
"""Of a class that no item of the sample has."""


def last_bias_marks(
    ctx: Context, sample: TensorData, known: dict[str, Scalar]
) -> dict[str, Scalar]:
    """Of a task's own loss, where the base rate has a far lower one than outputs that prefer
    nothing: how far a short training comes as it is and with the bias set, as shares of a constant
    prediction's loss, and the first loss with it.
    """
    expected, floor, outputs = (known.get(name) for name in ("expected", "floor", "n_outputs"))
    numbers = isinstance(expected, float) and isinstance(floor, float) and isinstance(outputs, int)
    if ctx.experiment.loss is not None or not numbers or not isinstance(sample.y, Tensor):
        return {}
    if not 0 < TIMES * floor <= expected:  # type: ignore[operator]
        return {}
    values = base_rate(ctx, sample.y, outputs)  # type: ignore[arg-type]
    name = last_layer(ctx.experiment.model(**ctx.experiment.model_args), len(values))
    if name is None or not bool(values.isfinite().all()):
        return {}
    rate = ctx.experiment.lr if ctx.experiment.lr is not None else usual_rates(ctx.experiment)[0]
    plain = replace(ctx.experiment, update=None)
    try:
        biased, planned = with_bias(plain, values), [rate] * ITERATIONS
        own = progress(ctx, plain, ctx.data, planned=planned)
        found = progress(ctx, biased, ctx.data, planned=planned)
        first = first_loss(ctx, biased, ctx.data)
    except UNUSABLE:
        return {}
    return {"bias_layer": name, "bias_progress": found, "bias_own_progress": own,
            "bias_first_loss": first}  # fmt: skip


def base_rate(ctx: Context, y: Tensor, n_outputs: int) -> Tensor:
    """The outputs [n_outputs] of the best constant prediction, on the processor."""
    counted = ctx.task.counted(y)
    if ctx.task.target_kind == "class index":
        counts = torch.bincount(y[counted].flatten().cpu(), minlength=n_outputs).double()
        return (counts / counts.sum()).clamp(min=LEAST_SHARE).log()
    mean = y.detach().cpu().double().reshape(-1, n_outputs).mean(0)
    if ctx.task.target_kind == "real":
        return mean
    return mean.clamp(LEAST_SHARE, 1 - LEAST_SHARE).logit()


def last_layer(model: nn.Module, n_outputs: int) -> str | None:
    """Name of the last layer that has weights, where it has a bias for each output."""
    layers = [
        (name, module) for name, module in model.named_modules()
        if isinstance(getattr(module, "weight", None), Tensor) and module.weight.ndim > 1
    ]  # fmt: skip
    if not layers:
        return None
    name, module = layers[-1]
    bias = getattr(module, "bias", None)
    return name if isinstance(bias, Tensor) and bias.numel() == n_outputs else None


def with_bias(experiment: Experiment, values: Tensor) -> Experiment:
    """The same whose fresh models have this bias in their last layer."""
    make = experiment.model

    def biased(**given: Any) -> nn.Module:
        model = make(**given)
        name = last_layer(model, len(values))
        if name is not None:
            bias = model.get_submodule(name).bias
            with torch.no_grad():
                bias.copy_(values.to(bias).reshape(bias.shape))  # type: ignore[operator,arg-type]
        return model

    return replace(experiment, model=biased)
