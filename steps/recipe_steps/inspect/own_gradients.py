"""Whether a backward pass of the user's own gives the gradient of its forward."""

import torch
from torch import Tensor, nn

from recipe.plugin import Context, Scalar, Values, own_functions, plainly, seeded

APART = 1e-3
"""Relative difference that rounding does not leave."""


def own_gradients(ctx: Context, model: nn.Module, x: Values) -> dict[str, Scalar]:
    """`own_backward`: the names of the functions of torch.autograd that are the user's, in a model
    whose gradients are others with what PyTorch makes of their forward; `own_backward_apart`: by
    how much, relative to those. Nothing where there are none, or they agree.

    Args:
        ctx: of the step.
        model: fresh.
        x: a few items.

    """
    try:
        own = _outputs(ctx, model, x)
        classes = own_functions(own)
        if not classes:
            return {}
        gradient = _gradient(model, own)
        with plainly(classes):
            plain = _gradient(model, _outputs(ctx, model, x))
    except Exception:  # noqa: BLE001 - a forward may not be differentiable, or raise of itself
        return {}
    size = float(plain.norm())
    apart = float((gradient - plain).norm()) / size if size > 0 else 0.0
    if not apart > APART:
        return {}
    names = ", ".join(sorted(each.__name__ for each in classes))
    return {"own_backward": names, "own_backward_apart": min(apart, 1e9)}


def _outputs(ctx: Context, model: nn.Module, x: Values) -> Tensor:
    with seeded(ctx.seed_for("gradients"), ctx.device):
        outputs = ctx.task.looked_at(model.eval()(x.clone()))
    if not isinstance(outputs, Tensor):
        raise TypeError
    return outputs


def _gradient(model: nn.Module, outputs: Tensor) -> Tensor:
    """Of a random sum of the outputs, over all weights."""
    weights = [p for p in model.parameters() if p.requires_grad]
    draw = torch.randn(outputs.shape, generator=torch.Generator().manual_seed(0))
    found = torch.autograd.grad((outputs * draw.to(outputs)).sum(), weights, allow_unused=True)
    kept = [
        torch.zeros_like(p) if g is None else g for p, g in zip(weights, found, strict=True)
    ]  # fmt: skip
    return torch.cat([g.flatten().double() for g in kept])
