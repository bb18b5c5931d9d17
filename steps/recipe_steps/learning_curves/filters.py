"""The first layer of the best model as pictures: what it looks for."""

import math

import torch
from torch import Tensor, nn

from recipe.plugin import Context, Sheet, Trial
from recipe_steps.learning_curves.best_outputs import best_model
from recipe_steps.rows import main_part
from recipe_steps.sheets import encoded, flattened_side, pictures_of

MOST, ACROSS = 64, 16
LEAST_SIDE = 3
"""Pixels of a filter."""


@torch.no_grad()
def filter_sheet(ctx: Context, trial: Trial) -> dict[str, Sheet]:
    """The weights of the first convolution, or of a first linear layer that is given whole
    pictures, each from its smallest (black) to its largest (white); nothing for other models.
    """
    val = getattr(ctx.data.val, "x", None)
    part = None if val is None else main_part(val[:1])
    if part is not None and (side := flattened_side(ctx, part)) is not None:
        part = part.reshape(-1, 1, side, side)
    pictures = None if part is None else pictures_of(part)
    model = None if pictures is None else best_model(ctx, trial)
    if model is None or pictures is None:
        return {}
    first = next((m for m in model.modules() if isinstance(m, nn.Conv2d | nn.Linear)), None)
    weights = None if first is None else _as_pictures(first.weight, pictures)
    if weights is None or not bool(weights.isfinite().all()):
        return {}
    low, high = weights.amin((1, 2, 3), keepdim=True), weights.amax((1, 2, 3), keepdim=True)
    scaled = (weights - low) / (high - low).clamp(min=1e-12)
    made = Sheet(
        ("",) * len(scaled), pictures=encoded(scaled), across=min(ACROSS, len(scaled)),
        note=f"{len(first.weight)} filters, weights from {float(low.min()):.3g} to "  # type: ignore[union-attr]
        f"{float(high.max()):.3g}.",
    )  # fmt: skip
    return {"filters": made}


def _as_pictures(weight: Tensor, pictures: Tensor) -> Tensor | None:
    """Filters [n, 1 or 3, height, width]; None where they are none."""
    some = weight.detach()[:MOST].float().cpu()
    if some.ndim == 2:
        shape = pictures.shape[1:]
        if some.shape[1] != math.prod(shape):
            return None
        some = some.reshape(len(some), *shape)
    if some.ndim != 4 or min(some.shape[2:]) < LEAST_SIDE:
        return None
    return some if some.shape[1] == 3 else some.mean(1, keepdim=True)
