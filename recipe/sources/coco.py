"""Annotations of COCO: a JSON file with images, boxes and categories."""

import json
import re
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from recipe.core.errors import UsageError
from recipe.core.files import read_plain
from recipe.sources.image_layout import SPLITS
from recipe.sources.objects import Boxes, Found

NEEDED = ("images", "annotations", "categories")
BEGINNING = 4096
"""Characters of a file that are looked at, to see whether it may be one of COCO's."""
Annotations = Mapping[str, Any]


def coco_parts(folder: Path) -> Found | None:
    """The parts of a data set in COCO's layout; None where the folder has another one.

    Raises:
        UsageError: its annotations cannot be used.

    """
    files = _files(folder)
    if not files:
        return None
    read = {part: _read(path) for part, path in files.items()}
    if "train" not in read:
        raise UsageError(
            f"{str(folder)!r} has no annotations for training, but for {', '.join(read)}: name one "
            "file with 'train' in it."
        )
    known = {int(each["id"]): str(each["name"]) for each in read["train"]["categories"]}
    order = sorted(known)
    place = {number: index for index, number in enumerate(order)}
    skipped: Counter[str] = Counter()
    parts = {part: list(_items(folder, files[part], data, place, skipped))
             for part, data in read.items()}  # fmt: skip
    notes = tuple(f"{count} {what} are left out." for what, count in skipped.items())
    return Found("COCO", parts, tuple(known[number] for number in order), notes)


def _files(folder: Path) -> dict[str, Path]:
    """The file of each part: by its folder (train/_annotations.coco.json), or by its name
    (annotations/instances_train2017.json); a single one is for training.
    """
    places = (folder, *(folder / name for names in SPLITS.values() for name in names),
              folder / "annotations")  # fmt: skip
    found = [path for place in places for path in sorted(place.glob("*.json"))
             if _looks_like_one(path)]  # fmt: skip
    files: dict[str, Path] = {}
    for part, names in SPLITS.items():
        of_it = [path for path in found if _words(path, folder) & set(names)]
        files |= {part: of_it[0]} if of_it else {}
    return files or ({"train": found[0]} if len(found) == 1 else {})


def _words(path: Path, folder: Path) -> set[str]:
    """The words in the name of a file and of the folders above it."""
    return set(re.findall(r"[a-z]+", str(path.relative_to(folder)).lower()))


def _looks_like_one(path: Path) -> bool:
    """Whether a file may hold annotations: a large one is not read for it."""
    try:
        with path.open(encoding="utf-8") as file:
            start = file.read(BEGINNING)
        return any(f'"{name}"' in start for name in NEEDED) and set(NEEDED) <= set(
            json.loads(read_plain(path, sys.maxsize))
        )
    except (OSError, ValueError, TypeError, RecursionError):
        return False


def _read(path: Path) -> Annotations:
    data: Annotations = json.loads(read_plain(path, sys.maxsize))
    return data


def _items(
    folder: Path, file: Path, data: Annotations, place: Mapping[int, int], skipped: Counter[str]
) -> Iterator[Boxes]:
    """Each image with its boxes; what is left out is counted."""
    boxes = defaultdict(list)
    for each in data["annotations"]:
        left, top, width, height = _box(each, file)
        if each.get("iscrowd"):
            skipped["boxes around crowds"] += 1
        elif width <= 0 or height <= 0:
            skipped["boxes without an area"] += 1
        elif each["category_id"] not in place:
            raise UsageError(
                f"{str(file)!r}: annotation {each.get('id')!r} has the category "
                f"{each['category_id']!r}, which the training annotations do not name: add it."
            )
        else:
            box = (left, top, left + width, top + height)
            boxes[each["image_id"]].append((box, place[each["category_id"]]))
    for image in data["images"]:
        found = boxes[image["id"]]
        yield Boxes(
            _image(folder, file, str(image["file_name"])),
            tuple(box for box, _ in found), tuple(label for _, label in found),
        )  # fmt: skip


def _box(annotation: Annotations, file: Path) -> tuple[float, float, float, float]:
    try:
        left, top, width, height = map(float, annotation["bbox"])
    except (KeyError, TypeError, ValueError) as error:
        raise UsageError(
            f"{str(file)!r}: annotation {annotation.get('id')!r} has no box of four numbers: write "
            '"bbox": [left, top, width, height].'
        ) from error
    return left, top, width, height


def _image(folder: Path, file: Path, name: str) -> Path:
    """Where an image lies: beside its annotations, in images/, or in a folder of its part."""
    part = file.stem.rpartition("_")[2]  # instances_train2017.json belongs to train2017/
    places = (file.parent, folder / part, folder / "images" / part, folder / "images", folder)
    found = next((place / name for place in places if (place / name).is_file()), None)
    if found is None:
        raise UsageError(
            f"The image {name!r} of {str(file)!r} is in none of "
            f"{', '.join(dict.fromkeys(str(place) for place in places))}: put it into one."
        )
    return found
