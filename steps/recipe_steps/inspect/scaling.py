"""Whether the scale of inputs or targets hurts: suspected from figures, decided by training.

Where features or targets are far from unit scale, short trainings as declared are compared with
trainings on standardised ones, from the same weights and batches, each at the best of a few
rates. A model that normalises by itself shows no difference.
"""

from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import replace

import torch
from torch import Tensor, nn

from recipe.plugin import (
    UNUSABLE,
    Context,
    Experiment,
    Scalar,
    Splits,
    TensorData,
    Tree,
    Values,
    build_model,
    no_dropout,
    planned_rates,
    seeded,
)
from recipe_steps.inspect.picture_order import picture_order
from recipe_steps.inspect.picture_values import picture_values
from recipe_steps.inspect.progress import SOME, TAIL, first_loss, progress
from recipe_steps.inspect.remedies import (
    part_figures,
    target_figures,
    with_scaled_targets,
    with_standard_inputs,
)
from recipe_steps.rows import figures_of

LARGE, SMALL = 10.0, 0.05
"""Root mean square of a feature above which, and deviation of all features below which, the
scale is suspected; likewise of targets."""
LOOKED_AT = 1024
"""Items that tell what scale the first layer sees."""
MOST_PLANNED = 600
"""Iterations of a declared training that is short enough to be tried whole."""
UNIT = 0.01
"""How far the norm of a row of unit norm may be from 1: half precision leaves 1e-3."""


def scale_figures(ctx: Context, train: TensorData) -> dict[str, Scalar]:
    """Figures of the scale; `<what>_scale_suspected` where they are far from unit scale, and for
    inputs the losses of the first batch as they are and standardised, which hardly take time.
    """
    if not isinstance(ctx.data.train, TensorData):
        return {}
    x, y = train.x, train.y
    few, _ = train.copied(0, LOOKED_AT)
    scalars: dict[str, Scalar] = {}
    size, widest = input_scale(x)
    if size is not None and widest is not None:
        scalars |= {"input_feature_size": size, "input_feature_deviation": widest}
        if scale_suspected(x, size, widest) and not _scales_itself(ctx, few):
            scalars["input_scale_suspected"] = True
    scalars |= picture_order(x)
    pictures = picture_values(x)
    if pictures:
        scalars |= {
            **pictures,
            "scales_itself": isinstance(few, Tensor) and _changes_inputs(ctx, few),
        }
    if ctx.task.target_kind == "real" and isinstance(y, Tensor):
        mean, deviation = target_figures(y)
        size, narrowest = torch.hypot(mean, deviation).max().item(), deviation.max().item()
        scalars |= {"target_size": size, "target_deviation": narrowest}
        if far_from_unit(size, narrowest) and _is_distance(ctx.experiment, y):
            scalars["target_scale_suspected"] = True
    if "input_scale_suspected" in scalars:
        suspects = _suspects(scalars)
        others = [what for what in suspects if what != "input"]
        scalars["raw_first_loss"] = first_loss(ctx, *_with_mended(ctx, others))
        scalars["standard_first_loss"] = first_loss(ctx, *_with_mended(ctx, suspects))
    return scalars


def scale_gains(ctx: Context, known: Mapping[str, Scalar]) -> dict[str, Scalar]:
    """What standardising brings where the scale is suspected: `<what>_scale_gain` is the loss that
    it saves in a short training, as a share of the loss of a constant prediction, when all other
    suspects are mended.

    Args:
        ctx: of the step.
        known: figures of the scale.

    """
    suspects = _suspects(known)
    if not suspects:
        return {}
    try:
        return _gains(ctx, suspects)
    except UNUSABLE:
        return {}  # targets out of range, columns that are indices: others say so


def _suspects(known: Mapping[str, Scalar]) -> list[str]:
    return [what for what in ("input", "target") if known.get(f"{what}_scale_suspected")]


def _scales_itself(ctx: Context, x: Values) -> bool:
    """Whether the first layer with weights sees unit scale: the model normalises its inputs."""
    seen = _first_seen(ctx, x)
    if isinstance(x, Tree) or seen is None or seen.shape[1:] != x.shape[1:]:
        return False  # of a tree, which part the first layer is given is not known
    size, widest = input_scale(seen)
    return size is not None and widest is not None and not far_from_unit(size, widest)


def _changes_inputs(ctx: Context, x: Tensor) -> bool:
    """Whether the first layer with weights sees other values than those that the model is given."""
    seen = _first_seen(ctx, x)
    if seen is None or seen[:1].numel() != x[:1].numel():
        return False
    given = x[: len(seen)].to(seen).reshape(seen.shape)
    return not torch.allclose(seen, given, rtol=1e-3, atol=1e-3)


