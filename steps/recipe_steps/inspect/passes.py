"""Passes of one fresh model in evaluation mode, to compare its outputs for changed inputs."""

from contextlib import suppress
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from recipe.plugin import Context, Values, build_model, seeded

ROUNDING = 1e-5
"""Of the largest output."""
AWAKE = 0.05
"""Spread of weights that start at zero: behind them nothing would show."""


@dataclass(frozen=True)
class Passes:
    """A model that is asked for outputs."""

    ctx: Context
    model: nn.Module

    def __call__(self, x: Values, draw: str = "sequences") -> Tensor | None:
        """Outputs of which the task makes its score; None where there is no tensor of them.

        Args:
            x: inputs, which stay as they are.
            draw: what the random numbers of the pass are drawn for.

        """
        with suppress(Exception), torch.no_grad(), seeded(self.ctx.seed_for(draw), self.ctx.device):
            found = self.ctx.task.looked_at(self.model(x.clone()))
            if isinstance(found, Tensor) and found.is_floating_point() and found.ndim > 1:
                return found.float()
        return None

    def steady(self, x: Values) -> Tensor | None:
        """Outputs, if other random numbers give the same."""
        first, again = self(x), self(x, "again")
        return None if first is None or again is None or differ(first, again) else first


def awake(ctx: Context) -> Passes:
    """A fresh model with small random weights where all of a tensor are zero."""
    model = build_model(ctx.experiment, ctx.seed_for("weights"), ctx.device).eval()
    with torch.no_grad(), seeded(ctx.seed_for("awake"), ctx.device):
        for parameter in model.parameters():
            if parameter.numel() and not bool(parameter.any()):
                parameter.normal_(std=AWAKE)
    return Passes(ctx, model)


def differ(a: Tensor, b: Tensor) -> bool:
    """Whether outputs differ by more than rounding."""
    return a.shape != b.shape or float((a - b).abs().max()) > ROUNDING * float(a.abs().max())
