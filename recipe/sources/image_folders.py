"""Images in folders, one folder per class."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from PIL import Image
from torchvision.datasets import ImageFolder

from recipe.core.errors import UsageError
from recipe.sources.augment import augmentation
from recipe.sources.image_files import of_a_tool, open_image
from recipe.sources.image_format import (
    LOOKED_AT,
    MEASURED,
    ImageFormat,
    described,
    evenly_spread,
    reader_for,
)
from recipe.sources.source import Source

SPLITS = {"train": ("train", "training"), "val": ("val", "valid", "validation", "dev"),
          "test": ("test", "testing")}  # fmt: skip
"""Names of folders that hold the parts of a data set."""
VAL_SHARE = 0.2
HOW = "put the images of each class into a folder of its own, as in cats/1.jpg and dogs/2.jpg"


def image_folder(
    folder: str | Path,
    look: ImageFormat | None = None,
    *,
    size: int | None = None,
    augment: str = "none",
) -> Source:
    """Images in `folder`/class/, or in `folder`/train/class/ beside val/ and test/.

    Without val/, a fifth of the training images is held out.

    Args:
        folder: where they lie.
        look: size, colours and scale of the tensors.
        size: side of the images in pixels; see `Look.size`.
        augment: `none`, `shift`, or `flip` (and shift).

    Raises:
        UsageError: there are no images, or none in folders of classes.

    """
    folder = Path(folder)
    look = look or ImageFormat(size=size)
    parts = {part: _subfolder(folder, names) for part, names in SPLITS.items()}
    train = _open(parts["train"] or folder)
    paths = [path for path, _ in train.samples]
    chosen = [paths[i] for i in evenly_spread(len(paths), MEASURED)]
    sizes = [_size(paths[i]) for i in evenly_spread(len(paths), LOOKED_AT)]
    reader, shape = reader_for(look, sizes, lambda: _images(chosen))
    transform = reader.transform()
    train.transform = transform
    held = {part: _open(path, transform) for part, path in parts.items()
            if part != "train" and path is not None and parts["train"] is not None}  # fmt: skip
    for part, images in held.items():
        if images.classes != train.classes:
            raise UsageError(
                f"{str(parts[part])!r} has the classes {', '.join(images.classes)}, the training "
                f"images have {', '.join(train.classes)}: give both the same folders."
            )
    return Source(
        name=folder.resolve().name, kind="images", task="classification", train=train,
        val=held.get("val", VAL_SHARE), test=held.get("test"), shape=shape,
        outputs=len(train.classes), classes=tuple(train.classes), augment=augmentation(augment),
        reader=reader,
        notes=(f"{described(len(paths), len(train.classes), shape)}.",),
    )  # fmt: skip


def _subfolder(folder: Path, names: tuple[str, ...]) -> Path | None:
    if not folder.is_dir():
        raise UsageError(f"There is no folder {str(folder)!r}: name one with images in it; {HOW}.")
    known = {path.name.lower(): path for path in sorted(folder.iterdir()) if path.is_dir()}
    return next((known[name] for name in names if name in known), None)


class _Classes(ImageFolder):  # type: ignore[misc]  # torchvision has no types
    """An image folder that takes no folder of a tool (.git, __MACOSX) for a class."""

    def find_classes(self, directory: str | Path) -> tuple[list[str], dict[str, int]]:
        names, _ = super().find_classes(directory)
        classes = [name for name in names if not of_a_tool(name)]
        if not classes:
            raise FileNotFoundError(directory)
        return classes, {name: index for index, name in enumerate(classes)}


def _open(folder: Path, transform: Any = None) -> Any:
    try:
        images = _Classes(str(folder), transform, allow_empty=True)
    except FileNotFoundError as error:
        raise UsageError(f"{str(folder)!r} has no folders of classes: {HOW}.") from error
    if not images.samples:
        raise UsageError(f"There are no images in the folders of {str(folder)!r}: {HOW}.")
    return images


def _size(path: str) -> tuple[int, int]:
    try:
        with Image.open(path) as image:
            return image.size
    except OSError as error:
        raise UsageError(
            f"{path!r} cannot be read as an image ({error}): fix or remove it."
        ) from error


def _images(paths: list[str]) -> Iterator[Any]:
    for path in paths:
        yield open_image(path)
