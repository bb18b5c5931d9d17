"""Image files as tensors of one size."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torchvision.transforms import v2

from recipe.core.errors import UsageError
from recipe.sources.image_check import look_at_all, readable
from recipe.sources.image_names import files_below, image_files, is_image, left_out
from recipe.sources.image_reading import SPAN_OF_16_BITS, WHITE, Rendering


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
    span: tuple[float, float] = SPAN_OF_16_BITS
    background: int = WHITE
    """See `Rendering`."""

    @property
    def rendering(self) -> Rendering:
        """How a file becomes RGB."""
        return Rendering(self.span, self.background)

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
        images = Images(path)
        return images.names, self.tensors(images)

    def tensors(self, images: "Images") -> Tensor:
        """Inputs [N, channels, height, width] of images, as training had them.

        Raises:
            UsageError: they become inputs of different shapes.

        """
        transform = self.transform()
        made = (transform(self.rendering.open(name)) for name in images.names)
        return stacked(images.names, made)


class Images:
    """Images, and those of folders and of the folders in them, by name."""

    def __init__(
        self, *paths: Path, skip_unreadable: bool = False, keep_lost: bool = False
    ) -> None:
        """Find them.

        Args:
            paths: images, and folders that hold some.
            skip_unreadable: leave out those that cannot be read.
            keep_lost: note those that cannot be read in `lost`, where others can.

        Raises:
            UsageError: there are none, or some cannot be read and are not to be left out.

        """
        self.notes: list[str] = []
        """What was left out, in sentences."""
        names: list[str] = []
        for path in paths:
            files = [path] if path.is_file() else image_files(path)
            others = [] if path.is_file() else [f for f in files_below(path) if not is_image(f)]
            notes = list(left_out(others))
            if not files:
                raise UsageError(" ".join((
                    f"There are no images in {str(path)!r}: name a folder that has some.", *notes,
                )))  # fmt: skip
            names += map(str, files)
            self.notes += notes
        looks = look_at_all(names)
        bad = {name: look.problem for name, look in zip(names, looks, strict=True) if look.problem}
        self.lost = bad if keep_lost and len(bad) < len(names) else {}
        """Those that cannot be read, and why."""
        kept, notes = readable(names, looks, skip=skip_unreadable or bool(self.lost))
        self.notes += [] if self.lost else notes
        self.names = [names[place] for place in kept]

    def __len__(self) -> int:
        """How many there are."""
        return len(self.names)


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
