"""Images in folders, one folder per class."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from torchvision.datasets import ImageFolder

from recipe.core.errors import UsageError
from recipe.sources.augment import augmentation
from recipe.sources.image_files import (
    image_files,
    looked_at,
    of_a_tool,
    open_image,
    suffixes,
)
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
OF_SYSTEMS = ("thumbs.db", "desktop.ini")
"""Files that a file manager leaves behind."""
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
    looks = [looked_at(paths[i]) for i in evenly_spread(len(paths), LOOKED_AT)]
    sizes = [size for size, _ in looks]
    notes = [*_of_other_files(Path(train.root))]
    reader, shape = reader_for(look, sizes, lambda: _images(chosen))
    transform = reader.transform()
    train.transform = transform
    if parts["train"] is None:
        parts = {}
    elif _is_unlabelled(parts["test"]):
        notes.append(f"{str(parts['test'])!r} has no folders of classes and is no test data: "
                     "recipe predict answers for it.")  # fmt: skip
        parts["test"] = None
    held = {part: _open(path, transform) for part, path in parts.items()
            if part != "train" and path is not None}  # fmt: skip
    if any(odd for _, odd in looks):
        notes.append("Some images are stored lying on their side or in 16 bits: they are read "
                     "upright, and as 8 bits.")  # fmt: skip
        for images in (train, *held.values()):
            images.loader = open_image
    _check_classes(train, held)
    return Source(
        name=folder.resolve().name, kind="images", task="classification", train=train,
        val=held.get("val", VAL_SHARE), test=held.get("test"), shape=shape,
        outputs=len(train.classes), classes=tuple(train.classes), augment=augmentation(augment),
        reader=reader,
        notes=(f"{described(len(paths), len(train.classes), shape)}.", *notes),
    )  # fmt: skip


def _check_classes(train: Any, held: Mapping[str, Any]) -> None:
    """Raise UsageError where a part has other classes than the training images."""
    for images in held.values():
        if images.classes != train.classes:
            raise UsageError(
                f"{images.root!r} has the classes {', '.join(images.classes)}, the training "
                f"images have {', '.join(train.classes)}: give both the same folders."
            )


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


def _is_image(path: str) -> bool:
    return Path(path).suffix.lower() in suffixes()


def _open(folder: Path, transform: Any = None) -> Any:
    try:
        images = _Classes(str(folder), transform, is_valid_file=_is_image, allow_empty=True)
    except FileNotFoundError as error:
        raise UsageError(f"{str(folder)!r} has no folders of classes: {HOW}.") from error
    if not images.samples:
        raise UsageError(f"There are no images in the folders of {str(folder)!r}: {HOW}.")
    return images


def _is_unlabelled(folder: Path | None) -> bool:
    """Whether images lie in a folder without folders of classes."""
    return folder is not None and bool(image_files(folder)) and not any(
        path.is_dir() and not of_a_tool(path.name) for path in folder.iterdir()
    )  # fmt: skip


def _of_other_files(folder: Path) -> Iterator[str]:
    """A sentence about files that are no images."""
    others = [
        path
        for place in sorted(folder.iterdir())
        if place.is_dir() and not of_a_tool(place.name)
        for path in sorted(place.rglob("*"))
        if path.suffix.lower() not in suffixes() and path.name.lower() not in OF_SYSTEMS
        and path.is_file() and not of_a_tool(path.name)
    ]  # fmt: skip
    if others:
        verb = "file is no image and is" if len(others) == 1 else "files are no images and are"
        yield f"{len(others)} {verb} left out, such as {str(others[0])!r}."


def _images(paths: list[str]) -> Iterator[Any]:
    for path in paths:
        yield open_image(path)
