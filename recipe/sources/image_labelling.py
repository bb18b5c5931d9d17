"""The class of each image of a folder: by folders, by a table of labels, or by names of files."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from recipe.core.errors import UsageError
from recipe.core.file_names import of_a_tool
from recipe.sources.image_labels import labels_in_names
from recipe.sources.image_layout import (
    File,
    Parts,
    class_level,
    few,
    numbered_alike,
    parts_of,
    split_of,
)
from recipe.sources.image_names import files_below, is_image, left_out
from recipe.sources.image_tables import Labels, label_tables, labels_in_tables

IDX = "-ubyte"
"""In the names of the files that hold MNIST and sets like it."""
HOW = "put the images of each class into a folder of its own, as in cats/1.jpg and dogs/2.jpg"
OR_A_TABLE = (
    "or their labels into a table beside them, labels.csv with the columns filename and label"
)
PART_NAMES = {"train": "training", "val": "validation", "test": "test"}
LABEL_WORDS = ("labels", "label", "annotations", "metadata", "meta", "info")
"""Words in the name of a table, beside that of its part."""


@dataclass
class Labelling:
    """The label of each image that has one, by part."""

    labels: dict[str, dict[Path, str]]
    notes: list[str] = field(default_factory=list)
    tables: list[Path] = field(default_factory=list)
    """That were read for it."""


@dataclass(frozen=True)
class Found:
    """The labelled images of a folder."""

    items: Mapping[str, list[tuple[str, str]]]
    """Path and class of each, by `train`, `val` and `test`."""
    roots: Mapping[str, Path]
    """The folder of each part."""
    notes: list[str]


def labelled_images(folder: Path, target: str | None = None) -> Found:
    """The images of a folder with their classes.

    Args:
        folder: where they lie.
        target: the column of a table of labels, or the level of the folders that are classes, from
            1; None: as it looks.

    Raises:
        UsageError: there are no images, or their classes are not known.

    """
    if not folder.is_dir():
        raise UsageError(f"There is no folder {str(folder)!r}: name one with images in it; {HOW}.")
    files = list(files_below(folder))
    images = [path for path in files if is_image(path)]
    if not images:
        _refuse_no_images(folder, files)
    parts = parts_of(images, folder)
    _refuse_without_training(folder, parts)
    tables = label_tables(folder, files)
    made = (
        _by_folders(parts, tables, target)
        or _by_tables(parts, tables, target)
        or _by_names(parts, target)
    )
    if made is None:
        raise UsageError(_unknown(folder, parts, target))
    spare = [path for path in files if not is_image(path) and path not in made.tables]
    notes = [*made.notes, *_of_parts(parts, made), *left_out(spare)]
    items = {part: [(str(path), label) for path, label in sorted(labels.items())]
             for part, labels in made.labels.items() if labels}  # fmt: skip
    return Found(items, parts.roots, notes)


def _by_folders(parts: Parts, tables: Sequence[Path], target: str | None) -> Labelling | None:
    """Classes are folders, unless they are numbered alike and a table says better."""
    wanted = int(target) if target is not None and target.isdigit() else None
    if target is not None and wanted is None:
        return None
    places = [file.place for file in parts.files["train"]]
    level = class_level(places, wanted)
    if level is None:
        return None
    tops = {place[0] for place in places if len(place) > 1}
    if wanted is None and numbered_alike(tops) and _say_tables(parts, tables):
        return None
    labels = {
        part: {file.path: file.place[level.depth] for file in files
               if len(file.place) > level.depth + 1}
        for part, files in parts.files.items()
    }  # fmt: skip
    test = set(labels.get("test", {}).values())
    if len(test) == 1 and not test & set(labels["train"].values()):
        labels["test"] = {}  # test/unknown/1.jpg
    empty = [] if level.depth else list(_empty(parts.roots["train"], labels["train"].values()))
    return Labelling(labels, [*level.notes, *empty])


def _say_tables(parts: Parts, tables: Sequence[Path]) -> bool:
    """Whether tables label the images without being asked how."""
    try:
        return _by_tables(parts, tables, None) is not None
    except UsageError:
        return False


def _empty(root: Path, classes: Iterable[str]) -> Iterator[str]:
    """A sentence about folders of classes that have no images."""
    known = set(classes)
    names = [path.name for path in sorted(root.iterdir() if root.is_dir() else ())
             if path.is_dir() and not of_a_tool(path.name) and path.name not in known]  # fmt: skip
    if names:
        verb = (
            "folder has no images and is" if len(names) == 1 else "folders have no images and are"
        )
        yield f"{len(names)} {verb} no class: {few(names)}."


def _by_tables(parts: Parts, tables: Sequence[Path], target: str | None) -> Labelling | None:
    """Tables named for a part (train.csv) are for its images, others for those that they name."""
    made = Labelling({part: {} for part in parts.files})
    of_all = [table for table in tables if _part_of(table) is None]
    every = [file for files in parts.files.values() for file in files]
    whole = labels_in_tables(of_all, every, target)
    if whole is None and len(parts.files) > 1:
        whole = labels_in_tables(of_all, parts.files["train"], target)
    for part, files in parts.files.items():
        found = _own_table(part, files, tables, target) or whole
        kept = {} if found is None else {
            file.path: found.by_path[file.path] for file in files if file.path in found.by_path
        }  # fmt: skip
        if found is not None and kept:
            made.labels[part] = kept
            made.notes += [note for note in found.notes if note not in made.notes]
            made.tables += found.tables
    if whole is not None and whole.splits and list(parts.files) == ["train"]:
        made.labels = {
            part: {path: label for path, label in whole.by_path.items()
                   if whole.splits.get(path) == part}
            for part in PART_NAMES
        }  # fmt: skip
    return made if made.labels["train"] else None


def _own_table(
    part: str, files: Sequence[File], tables: Sequence[Path], target: str | None
) -> Labels | None:
    own = [table for table in tables if _part_of(table) == part]
    try:
        return labels_in_tables(own, files, target)
    except UsageError:
        if part == "train":
            raise
        return None  # a table of images whose labels nobody gives away


def _part_of(table: Path) -> str | None:
    words = table.stem.lower()
    for word in LABEL_WORDS:
        words = words.replace(word, " ")
    part = split_of(words)
    return part if part != "unlabelled" else "test"


def _by_names(parts: Parts, target: str | None) -> Labelling | None:
    train = parts.files["train"]
    if target is not None or len({file.path.parent for file in train}) > 1:
        return None
    found = labels_in_names([file.path for file in train])
    if found is None:
        return None
    labels, note = found
    made = Labelling({"train": labels}, [note])
    for part, files in parts.files.items():
        if part != "train":
            here = labels_in_names([file.path for file in files])
            known = set(labels.values())
            made.labels[part] = (
                here[0] if here is not None and set(here[0].values()) <= known else {}
            )
    return made


def _of_parts(parts: Parts, made: Labelling) -> Iterator[str]:
    """Sentences about images that have no label, and folders beside those of parts."""
    for part, files in parts.files.items():
        lost = len(files) - sum(file.path in made.labels[part] for file in files)
        if part != "train" and lost == len(files):
            yield (
                f"{str(parts.roots[part])!r} has no folders of classes and is no "
                f"{PART_NAMES[part]} data: recipe predict answers for it."
            )  # fmt: skip
        elif lost and list(made.labels) == list(parts.files):
            verb = "image has" if lost == 1 else "images have"
            yield f"{lost} {PART_NAMES[part]} {verb} no label and {_are(lost)} left out."
    if parts.others:
        lie = "image lies" if parts.others == 1 else "images lie"
        yield (
            f"{parts.others} {lie} beside the folders of {', '.join(parts.files)} and "
            f"{_are(parts.others)} left out."
        )
    for folder in parts.unlabelled:
        yield f"{str(folder)!r} has no labels: recipe predict answers for it."


def _are(count: int) -> str:
    return "is" if count == 1 else "are"


def _refuse_no_images(folder: Path, files: Sequence[Path]) -> None:
    said = "".join(f" {note}" for note in left_out(files))
    if files or any(path.is_dir() and not of_a_tool(path.name) for path in folder.iterdir()):
        packed = next((path for path in sorted(folder.rglob("*")) if IDX in path.name), None)
        if packed is not None:
            raise UsageError(
                f"{str(packed)!r} is of MNIST's own format (idx), which is not read by name: read "
                "it in an experiment file, with torchvision.datasets.MNIST or as in "
                "np.frombuffer(gzip.open(file).read(), np.uint8, offset=16), and run that."
            )
        raise UsageError(f"There are no images in the folders of {str(folder)!r}: {HOW}.{said}")
    raise UsageError(f"{str(folder)!r} has no folders of classes: {HOW}.")


def _refuse_without_training(folder: Path, parts: Parts) -> None:
    tops = {file.place[0] for file in parts.files["train"] if len(file.place) > 1}
    if list(parts.files) == ["train"] and tops and all(split_of(name) for name in tops):
        held = {split_of(name) for name in tops}
        if held <= {"val", "test", "unlabelled"}:
            raise UsageError(
                f"{str(folder)!r} has folders for validation or test ({few(tops)}), and none for "
                "training: name it train."
            )


def _unknown(folder: Path, parts: Parts, target: str | None) -> str:
    """Why the classes are not known, and what to do."""
    places = [file.place for file in parts.files["train"]]
    tops = {place[0] for place in places if len(place) > 1}
    if target is not None:
        return (
            f"--target {target} fits neither the folders of {str(folder)!r} nor a table beside "
            "its images: leave it out to see what is found."
        )
    if len(tops) == 1 and all(len(place) > 1 for place in places):
        return (
            f"All images in {str(folder)!r} are in one folder, {tops.pop()!r}: a classifier needs "
            f"two classes or more; {HOW}, {OR_A_TABLE}."
        )
    return (
        f"{str(folder)!r} has no folders of classes, and neither a table nor the names of its "
        f"images say what they show: {HOW}, {OR_A_TABLE}."
    )
