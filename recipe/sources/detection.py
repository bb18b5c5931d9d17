"""Images with boxes around objects, in the layouts of COCO and of YOLO."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import torch
from torch import Tensor
from torch.utils.data import Dataset
from torchvision.transforms.v2 import functional as F

from recipe.core.errors import UsageError
from recipe.sources.coco import coco_parts
from recipe.sources.image_check import CLEAR, DEEP, HUGE, Look, look_at_all, readable, unusual
from recipe.sources.image_folders import VAL_SHARE
from recipe.sources.image_reading import Rendering
from recipe.sources.image_rendering import rendering_of
from recipe.sources.objects import Boxes, Found
from recipe.sources.source import Source
from recipe.sources.yolo import yolo_parts

HOW = (
    "name a folder with annotations/*.json beside the images (COCO), or with images/ and labels/ "
    "(YOLO)"
)
Target = dict[str, Tensor]


@dataclass
class DetectionImages(Dataset[tuple[Tensor, Target]]):
    """Images [3, H, W] with values in 0..1, and the boxes of their objects: `boxes` [k, 4] float32
    as left, top, right, bottom in pixels, and `labels` [k] int64, numbers of classes from `first`.
    """

    items: Sequence[Boxes]
    classes: list[str]
    size: int | None = None
    """Side to which images are scaled, in pixels; None: each as it is."""
    transform: Callable[[Tensor], Tensor] | None = field(default=None)
    """What is done to an image afterwards; it may not move pixels."""
    first: int = 0
    """The number of the first class."""
    rendering: Rendering = field(default_factory=Rendering)
    """How files become RGB."""

    def __len__(self) -> int:
        """How many images there are."""
        return len(self.items)

    def __getitem__(self, index: int) -> tuple[Tensor, Target]:
        """An image and its objects."""
        each = self.items[index]
        pixels = F.to_image(self.rendering.open(str(each.path)))
        image: Tensor = F.to_dtype(pixels, torch.float32, scale=True).as_subclass(Tensor)
        height, width = image.shape[-2:]
        boxes = torch.tensor(each.boxes, dtype=torch.float32).reshape(-1, 4)
        if each.relative:
            boxes = boxes * torch.tensor([width, height, width, height])
        if self.size is not None:
            image = F.resize(image, [self.size, self.size])
            boxes = boxes * self.size / torch.tensor([width, height, width, height])
        target = {
            "boxes": boxes,
            "labels": torch.tensor(each.labels, dtype=torch.int64) + self.first,
        }
        return (image if self.transform is None else self.transform(image)), target


def is_detection(folder: Path) -> bool:
    """Whether a folder has the layout of COCO or of YOLO."""
    return _found(folder) is not None


def _found(folder: Path) -> Found | None:
    return coco_parts(folder) or yolo_parts(folder)


def detection_folder(
    folder: str | Path, *, size: int | None = None, first: int = 0, skip_unreadable: bool = False
) -> Source:
    """Images with boxes, whichever of the two layouts the folder has.

    Without a part for validation, a fifth of the training images is held out.

    Args:
        folder: where they lie.
        size: side in pixels to which images, and boxes with them, are scaled; None: each as it is.
        first: the number of the first class; 1 where 0 is the background.
        skip_unreadable: leave out images that cannot be read.

    Raises:
        UsageError: there are none, some cannot be read, or one of their annotations cannot be used.

    """
    folder = Path(folder)
    if not folder.is_dir():
        raise UsageError(f"There is no folder {str(folder)!r}: {HOW}.")
    found = _found(folder)
    if found is None:
        raise UsageError(f"{str(folder)!r} holds no boxes that can be read: {HOW}.")
    parts, seen, left = _readable(found, skip=skip_unreadable)
    paths = [str(each.path) for each in parts["train"]]
    rendering = rendering_of(*([path for path in paths if mark in seen[path].marks]
                               for mark in (DEEP, CLEAR)))  # fmt: skip
    sets = {
        part: DetectionImages(
            items, list(found.classes), size, first=first, rendering=rendering
        ) for part, items in parts.items()
    }  # fmt: skip
    train = sets["train"]
    objects = sum(len(each.labels) for each in train.items)
    if not objects:
        raise UsageError(f"The training images of {str(folder)!r} have no box at all: {HOW}.")
    image, _ = train[0]
    said = (
        f"{len(train)} training images with {objects} objects of {len(found.classes)} classes, "
        f"as {found.layout} lays them out."
    )
    return Source(
        name=folder.resolve().name, kind="detection", task="detection", train=train,
        val=sets.get("val", VAL_SHARE), test=sets.get("test"), shape=tuple(image.shape),
        outputs=len(found.classes), classes=found.classes,
        notes=(said, *found.notes, *left, *unusual(list(seen.values()), size, rendering)),
    )  # fmt: skip


def _readable(
    found: Found, *, skip: bool
) -> tuple[dict[str, list[Boxes]], dict[str, Look], list[str]]:
    """The images that can be read, looks at them, and a sentence about the others. Boxes are given
    in pixels, so that a huge image cannot be made smaller unseen.
    """
    paths = [str(each.path) for items in found.parts.values() for each in items]
    looks = [
        replace(look, problem="too large: make it and its boxes smaller")
        if HUGE in look.marks else look for look in look_at_all(paths)
    ]  # fmt: skip
    kept, notes = readable(paths, looks, skip=skip)
    seen = {paths[place]: looks[place] for place in kept}
    parts = {part: [each for each in items if str(each.path) in seen]
             for part, items in found.parts.items()}  # fmt: skip
    if not parts["train"]:
        raise UsageError(f"No training image can be read: {HOW}.")
    return {part: items for part, items in parts.items() if items}, seen, notes
