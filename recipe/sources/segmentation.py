"""Images with a mask each: two folders whose files have the same names."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import Dataset
from torchvision.transforms import v2

from recipe.core.errors import UsageError
from recipe.sources.image_check import Look, look_at_all, readable, unusual
from recipe.sources.image_files import ImageReader
from recipe.sources.image_folders import VAL_SHARE
from recipe.sources.image_format import (
    ImageFormat,
    reader_of_files,
)
from recipe.sources.image_layout import SPLITS
from recipe.sources.image_names import image_files
from recipe.sources.image_reading import Unreadable, opened, upright
from recipe.sources.source import Source

IMAGES = ("images", "image", "imgs", "img")
MASKS = ("masks", "mask", "labels", "annotations", "segmentation", "targets")
"""Names of folders; those of masks hold images too."""
SUFFIXES = ("_mask", "-mask", "_seg", "_labels")
"""What the name of a mask may have behind that of its image."""
IGNORED = -100
"""Of a pixel that counts neither in the loss nor in the score."""
VOID = 255
"""What marks such a pixel in a mask, beside classes that are counted from 0."""
MOST_CLASSES = 200
SHOWN = 5
"""Values in a note."""
HOW = "put images into images/ and their masks, of the same names, into masks/"
Pair = tuple[Path, Path]


def is_segmentation(folder: Path) -> bool:
    """Whether a folder holds images and masks, itself or in its training part."""
    return any(_two_folders(place) for place in (folder, *_parts(folder).values()))


def _parts(folder: Path) -> dict[str, Path]:
    """The folders of the parts of a data set."""
    known = {path.name.lower(): path for path in sorted(folder.iterdir()) if path.is_dir()}
    found = {part: next((known[n] for n in names if n in known), None)
             for part, names in SPLITS.items()}  # fmt: skip
    return {part: path for part, path in found.items() if path is not None}


def _two_folders(folder: Path) -> Pair | None:
    """The folder of images and that of masks."""
    known = {path.name.lower(): path for path in sorted(folder.iterdir()) if path.is_dir()}
    images = next((known[name] for name in IMAGES if name in known), None)
    masks = next((known[name] for name in MASKS
                  if name in known and image_files(known[name])), None)  # fmt: skip
    return (images, masks) if images and masks else None


def _places(folder: Path) -> dict[str, Pair]:
    """Where images and masks of each part lie: train/images, images/train, or images alone."""
    parts = {name: pair for name, path in _parts(folder).items() if (pair := _two_folders(path))}
    if "train" in parts:
        return parts
    whole = _two_folders(folder)
    if whole is None:
        raise UsageError(f"{str(folder)!r} has no folders of images and of masks: {HOW}.")
    images, masks = _parts(whole[0]), _parts(whole[1])
    if "train" in images and "train" in masks:
        return {part: (images[part], masks[part]) for part in images if part in masks}
    return {"train": whole}


def pairs_of(images: Path, masks: Path) -> list[Pair]:
    """Each image with its mask.

    Raises:
        UsageError: there is none, or one of them stands alone.

    """
    by_name = {_plain(path.relative_to(masks)): path for path in image_files(masks)}
    found = {_plain(path.relative_to(images)): path for path in image_files(images)}
    lonely = [str(path) for name, path in found.items() if name not in by_name]
    spare = [str(path) for name, path in by_name.items() if name not in found]
    for names, one, other in ((lonely, "image", "mask"), (spare, "mask", "image")):
        if names:
            raise UsageError(
                f"{_count(len(names), one)} no {other} of the same name, such as {names[0]!r}: "
                "give both the same names, or remove what stands alone."
            )
    if not found:
        raise UsageError(f"There are no images in {str(images)!r}: {HOW}.")
    return [(path, by_name[name]) for name, path in found.items()]


def _count(n: int, what: str) -> str:
    return f"1 {what} has" if n == 1 else f"{n} {what}s have"


def _plain(path: Path) -> str:
    """The name by which an image and its mask are paired."""
    name = str(path.with_suffix(""))
    return next((name.removesuffix(s) for s in SUFFIXES if name.endswith(s)), name)


def read_mask(path: Path) -> np.ndarray:
    """The values [height, width] of a mask: numbers of a palette, or grey values.

    Raises:
        UsageError: it cannot be read, or holds colours.

    """
    try:
        with opened(str(path)) as image:
            bands, values = image.getbands(), np.array(upright(image))
    except Unreadable as why:
        raise UsageError(
            f"{str(path)!r} cannot be read as an image ({why}): fix or remove it."
        ) from why
    if values.ndim == 3 and bands[-1] == "A":
        values = values[..., :-1]
    if values.ndim == 3 and (values[..., :3] == values[..., :1]).all():
        values = values[..., 0]  # grey, saved as colours
    if values.ndim != 2:
        raise UsageError(
            f"The mask {str(path)!r} holds colours ({''.join(bands)}): save the number of the "
            "class of each pixel, as a grey or palette PNG."
        )
    return values.astype(np.int64)


@dataclass(frozen=True)
class Classes:
    """Which values masks hold, and the class that each means."""

    values: tuple[int, ...]
    """In the order of the classes."""
    void: bool = False
    """Whether VOID marks pixels that do not count."""

    def numbers(self, mask: np.ndarray, path: Path) -> np.ndarray:
        """Classes [height, width] of a mask.

        Raises:
            UsageError: a value that no training mask has.

        """
        known = np.array(self.values)
        place = np.searchsorted(known, mask).clip(max=len(known) - 1)
        ignored = (mask == VOID) & self.void
        odd = (known[place] != mask) & ~ignored
        if odd.any():
            raise UsageError(
                f"The mask {str(path)!r} holds {int(mask[odd][0])}, which no training mask has: "
                "fix it, or leave it out."
            )
        return np.where(ignored, IGNORED, place)


def classes_of(
    pairs: Sequence[Pair], sizes: Mapping[str, tuple[int, int]]
) -> tuple[Classes, tuple[str, ...]]:
    """The classes that the training masks hold, and sentences about how values became classes.

    Args:
        pairs: images and masks.
        sizes: width and height of each image, by its path.

    Raises:
        UsageError: masks of one value, or of too many; a mask of another size than its image.

    """
    found: set[int] = set()
    for image, mask in pairs:
        pixels = read_mask(mask)
        _check_size(sizes[str(image)], mask, pixels)
        found |= set(np.unique(pixels).tolist())
    values = tuple(sorted(found))
    if len(values) < 2:
        raise UsageError(
            f"The masks hold {values[0]} in every pixel: name masks with two classes or more."
        )
    if len(values) > MOST_CLASSES:
        hint = "JPEG changes them; " if pairs[0][1].suffix.lower() in (".jpg", ".jpeg") else ""
        raise UsageError(
            f"The masks hold {len(values)} different values: {hint}save the number of the class of "
            "each pixel as PNG."
        )
    counted = tuple(range(len(values) - 1))
    if len(values) > 2 and values[:-1] == counted and values[-1] == VOID:
        return Classes(counted, void=True), (f"Pixels of value {VOID} in masks do not count.",)
    if values == tuple(range(len(values))):
        return Classes(values), ()
    few = [f"{value} is class {place}" for place, value in enumerate(values[:SHOWN])]
    said = ", ".join(few + ["..."] * (len(values) > SHOWN))
    return Classes(values), (f"Values of masks become classes: {said}.",)


def _check_size(size: tuple[int, int], mask: Path, values: np.ndarray) -> None:
    width, height = size
    if values.shape != (height, width):
        raise UsageError(
            f"The mask {str(mask)!r} has {values.shape[1]} x {values.shape[0]} pixels, its image "
            f"{width} x {height}: give both one size."
        )


class MaskedImages(Dataset[tuple[Tensor, Tensor]]):
    """Images [C, H, W] and the classes [H, W] of their pixels."""

    def __init__(self, pairs: Sequence[Pair], classes: Classes, reader: ImageReader) -> None:
        """Of files.

        Args:
            pairs: images and masks.
            classes: what the values of masks mean.
            reader: of images.

        """
        self.pairs, self.mapping = pairs, classes
        self.transform, self.rendering = reader.transform(), reader.rendering
        side = reader.side
        self.classes = [str(value) for value in classes.values]
        nearest = v2.InterpolationMode.NEAREST
        crop = [] if side is None else [v2.Resize(side, nearest), v2.CenterCrop(side)]
        self.cut = v2.Compose(crop) if crop else None

    def __len__(self) -> int:
        """How many there are."""
        return len(self.pairs)

    def __getitem__(self, index: int) -> tuple[Tensor, Tensor]:
        """One image and its mask."""
        image, mask = self.pairs[index]
        numbers = torch.from_numpy(self.mapping.numbers(read_mask(mask), mask))
        target = numbers if self.cut is None else self.cut(numbers[None])[0]
        return self.transform(self.rendering.open(str(image))), target


def segmentation_folder(
    folder: str | Path, look: ImageFormat | None = None, *, size: int | None = None,
    skip_unreadable: bool = False,
) -> Source:  # fmt: skip
    """Images in `folder`/images/ and masks in `folder`/masks/, or both in `folder`/train/ beside
    val/ and test/. A mask is a grey or palette image of the class of each pixel.

    Args:
        folder: where they lie.
        look: size, colours and scale of the tensors.
        size: side of the images in pixels; see `ImageFormat.size`.
        skip_unreadable: leave out images that cannot be read, or whose mask cannot.

    Raises:
        UsageError: there are none, some cannot be read, or an image and its mask do not fit each
            other.

    """
    folder = Path(folder)
    found = {part: pairs_of(*place) for part, place in _places(folder).items()}
    pairs, looks, left = _readable(found, skip=skip_unreadable)
    train = pairs["train"]
    seen = [looks[str(image)] for here in pairs.values() for image, _ in here]
    classes, notes = classes_of(train, {name: look.size for name, look in looks.items()})
    names = [str(image) for image, _ in train]
    reader, shape = reader_of_files(
        look or ImageFormat(size=size), names, [looks[name] for name in names],
        [each.size for each in seen],
    )  # fmt: skip
    sets = {part: MaskedImages(here, classes, reader) for part, here in pairs.items()}
    _, height, width = shape
    said = (
        f"{len(train)} training images with a mask each, {len(classes.values)} classes, "
        f"{width} x {height} pixels."
    )
    return Source(
        name=folder.resolve().name, kind="segmentation", task="segmentation", train=sets["train"],
        val=sets.get("val", VAL_SHARE), test=sets.get("test"), shape=shape,
        outputs=len(classes.values), classes=tuple(sets["train"].classes), reader=reader,
        notes=(said, *notes, *left, *unusual(seen, reader.side, reader.rendering)),
    )  # fmt: skip


def _readable(
    found: Mapping[str, Sequence[Pair]], *, skip: bool
) -> tuple[dict[str, list[Pair]], dict[str, Look], list[str]]:
    """The pairs of which both can be read, looks at all files, and a sentence about the others."""
    paths = [str(path) for here in found.values() for pair in here for path in pair]
    looks = look_at_all(paths)
    kept, notes = readable(paths, looks, skip=skip)
    there = {paths[place] for place in kept}
    pairs = {part: [pair for pair in here if {str(path) for path in pair} <= there]
             for part, here in found.items()}  # fmt: skip
    if not pairs["train"]:
        raise UsageError(f"No training image can be read together with its mask: {HOW}.")
    kept_parts = {part: here for part, here in pairs.items() if here}
    return kept_parts, dict(zip(paths, looks, strict=True)), notes
