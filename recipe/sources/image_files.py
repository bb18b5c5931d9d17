"""Image files as tensors of one size."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torchvision.transforms import v2

from recipe.core.errors import UsageError


@dataclass(frozen=True)
class ImageReader:
    """Images of one size, each channel scaled by mean and deviation of the training images."""

    mean: tuple[float, ...]
    std: tuple[float, ...]
    """Of each channel, for values in 0..1."""
    side: int | None = None
    """Of the square that is cut out of the middle, in pixels; None: images are as they are."""
    grey: bool = False
    """One channel instead of three."""

    def transform(self) -> v2.Compose:
        """What makes a tensor [channels, height, width] of an image of Pillow."""
        return v2.Compose([*self.unscaled(self.side, grey=self.grey),
                           v2.Normalize(list(self.mean), list(self.std))])  # fmt: skip

    @staticmethod
    def unscaled(side: int | None, *, grey: bool) -> list[Any]:
        """The part of the transform that nothing has to be measured for."""
        colour = v2.Grayscale() if grey else v2.RGB()
        resize = [] if side is None else [v2.Resize(side), v2.CenterCrop(side)]
        return [colour, *resize, v2.ToImage(), v2.ToDtype(torch.float32, scale=True)]

    def read(self, path: Path) -> tuple[Sequence[str], Tensor]:
        """An image, or those of a folder and of the folders in it; see `Reader`."""
        images, transform = Images(path), self.transform()
        made = (transform(images[k]) for k in range(len(images)))
        return images.names, stacked(images.names, made)


class Images:
    """The images of a folder and of the folders in it, by name, or a single one."""

    def __init__(self, path: Path) -> None:
        """Find them.

        Raises:
            UsageError: there are none.

        """
        self.files = [path] if path.is_file() else image_files(path)
        if not self.files:
            raise UsageError(f"There are no images in {str(path)!r}: name a folder that has some.")
        self.names = [str(file) for file in self.files]

    def __len__(self) -> int:
        """How many there are."""
        return len(self.files)

    def __getitem__(self, index: int) -> Any:
        """One of them, as Pillow opens it."""
        return open_image(self.names[index])


ORIENTATION = 0x0112
"""The EXIF tag that says how the stored pixels have to be turned."""
UPRIGHT, TURNED = (None, 0, 1), range(5, 9)
"""Values of it: as they lie, and on their side, so that width and height change places."""
DEEP = 257
"""From 16 bits to 8."""


@cache
def suffixes() -> frozenset[str]:
    """Endings of files that are taken for images: torchvision's, and others that Pillow reads."""
    from PIL import Image
    from torchvision.datasets.folder import IMG_EXTENSIONS

    more = {".gif", ".jfif", ".avif"} & set(Image.registered_extensions())
    return frozenset(IMG_EXTENSIONS) | more


def image_files(folder: Path) -> list[Path]:
    """The images of a folder and of those in it, by name; not those of tools (.git, __MACOSX)."""
    return sorted(_images_below(folder))


def _images_below(folder: Path) -> Iterator[Path]:
    for file in folder.rglob("*"):
        inside = file.relative_to(folder).parts
        if file.suffix.lower() in suffixes() and not any(map(of_a_tool, inside)):
            yield file


def of_a_tool(name: str) -> bool:
    """Whether a file or a folder of this name belongs to a tool, such as .git or __MACOSX."""
    return name.startswith((".", "__"))


def open_image(path: str) -> Any:
    """An image in RGB, as Pillow opens it: upright, where the file says how it lies, and 16 bits
    scaled to 8.

    Raises:
        UsageError: it cannot be read.

    """
    from PIL import Image, ImageOps

    with _readable(path), Image.open(path) as image:
        if is_deep(image.mode):
            return Image.fromarray((np.asarray(image) // DEEP).astype(np.uint8)).convert("RGB")
        return ImageOps.exif_transpose(image).convert("RGB")


def is_deep(mode: str) -> bool:
    """Whether an image of this mode of Pillow has 16 bits: a plain conversion makes it white."""
    return mode.startswith("I;16")


def looked_at(path: str) -> tuple[tuple[int, int], bool]:
    """Width and height of an image that stands upright, and whether it is stored otherwise, or in
    16 bits.

    Raises:
        UsageError: it cannot be read.

    """
    from PIL import Image

    with _readable(path), Image.open(path) as image:
        way = image.getexif().get(ORIENTATION)
        width, height = image.size
        size = (height, width) if way in TURNED else (width, height)
        return size, way not in UPRIGHT or is_deep(image.mode)


@contextmanager
def _readable(path: str) -> Iterator[None]:
    from PIL import Image

    try:
        yield
    except (OSError, Image.DecompressionBombError) as error:
        raise UsageError(
            f"{path!r} cannot be read as an image ({error}): fix or remove it."
        ) from error


def stacked(names: Sequence[str], inputs: Iterable[Tensor]) -> Tensor:
    """Inputs [N, ...] of those of single items.

    Raises:
        UsageError: they are of different shapes.

    """
    parts = list(inputs)
    for name, part in zip(names, parts, strict=True):
        if part.shape != parts[0].shape:
            raise UsageError(
                f"{name!r} becomes an input of shape {list(part.shape)}, {names[0]!r} of "
                f"{list(parts[0].shape)}: give images of the size that the model was trained with."
            )
    return torch.stack(parts)
