"""Whether the scale of inputs or targets hurts: suspected from figures, decided by training.

Where features or targets are far from unit scale, short trainings as declared are compared with
trainings on standardised ones, from the same weights and batches, each at the best of a few
rates. A model that normalises by itself shows no difference.
"""

import math
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import replace
from statistics import fmean

import torch
from torch import Tensor

from recipe.context import Context
from recipe.errors import RecipeError
from recipe.experiment import Experiment
from recipe.results import Scalar
from recipe.training.data import Splits, TensorData
from recipe.training.loop import Training
from recipe.training.optimizers import usual_rates
from recipe_steps.inspect.remedies import (
    feature_figures,
    target_figures,
    with_scaled_targets,
    with_standard_inputs,
)

LARGE, SMALL = 10.0, 0.05
"""Root mean square of a feature above which, and deviation of all features below which, the
scale is suspected; likewise of targets."""
ITERATIONS = 100
RATES = 2
TAIL = 20
SOME = 512


def scaling(ctx: Context, train: TensorData) -> dict[str, Scalar]:
    """Figures of the scale and, on suspicion, what standardising brings.

    `<what>_scale_gain` is the loss that standardising saves in a short training, as a share of
    the loss of a constant prediction; `raw_first_loss` and `standard_first_loss` are the losses
    of the first iterations.
    """
    if ctx.experiment.update is not None or not isinstance(ctx.data.train, TensorData):
        return {}
    scalars: dict[str, Scalar] = {}
    suspects = []
    if train.x.is_floating_point() or train.x.dtype == torch.uint8:
        mean, deviation = feature_figures(train.x)
        size = torch.hypot(mean, deviation).max().item()
        widest = deviation.max().item()
        scalars |= {"input_feature_size": size, "input_feature_deviation": widest}
        if size > LARGE or 0 < widest < SMALL:
            suspects.append("input")
    if ctx.task.target_kind == "real":
        mean, deviation = target_figures(train.y)
        size, narrowest = torch.hypot(mean, deviation).max().item(), deviation.max().item()
        scalars |= {"target_size": size, "target_deviation": narrowest}
        if (size > LARGE or 0 < narrowest < SMALL) and _is_distance(ctx.experiment, train.y):
            suspects.append("target")
    if not suspects:
        return scalars
    try:
        return scalars | _probe(ctx, suspects)
    except (RecipeError, RuntimeError, ValueError, TypeError, IndexError):
        return scalars  # targets out of range, columns that are indices: others say so


def _probe(ctx: Context, suspects: list[str]) -> dict[str, Scalar]:
    """What each suspect costs when all others are mended."""
    all_mended, first = _progress(ctx, suspects)
    scalars: dict[str, Scalar] = {"mended_progress": all_mended, "standard_first_loss": first}
    for suspect in suspects:
        without, raw = _progress(ctx, [other for other in suspects if other != suspect])
        scalars[f"{suspect}_progress"] = without
        scalars[f"{suspect}_scale_gain"] = all_mended - without
        if suspect == "input":
            scalars["raw_first_loss"] = raw
        ctx.progress(1, 1, f"training with {suspect}s as they are, and standardised")
    return scalars


def _progress(ctx: Context, mended: Iterable[str]) -> tuple[float, float]:
    """How far below a constant prediction's loss training comes, as a share of it; at worst -1,
    where it diverges. Beside it the loss of the first iteration.
    """
    experiment, data = ctx.experiment, ctx.data
    for what in mended:
        if what == "input":
            experiment = with_standard_inputs(experiment, data)
        else:
            data = with_scaled_targets(data)
    own = [experiment.lr] if experiment.lr is not None else []
    rates = dict.fromkeys([*own, *usual_rates(experiment)[:RATES]])
    courses = [_losses(ctx, experiment, data, lr) for lr in rates]
    reference = _constant_loss(experiment, data)
    finals = [fmean(losses[-TAIL:]) for losses in courses if len(losses) == ITERATIONS]
    firsts = [losses[0] for losses in courses if losses]
    if not finals or not reference > 0:
        return -1.0, firsts[0] if firsts else math.nan
    return min(1.0, max(-1.0, 1 - min(finals) / reference)), firsts[0]


def _losses(ctx: Context, experiment: Experiment, data: Splits, lr: float) -> list[float]:
    training = Training(
        replace(experiment, lr=lr), data, seed=ctx.seed_for("scaling"), device=ctx.device,
        rates=[lr] * ITERATIONS, way=ctx.careful_way,
    )  # fmt: skip
    losses = training.losses(lambda _: False)
    ctx.spend(len(losses))
    return losses


def _is_distance(experiment: Experiment, y: Tensor) -> bool:
    """Whether the loss is one of distances, which a common scale leaves the same."""
    if experiment.loss is None:
        return True
    with suppress(RuntimeError, ValueError, TypeError, IndexError):
        some = y[:SOME].float()
        return abs(float(experiment.loss(some, some))) < 1e-6
    return False


@torch.no_grad()
def _constant_loss(experiment: Experiment, data: Splits) -> float:
    """The loss of equal logits, or of the mean of real targets, in the shape of the outputs."""
    if not isinstance(data.train, TensorData):
        return math.nan
    y = data.train.y[:SOME]
    model = experiment.model(**experiment.model_args).to(y.device).eval()
    outputs = model(data.train.x[:SOME].clone())
    constant = torch.zeros_like(outputs)
    if experiment.resolved_task.target_kind == "real":
        constant = y.float().mean(0, keepdim=True).expand_as(y).reshape(outputs.shape)
    return abs(float(experiment.loss_function(constant, y)))
