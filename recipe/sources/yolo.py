"""Labels of YOLO: beside each image a text file with a line per object."""

import math
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from recipe.core.errors import UsageError
from recipe.core.file_names import of_a_tool
from recipe.sources.image_layout import SPLITS
from recipe.sources.image_names import image_files
from recipe.sources.objects import Boxes, Found

BOX = 5
"""Numbers of a line: the class, then middle, width and height as shares; more are a polygon."""
NAMES = ("data.yaml", "dataset.yaml", "data.yml", "classes.txt", "obj.names")
"""Files that may hold the names of classes."""
SLACK = 1e-3
"""By which a box may lie outside of its image: rounding."""
Line = tuple[int, tuple[float, float, float, float]]


def yolo_parts(folder: Path) -> Found | None:
    """The parts of a data set in YOLO's layout; None where the folder has another one.

    Raises:
        UsageError: a file of labels cannot be used.

    """
    places = _places(folder)
    if "train" not in places:
        return None
    read = {part: _items(*place) for part, place in places.items()}
    labels = (label for items in read.values() for each in items for label in each.labels)
    most = max(labels, default=-1)
    names, notes = _names(folder, most + 1)
    return Found("YOLO", read, names, notes)


def _places(folder: Path) -> dict[str, tuple[Path, Path]]:
    """Folders of images and labels: train/images, images/train, or images alone."""
    found = {}
    for part, names in SPLITS.items():
        for name in names:
            for images, labels in (
                (folder / name / "images", folder / name / "labels"),
                (folder / "images" / name, folder / "labels" / name),
            ):
                if part not in found and images.is_dir() and _has_labels(labels):
                    found[part] = images, labels
    if not found and (folder / "images").is_dir() and _has_labels(folder / "labels"):
        found["train"] = folder / "images", folder / "labels"
    return found


def _has_labels(folder: Path) -> bool:
    return folder.is_dir() and next(_texts(folder), None) is not None


def _texts(folder: Path) -> Iterator[Path]:
    """Its files of labels; not those of tools, such as ._1.txt."""
    return (file for file in sorted(folder.glob("*.txt")) if not of_a_tool(file.name))


def _items(images: Path, labels: Path) -> list[Boxes]:
    """Each image with its objects; one without a file of labels has none."""
    files = image_files(images)
    if not files:
        raise UsageError(f"There are no images in {str(images)!r}: put them there.")
    stems = {file.stem for file in files}
    spare = [file for file in _texts(labels)
             if file.stem not in stems and file.name not in NAMES]  # fmt: skip
    if spare:
        raise UsageError(
            f"{len(spare)} of the files of labels have no image, such as {str(spare[0])!r}: add "
            "the images, or remove the files."
        )
    return [_item(file, labels / f"{file.stem}.txt") for file in files]


def _item(image: Path, labels: Path) -> Boxes:
    if not labels.is_file():
        return Boxes(image, (), (), relative=True)
    lines = labels.read_text("utf-8", errors="replace").splitlines()
    found = [_line(line, labels, place) for place, line in enumerate(lines, 1) if line.strip()]
    return Boxes(
        image, tuple(box for _, box in found), tuple(label for label, _ in found), relative=True
    )


def _line(line: str, file: Path, place: int) -> Line:
    """The class and the box of a line, as shares of width and height."""
    where = f"{str(file)!r} holds {line.strip()[:60]!r} in line {place}"
    try:
        label, *numbers = (float(part) for part in line.split())
    except ValueError as error:
        raise UsageError(f"{where}: write the class and four numbers.") from error
    polygon = len(numbers) >= BOX + 1 and len(numbers) % 2 == 0
    if (len(numbers) != BOX - 1 and not polygon) or label < 0 or label != round(label):
        raise UsageError(f"{where}: write the class and four numbers.")
    if polygon:
        box = (min(numbers[::2]), min(numbers[1::2]), max(numbers[::2]), max(numbers[1::2]))
    else:
        x, y, width, height = numbers
        box = (x - width / 2, y - height / 2, x + width / 2, y + height / 2)
    if not all(math.isfinite(side) and -SLACK <= side <= 1 + SLACK for side in box):
        raise UsageError(f"{where}, outside of the image: write shares of its width and height.")
    left, top, right, bottom = (min(max(side, 0.0), 1.0) for side in box)
    return int(label), (left, top, right, bottom)


def _names(folder: Path, least: int) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Names of the classes, and a sentence where there are none."""
    file = next((folder / name for name in NAMES if (folder / name).is_file()), None)
    names = [] if file is None else _listed(file)
    if file is not None and names and len(names) < least:
        raise UsageError(
            f"{str(file)!r} names {len(names)} classes, labels go up to {least - 1}: add the names."
        )
    if names:
        return tuple(names), ()
    why = "no file names the classes" if file is None else f"{file.name!r} names no classes"
    return tuple(map(str, range(least))), (f"Classes are called by their numbers: {why}.",)


def _listed(file: Path) -> Sequence[str]:
    """The names in a file: one per line, or under `names` in YAML."""
    text = file.read_text("utf-8", errors="replace")
    if file.suffix not in (".yaml", ".yml"):
        return [line.strip() for line in text.splitlines() if line.strip()]
    names = _yaml(text)
    if isinstance(names, dict):
        return [str(names[key]) for key in sorted(names)]
    return [str(name) for name in names or ()]


def _yaml(text: str) -> Any:
    """What stands under `names`: by PyYAML where it is there, else as such files are written."""
    try:
        import yaml
    except ImportError:
        inline = re.search(r"^names:\s*\[(.*?)\]", text, re.MULTILINE | re.DOTALL)
        if inline:
            return [part.strip().strip("'\"") for part in inline[1].split(",") if part.strip()]
        block = re.search(r"^names:[ \t]*\n((?:[ \t]*(?:-|\d+:).*\n?)+)", text, re.MULTILINE)
        lines = block[1].splitlines() if block else []
        return [re.sub(r"^\s*(?:-|\d+:)\s*", "", line).strip().strip("'\"") for line in lines]
    try:
        data = yaml.safe_load(text)
    except yaml.YAMLError:
        return None
    return data.get("names") if isinstance(data, dict) else None
