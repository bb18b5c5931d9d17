"""Images with a class each, in folders, or with labels in a table or in the names of files."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from torch.utils.data import Subset
from torchvision.datasets import ImageFolder, VisionDataset
from torchvision.datasets.folder import default_loader

from recipe.core.errors import UsageError
from recipe.sources.augment import augmentation
from recipe.sources.image_check import (
    MOST_THUMBNAILS,
    MOVING,
    Look,
    look_at_all,
    readable,
    unusual,
)
from recipe.sources.image_format import (
    ImageFormat,
    described,
    reader_of_files,
)
from recipe.sources.image_labelling import HOW, OR_A_TABLE, labelled_images
from recipe.sources.image_twins import across, contradicting, repeated, split_in_groups, twins
from recipe.sources.source import Source

VAL_SHARE = 0.2
SPLIT_SEED = 0
LEAST_HELD = 0.5
"""Of the share to validate on, below which groups of equal images are too large to be parted."""
MOST_DROPPED = 0.5
"""Of a class, that may be left out of training since validation has it too."""


@dataclass(frozen=True)
class Item:
    """An image that can be read."""

    part: str
    """`train`, `val` or `test`."""
    path: str
    label: str
    look: Look


class LabelledImages(ImageFolder):  # type: ignore[misc]  # torchvision has no types
    """Images with the number of a class each, as torchvision's folders give them."""

    def __init__(
        self, root: str, samples: Sequence[tuple[str, int]], classes: Sequence[str], *,
        transform: Any, loader: Any,
    ) -> None:  # fmt: skip
        """Of files whose classes are known."""
        VisionDataset.__init__(self, root, transform=transform)
        self.loader, self.extensions = loader, None
        self.classes = list(classes)
        self.class_to_idx = {name: index for index, name in enumerate(classes)}
        self.samples = self.imgs = list(samples)
        self.targets = [label for _, label in samples]


def image_folder(
    folder: str | Path,
    look: ImageFormat | None = None,
    *,
    size: int | None = None,
    augment: str = "none",
    target: str | None = None,
    skip_unreadable: bool = False,
) -> Source:
    """Images in `folder`/class/, or in `folder`/train/class/ beside val/ and test/; without folders
    of classes, images whose labels stand in a table beside them or in their names.

    Without val/, a fifth of the training images is held out, equal images and near copies on one
    side.

    Args:
        folder: where they lie.
        look: size, colours and scale of the tensors.
        size: side of the images in pixels; see `ImageFormat.size`.
        augment: `none`, `shift`, or `flip` (and shift).
        target: the column of a table that holds the labels, or the level of the folders that are
            classes, from 1; None: as it looks.
        skip_unreadable: leave out images that cannot be read instead of complaining.

    Raises:
        UsageError: there are no images, their classes are not known, or some cannot be read.

    """
    folder = Path(folder)
    found = labelled_images(folder, target)
    items, notes = _readable(found.items, skip=skip_unreadable)
    classes = _classes_of(items, found.roots)
    parts, split, told = _parted(items)
    train = parts["train"]
    reader, shape = reader_of_files(
        look or ImageFormat(size=size), [item.path for item in train],
        [item.look for item in train], [item.look.size for item in items],
    )  # fmt: skip
    transform = reader.transform()
    plain = not any(item.look.marks - {MOVING} for item in items)
    number = {name: index for index, name in enumerate(classes)}
    sets = {
        part: LabelledImages(
            str(found.roots.get(part, folder)), [(i.path, number[i.label]) for i in here], classes,
            transform=transform, loader=default_loader if plain else reader.rendering.open,
        )
        for part, here in parts.items()
    }  # fmt: skip
    data: Mapping[str, Any] = {"val": VAL_SHARE, **sets}
    if split is not None:
        data = {**data, **{part: Subset(sets["train"], held) for part, held in split.items()}}
    return Source(
        name=folder.resolve().name, kind="images", task="classification", train=data["train"],
        val=data["val"], test=data.get("test"), shape=shape, outputs=len(classes), classes=classes,
        augment=augmentation(augment), reader=reader,
        notes=(f"{described(len(train), len(classes), shape)}.", *found.notes, *notes, *told,
               *unusual([item.look for item in items], reader.side, reader.rendering)),
    )  # fmt: skip