@torch.no_grad()
def _first_seen(ctx: Context, x: Values) -> Tensor | None:
    """What the first layer with weights is given, in training mode; None where nothing is known."""
    if isinstance(x, Tree):
        return None
    model = build_model(ctx.experiment, ctx.seed_for("weights"), ctx.device).train()
    seen: list[Tensor] = []

    def see(_: nn.Module, inputs: tuple[Tensor, ...]) -> None:
        seen.extend(value.detach() for value in inputs[:1])

    layers = [m for m in model.modules() if isinstance(m, nn.Linear | nn.Conv1d | nn.Conv2d)]
    hooks = [layer.register_forward_pre_hook(see) for layer in layers]
    try:
        with no_dropout(model), seeded(ctx.seed_for("scale"), ctx.device):
            model(x[:LOOKED_AT].clone())
    except UNUSABLE:
        return None
    finally:
        for hook in hooks:
            hook.remove()
    return seen[0] if seen else None


def input_scale(x: Values) -> tuple[float | None, float | None]:
    """Largest root mean square and largest deviation of any feature; None for what is no number."""
    if isinstance(x, Tree):
        found = list(part_figures(x).values())
        if not found:
            return None, None
        sizes = [torch.hypot(mean, deviation).max().item() for mean, deviation in found]
        return max(sizes), max(deviation.max().item() for _, deviation in found)
    if not (x.is_floating_point() or x.dtype == torch.uint8):
        return None, None
    mean, deviation = figures_of(x)
    return torch.hypot(mean, deviation).max().item(), deviation.max().item()


def far_from_unit(size: float, deviation: float) -> bool:
    """Whether a scale is suspected."""
    return size > LARGE or 0 < deviation < SMALL


def scale_suspected(x: Values, size: float, deviation: float) -> bool:
    """Whether the scale of inputs is suspected."""
    if isinstance(x, Tree):
        return far_from_unit(size, deviation)
    return far_from_unit(size, deviation) and not unit_rows(x)


def unit_rows(x: Tensor) -> bool:
    """Whether all items of a table, or of sequences of vectors, were brought to length 1 or to a
    sum of 1 (a sentence embedding, TF-IDF, shares of a whole): each of d numbers is then about
    1 / sqrt(d) or 1 / d in size, by design. Rows of zeros are empty texts or padding.

    Columns that never vary are left out: one of ones would by itself make such rows.
    """
    if x.ndim not in (2, 3) or not x.is_floating_point():
        return False
    rows = x.detach().float().reshape(-1, x.shape[-1])
    rows = rows[:, (rows != rows[:1]).any(0)]
    rows = rows[(rows != 0).any(1)]
    if not len(rows):
        return False
    return any(
        bool(((torch.linalg.vector_norm(rows, order, 1) - 1).abs() < UNIT).all())
        for order in (1, 2)
    )


def _gains(ctx: Context, suspects: list[str]) -> dict[str, Scalar]:
    all_mended = progress(ctx, *_with_mended(ctx, suspects))
    scalars: dict[str, Scalar] = {"mended_progress": all_mended}
    for suspect in suspects:
        others = [other for other in suspects if other != suspect]
        without = progress(ctx, *_with_mended(ctx, others))
        scalars[f"{suspect}_progress"] = without
        scalars[f"{suspect}_scale_gain"] = all_mended - without
        if suspect == "target":
            scalars |= _as_declared(ctx)
        ctx.progress(1, 1, f"training with {suspect}s as they are, and standardised")
    return scalars


def _as_declared(ctx: Context) -> dict[str, Scalar]:
    """What standardised targets save at the declared rates and length: among other rates there may
    be one that makes up for their scale.
    """
    experiment = replace(ctx.experiment, update=None)
    planned = [] if experiment.lr is None else planned_rates(experiment, ctx.data)
    if not TAIL < len(planned) <= MOST_PLANNED:
        return {}
    own, standard = (
        progress(ctx, experiment, data, planned=planned)
        for data in (ctx.data, with_scaled_targets(ctx.data))
    )
    return {"target_declared_gain": standard - own, "target_declared_progress": own}


def _with_mended(ctx: Context, mended: Iterable[str]) -> tuple[Experiment, Splits]:
    # An update step of the user's own has its own faults; here the question is one of the data.
    experiment, data = replace(ctx.experiment, update=None), ctx.data
    for what in mended:
        if what == "input":
            experiment = with_standard_inputs(experiment, data)
        else:
            data = with_scaled_targets(data)
    return experiment, data


def _is_distance(experiment: Experiment, y: Tensor) -> bool:
    """Whether the loss is one of distances, which a common scale leaves the same."""
    if not callable(experiment.loss):
        return True
    with suppress(*UNUSABLE):
        some = y[:SOME].float()
        return abs(float(experiment.loss(some, some))) < 1e-6
    return False
