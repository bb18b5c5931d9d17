"""Random changes of a batch of images, each image its own."""

from collections.abc import Callable
from functools import partial

import torch
from torch import Tensor
from torch.nn import functional as F

SHIFT = 0.125
"""Of the side of an image: 4 pixels of 32, the usual augmentation of CIFAR-10."""


def augmentation(name: str) -> Callable[[Tensor], Tensor] | None:
    """The function of this name; None for `none`."""
    return None if name == "none" else partial(moved, flip=name == "flip")


def moved(x: Tensor, *, flip: bool) -> Tensor:
    """Images [N, C, H, W], each moved by up to an eighth of its side, edges repeated.

    Flip and shift are one affine map per image; whole pixels and the nearest sample copy values.
    """
    n, _, height, width = x.shape
    maps = torch.zeros(n, 2, 3, device=x.device)  # in units where the image spans -1 to 1
    maps[:, 0, 0] = 1 - 2 * torch.randint(0, 2, (n,), device=x.device) if flip else 1
    maps[:, 1, 1] = 1
    for axis, side in enumerate((width, height)):
        most = round(SHIFT * side)
        by = torch.randint(-most, most + 1, (n,), device=x.device)
        maps[:, axis, 2] = by * 2 / side
    grid = F.affine_grid(maps, list(x.shape), align_corners=False)
    return F.grid_sample(x, grid, mode="nearest", padding_mode="border", align_corners=False)
