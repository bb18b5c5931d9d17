"""Matrices that a model holds itself, outside of torch's layers: weights of a recurrence or of an
attention written by hand.
"""

import math
from collections.abc import Iterator

import torch
from torch import Tensor, nn

LARGE = 2.5
"""Deviation over He's from which a matrix counts as too large; PyTorch's and Glorot's lie below
1.5."""


def own_matrices(model: nn.Module) -> Iterator[Tensor]:
    """Trainable parameters [n, m] of modules that are none of torch's own."""
    for module in model.modules():
        if not type(module).__module__.startswith("torch."):
            for parameter in module.parameters(recurse=False):
                if parameter.ndim == 2 and parameter.requires_grad:
                    yield parameter


def scale_of(matrix: Tensor) -> float:
    """Root mean square over sqrt(2 / fan-in) (He et al. 2015); which side is the fan-in nobody
    knows, so it is taken for the smaller one.
    """
    size = matrix.detach().float().square().mean().sqrt().item()
    return size * math.sqrt(min(matrix.shape) / 2)


@torch.no_grad()
def shrink_own_matrices(model: nn.Module) -> float | None:
    """Bring those that are too large to He's size, in place; the largest scale of these, None where
    there is none.
    """
    largest: float | None = None
    for matrix in own_matrices(model):
        scale = scale_of(matrix)
        if scale > LARGE and math.isfinite(scale):
            matrix.div_(scale)
            largest = max(scale, largest or 0.0)
    return largest
