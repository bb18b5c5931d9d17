"""What masks can be met by outputs that are computed on a coarse grid and upsampled (FCN, DeepLab).

Whether they are is looked at, not assumed: upsampling is linear, and outputs that come of it lie in
the small space that its matrix spans. What is reachable is then measured as well, by fitting the
values on that grid themselves to the masks: no weights could do better.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from recipe.plugin import UNUSABLE, Context, Scalar, Task, TensorData
from recipe_steps.overfit_sample.failure_causes import LEAST_SCALE, moved_model

STRIDES = (32, 16, 8, 4, 2)
SAME = 1e-4
"""Part of the outputs' spread that may lie outside of the space: rounding leaves 1e-6."""
LOOKED_AT = 2
MOST_OUTPUTS = 1 << 23
"""Numbers that are fitted at once, which limits the items that the reachable score is taken of."""
ROUNDS, RATE, ASKED = 160, 0.5, 20


@dataclass(frozen=True)
class Grid:
    """How values on a grid become outputs: `rows` [H, h] and `columns` [W, w]."""

    rows: Tensor
    columns: Tensor

    def outputs(self, values: Tensor) -> Tensor:
        """Values [N, C, h, w] to outputs [N, C, H, W]."""
        return self.rows @ values @ self.columns.T

    def values(self, outputs: Tensor) -> Tensor:
        """The values nearest to outputs, by least squares."""
        nearest: Tensor = torch.linalg.pinv(self.rows) @ outputs @ torch.linalg.pinv(self.columns).T
        return nearest

    @property
    def sides(self) -> str:
        """Its height and width, and those of the outputs, in words."""
        (height, h), (width, w) = self.rows.shape, self.columns.shape
        return f"{h} x {w} values, upsampled to {height} x {width}"


def reachable_on_grid(ctx: Context, sample: TensorData) -> dict[str, Scalar]:
    """The grid that a model computes its masks on, and the score that is reachable there; nothing
    where outputs are as fine as the masks, or are no masks.
    """
    x, y = sample.x, sample.y
    if ctx.task.counts_by != "pixels" or not (isinstance(x, Tensor) and isinstance(y, Tensor)):
        return {}
    try:
        model = moved_model(ctx, x[:LOOKED_AT])
        with torch.no_grad():
            outputs = ctx.task.looked_at(model(x[:LOOKED_AT].clone()))
    except UNUSABLE:
        return {}
    if not isinstance(outputs, Tensor) or outputs.ndim != 4 or outputs.shape[-2:] != y.shape[-2:]:
        return {}
    outputs = outputs.detach().cpu().double()
    grid = next((grid for grid in _grids(outputs) if _lies_on(outputs, grid)), None)
    if grid is None:
        return {}
    count = max(1, min(len(y), MOST_OUTPUTS // outputs[0].numel()))
    score = _best_score(ctx.task, grid, y[:count].cpu(), outputs.shape[1])
    return {"grid": grid.sides, "grid_score": score}


def _grids(outputs: Tensor) -> Iterator[Grid]:
    """The coarsest first."""
    height, width = outputs.shape[-2:]
    for stride in (max(height, width), *STRIDES):
        sides = math.ceil(height / stride), math.ceil(width / stride)
        if sides == (height, width):
            continue
        for way in ({"mode": "bilinear", "align_corners": False}, {"mode": "nearest"},
                    {"mode": "bilinear", "align_corners": True}, {"mode": "bicubic"}):  # fmt: skip
            yield Grid(_matrix(sides[0], height, way), _matrix(sides[1], width, way))


def _matrix(small: int, large: int, way: dict[str, Any]) -> Tensor:
    """Of upsampling along one axis [large, small], from what becomes of the unit vectors."""
    units = torch.eye(small, dtype=torch.float64).reshape(1, small, small, 1)
    return F.interpolate(units, size=(large, 1), **way)[0, :, :, 0].T


def _lies_on(outputs: Tensor, grid: Grid) -> bool:
    spread = outputs.std()
    rest = (outputs - grid.outputs(grid.values(outputs))).square().mean().sqrt()
    return bool(spread > LEAST_SCALE and rest <= SAME * spread)


def _best_score(task: Task, grid: Grid, y: Tensor, channels: int) -> float:
    """Of values on the grid that are fitted to the masks, beginning with the downsampled masks."""
    classes = task.target_kind == "class index"
    y = y.reshape(len(y), *y.shape[-2:])
    true = y.long() if classes else y.double()[:, None]
    counted = task.counted(y)
    grid = replace(grid, rows=grid.rows.float(), columns=grid.columns.float())
    known = true.where(counted, 0) if classes else true
    wanted = F.one_hot(known, channels).movedim(-1, 1) if classes else 2 * known - 1
    values = (4 * grid.values(wanted.float())).requires_grad_()
    optimizer = torch.optim.Adam([values], RATE)
    best = -math.inf
    for made in range(ROUNDS + 1):
        outputs = grid.outputs(values)
        if made % ASKED == 0:
            best = max(best, _score(task, outputs.detach(), y))
        loss = (
            F.cross_entropy(outputs, known, reduction="none")[counted].mean() if classes
            else F.binary_cross_entropy_with_logits(outputs, known.float())
        )  # fmt: skip
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
    return best


def _score(task: Task, outputs: Tensor, y: Tensor) -> float:
    if getattr(task, "threshold", 0.0) > 0:  # probabilities
        outputs = outputs.sigmoid()
    return task.score(task.sums(outputs, y))
