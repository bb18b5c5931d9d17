"""How much of a picture the best model needs: its detail, the arrangement of its parts, and where
things are. It is asked about validation pictures that were made coarse, cut up or moved.
"""

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional as F

from recipe.plugin import (
    ByLoss,
    Context,
    Scalar,
    TensorData,
    Trial,
    lead_error,
    model_outputs,
    part_sums,
)
from recipe_steps.learning_curves.best_outputs import best_model
from recipe_steps.sheets import CHANNELS

SOME, LEAST = 1000, 100
"""Pictures that are looked at, and from which anything is said."""
LEAST_SIDE = 16
"""Pixels of a side."""
SHIFT = 8
"""A move is by an eighth of the side."""


@torch.no_grad()
def detail_marks(ctx: Context, trial: Trial) -> dict[str, Scalar]:
    """Scores of the best model on some validation pictures: as they are (`detail_whole`), at half
    and at a quarter of their size and enlarged again, with their quarters in another order, and
    moved; `detail_error` is the standard error of the difference between the first two.

    The model was trained on whole pictures: what it loses may be its habit. What it does not lose
    it does not need.
    """
    val = ctx.data.val
    if not isinstance(val, TensorData) or isinstance(ctx.task, ByLoss) or len(val) < LEAST:
        return {}
    x = val.x
    if not isinstance(x, Tensor) or x.ndim != 4 or not x.is_floating_point():
        return {}
    if x.shape[1] not in CHANNELS or min(x.shape[2:]) < LEAST_SIDE or not isinstance(val.y, Tensor):
        return {}
    model = best_model(ctx, trial)
    if model is None or val.y.numel() != len(val):
        return {}
    some = val.sample(SOME, torch.Generator().manual_seed(ctx.seed_for("detail")))

    def sums(change: Callable[[Tensor], Tensor]) -> Tensor | None:
        changed = TensorData(change(some.x), some.y, eval_size=some.eval_size)  # type: ignore[arg-type]
        return part_sums(ctx.experiment, model_outputs(model, changed), len(changed))

    whole, half = sums(lambda pictures: pictures), sums(lambda pictures: coarse(pictures, 2))
    if whole is None or half is None:
        return {}
    found: dict[str, Scalar] = {
        "detail_whole": ctx.task.score(whole.sum(0)),
        "detail_half": ctx.task.score(half.sum(0)),
        "detail_error": lead_error(ctx.task, whole, half, ctx.seed_for("detail")),
        "detail_side": min(x.shape[2:]),
    }
    others: dict[str, Callable[[Tensor], Tensor]] = {
        "quarter": lambda pictures: coarse(pictures, 4),
        "rearranged": rearranged, "moved": moved_aside,
    }  # fmt: skip
    for name, change in others.items():
        if (scored := sums(change)) is not None:
            found[f"detail_{name}"] = ctx.task.score(scored.sum(0))
    return found


def coarse(x: Tensor, times: int) -> Tensor:
    """Pictures [n, c, h, w] made smaller by so many times, and enlarged again."""
    small = [max(1, side // times) for side in x.shape[2:]]
    shrunk = F.interpolate(x.float(), small, mode="area")
    large = F.interpolate(shrunk, list(x.shape[2:]), mode="bilinear", align_corners=False)
    return large.to(x.dtype)


def rearranged(x: Tensor) -> Tensor:
    """Their quarters in another order: each goes to the opposite corner."""
    return x.roll((x.shape[2] // 2, x.shape[3] // 2), (2, 3))


def moved_aside(x: Tensor) -> Tensor:
    """Moved to one side by an eighth, the edge repeated."""
    by = max(1, x.shape[3] // SHIFT)
    return torch.cat([x[..., :1].expand(*x.shape[:3], by), x[..., :-by]], 3)
