"""A few items as the model gets them in training, after the random transforms, and their labels."""

import torch
from torch import Tensor

from recipe.plugin import UNUSABLE, Context, Sheet, TensorData, augmented, seeded
from recipe_steps.sheets import each_label, is_single, sheet_of

MOST, MOST_CLASSES = 40, 40
"""Tiles of a sheet, and classes that are shown at all."""
WITHOUT_CLASSES = 24
DRAWN = 2000
"""Items that some of each class are looked for in."""


def sample_sheet(ctx: Context) -> dict[str, Sheet]:
    """Items of every class, or any ones where there are no classes, as `samples`."""
    generator = torch.Generator().manual_seed(ctx.seed_for("shown"))
    drawn = ctx.data.train.sample(ctx.most_items(DRAWN), generator)
    chosen = _of_each_class(ctx, drawn) or list(range(min(WITHOUT_CLASSES, len(drawn))))
    few = drawn.part(chosen)
    try:
        with seeded(ctx.seed_for("shown"), ctx.device):
            x = augmented(ctx.experiment, few.x.clone())
    except UNUSABLE:
        return {}  # said where training begins
    changed = "After the random transforms of training. " if ctx.experiment.augment else ""
    made = sheet_of(ctx, x, each_label(ctx, few), changed.strip())
    return {} if made is None else {"samples": made}


def _of_each_class(ctx: Context, drawn: TensorData) -> list[int]:
    """Places of as many items of each class as there is room for, class by class."""
    if ctx.task.target_kind == "real" or not is_single(drawn) or not isinstance(drawn.y, Tensor):
        return []
    y = drawn.y.flatten().cpu()
    classes = torch.unique(y)[:MOST_CLASSES].tolist()
    each = max(1, MOST // max(1, len(classes)))
    each = 4 if 4 < each < 8 else min(each, 8)
    return [
        place for label in classes for place in (y == label).nonzero().flatten()[:each].tolist()
    ][:MOST]
