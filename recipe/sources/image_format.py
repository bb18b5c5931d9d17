"""How images become tensors of one size: from a few of them, what all of them need."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor
from torchvision.transforms import v2

from recipe.sources.image_check import CLEAR, DEEP, Look
from recipe.sources.image_files import ImageReader
from recipe.sources.image_rendering import rendering_of

LOOKED_AT = 64
"""Images whose size is read, spread over the data set, to see whether all are alike."""
MEASURED = 256
"""Images from which mean and deviation of each channel are taken."""
LARGEST_AS_IS = 96
"""Up to this side images of one size are taken as they are: larger ones cost time and memory that a
first run is better spent without."""
USUAL_SIDE = 64
LEAST_STD = 1e-3
"""Below it a channel is constant: dividing by it would make noise large."""


@dataclass(frozen=True)
class ImageFormat:
    """What an image is turned into."""

    size: int | None = None
    """Side of the square in pixels; None: as it is where all are alike and small, else 64."""
    least: int = 1
    """The smallest side that the model takes."""
    grey: bool = False
    """One channel instead of three."""
    mean: tuple[float, ...] | None = None
    std: tuple[float, ...] | None = None
    """Of each channel, for values in 0..1; None: as measured on the training images."""


def described(n: int, classes: int, shape: tuple[int, int, int]) -> str:
    """How many images there are and what they are, in words."""
    _, height, width = shape
    return f"{n} training images of {classes} classes, {width} x {height} pixels each"


def evenly_spread(n: int, most: int) -> list[int]:
    """At most `most` of the indices below n, evenly spread."""
    count = min(n, most)
    return [round(i * (n - 1) / max(count - 1, 1)) for i in range(count)]


def reader_for(
    look: ImageFormat, sizes: Sequence[tuple[int, int]], images: Callable[[], Iterable[Any]]
) -> tuple[ImageReader, tuple[int, int, int]]:
    """How images are read, and the shape of one after that.

    Args:
        look: what is wanted.
        sizes: width and height of some images.
        images: some training images, as Pillow opens them; asked only where they are measured.

    """
    side, (height, width) = _sides(look, sizes)
    mean, std = look.mean, look.std
    if mean is None or std is None:
        start = v2.Compose(ImageReader.unscaled(side, grey=look.grey))
        mean, std = _measured(start, images())
    return ImageReader(mean, std, side, look.grey), (1 if look.grey else 3, height, width)


def reader_of_files(
    look: ImageFormat, paths: Sequence[str], looks: Sequence[Look], sizes: Sequence[tuple[int, int]]
) -> tuple[ImageReader, tuple[int, int, int]]:
    """As `reader_for`, of files, and how those of other kinds than 8-bit RGB become that.

    Args:
        look: what is wanted.
        paths: of the training images.
        looks: at them.
        sizes: width and height of all images.

    """
    unusual = [[path for path, one in zip(paths, looks, strict=True) if mark in one.marks]
               for mark in (DEEP, CLEAR)]  # fmt: skip
    rendering = rendering_of(*unusual)
    chosen = [paths[k] for k in evenly_spread(len(paths), MEASURED)]
    reader, shape = reader_for(look, sizes, lambda: map(rendering.open, chosen))
    return replace(reader, span=rendering.span, background=rendering.background), shape


def _sides(
    look: ImageFormat, sizes: Sequence[tuple[int, int]]
) -> tuple[int | None, tuple[int, int]]:
    """The side to which images are brought, None where they stay as they are; height and width."""
    width, height = sizes[0]
    alike = set(sizes) == {(width, height)}
    fits = look.least <= min(width, height) and max(width, height) <= LARGEST_AS_IS
    if look.size is None and alike and fits:
        return None, (height, width)
    side = look.size or max(look.least, USUAL_SIDE)
    if alike and (width, height) == (side, side):
        return None, (side, side)
    return side, (side, side)


def _measured(
    transform: v2.Compose, images: Iterable[Any]
) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Mean and deviation of each channel."""
    total = torch.zeros(3, 1, dtype=torch.float64)
    for image in images:
        values: Tensor = transform(image).flatten(1).double()
        sums = torch.stack([values.sum(1), values.square().sum(1),
                            torch.full((len(values),), values.shape[1])])  # fmt: skip
        total = total + sums
    mean = total[0] / total[2]
    std = (total[1] / total[2] - mean.square()).clamp_min(0).sqrt()
    std = torch.where(std < LEAST_STD, torch.ones_like(std), std)
    return tuple(mean.tolist()), tuple(std.tolist())
