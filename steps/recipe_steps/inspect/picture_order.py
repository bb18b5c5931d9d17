"""Whether pictures were reshaped from height x width x channel in place of being permuted."""

import torch
from torch import Tensor

from recipe.plugin import Scalar, Values, as_channels_last
from recipe_steps.rows import main_part

LOOKED_AT, LEAST_ITEMS, LEAST_SIDE, MOST_CHANNELS = 256, 20, 8, 8
"""Pictures, the fewest that tell anything, their smallest side, and channels of a picture."""


def picture_order(x: Values) -> dict[str, Scalar]:
    """`smoother_channels_last`: the share of the pictures [n, C, H, W] in which values above one
    another are closer when they are read as height x width x channel; nothing for other inputs.

    In a picture that was permuted, what stands above a pixel is its neighbour; in one that was
    reshaped it comes from another row, several pixels away. Only this direction tells: the next
    value in a row of a scrambled picture is another channel of the same pixel.
    """
    main = main_part(x)
    if main is None or main.ndim != 4 or len(main) < LEAST_ITEMS:
        return {}
    _, channels, height, width = main.shape
    if not 1 < channels <= MOST_CHANNELS or min(height, width) < LEAST_SIDE:
        return {}
    some = main[:LOOKED_AT].float()
    own, other = _steps_down(some), _steps_down(as_channels_last(some))
    tells = own != other
    if not bool(tells.any()) or not bool(torch.isfinite(own + other).all()):
        return {}
    return {"smoother_channels_last": float((other < own)[tells].float().mean())}


def _steps_down(pictures: Tensor) -> Tensor:
    """Mean difference [n] between each value and the one below it."""
    return (pictures[:, :, 1:] - pictures[:, :, :-1]).abs().mean((1, 2, 3))