def _readable(
    found: Mapping[str, Sequence[tuple[str, str]]], *, skip: bool
) -> tuple[list[Item], list[str]]:
    """The images that can be read, and a sentence about the others."""
    rows = [(part, path, label) for part, here in found.items() for path, label in here]
    paths = [path for _, path, _ in rows]
    looks = look_at_all(paths, thumbnails=len(paths) <= MOST_THUMBNAILS)
    kept, notes = readable(paths, looks, skip=skip)
    return [Item(*rows[place], looks[place]) for place in kept], notes


def _classes_of(items: Sequence[Item], roots: Mapping[str, Path]) -> tuple[str, ...]:
    """The classes of the training images, in the order of their names.

    Raises:
        UsageError: there is one alone, or another part has others.

    """
    names = {part: sorted({item.label for item in items if item.part == part})
             for part in dict.fromkeys(item.part for item in items)}  # fmt: skip
    classes = names.get("train", [])
    if not classes:
        raise UsageError(f"No training image can be read: {HOW}.")
    if len(classes) == 1:
        raise UsageError(
            f"All training images are of one class, {classes[0]!r}: a classifier needs two or "
            f"more; {HOW}, {OR_A_TABLE}."
        )
    for part, here in names.items():
        if not set(here) <= set(classes):
            where = str(roots.get(part, part))
            raise UsageError(
                f"{where!r} has the classes {', '.join(here)}, the training images have "
                f"{', '.join(classes)}: give both the same folders."
            )
    return tuple(classes)


def _parted(
    items: Sequence[Item],
) -> tuple[dict[str, list[Item]], dict[str, list[int]] | None, list[str]]:
    """The images of each part, equal ones on one side; places of training images to train and to
    validate on, where they are not to be drawn anew; sentences about it.
    """
    groups = twins([item.path for item in items], [item.look for item in items])
    places = {part: [k for k, item in enumerate(items) if item.part == part]
              for part in ("train", "val", "test")}  # fmt: skip
    places = {part: here for part, here in places.items() if here}
    dropped, notes = _of_other_parts(items, places, groups)
    train = [k for k in places["train"] if k not in dropped]
    parts = {part: [items[k] for k in here] for part, here in {**places, "train": train}.items()}
    here = groups[train]
    count, labels = repeated(here), [items[k].label for k in train]
    if not count:
        return parts, None, notes
    verb = "image repeats" if count == 1 else "images repeat"
    said = f"{count} training {verb} another one, as an equal file or a near copy"
    odd = list(contradicting(here, labels, [items[k].path for k in train]))
    if "val" in parts:
        return parts, None, [*notes, f"{said}.", *odd]
    split = _split(here, labels)
    how = "all of one are kept on one side of the split" if split else "too many to part them"
    return parts, split, [*notes, f"{said}: {how}.", *odd]


def _split(groups: np.ndarray, labels: Sequence[str]) -> dict[str, list[int]] | None:
    """Places to train and to validate on; None where groups are so large that classes would lack
    in a part.
    """
    number = {name: index for index, name in enumerate(sorted(set(labels)))}
    train, val = split_in_groups(groups, [number[n] for n in labels], VAL_SHARE, SPLIT_SEED)
    lacks = {labels[k] for k in train} != {labels[k] for k in val}
    if lacks or len(val) < LEAST_HELD * VAL_SHARE * len(labels):
        return None
    return {"train": train, "val": val}


def _of_other_parts(
    items: Sequence[Item], places: Mapping[str, Sequence[int]], groups: np.ndarray
) -> tuple[set[int], list[str]]:
    """Training places that repeat an image of another part and are left out, and sentences; none
    where a class would lose most of its images: then the parts were not drawn apart at all.
    """
    dropped: set[int] = set()
    notes = []
    sizes = Counter(items[k].label for k in places["train"])
    for part, repeats in across(places, groups).items():
        lost = Counter(items[k].label for k in repeats)
        name = "validation" if part == "val" else part
        verb = "image repeats one" if len(repeats) == 1 else "images repeat some"
        said = (
            f"{len(repeats)} training {verb} of the {name} images, such as {_path(items, repeats)}"
        )
        if any(count > MOST_DROPPED * sizes[label] for label, count in lost.items()):
            notes.append(f"{said}: its score says little about new images.")
        else:
            dropped |= set(repeats)
            verb = "it is" if len(repeats) == 1 else "they are"
            notes.append(f"{said}: {verb} left out of training.")
    return dropped, notes


def _path(items: Sequence[Item], places: Sequence[int]) -> str:
    return repr(items[places[0]].path)
