"""How the files of a folder of images are parted and which folders are classes, by their places
alone.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

SPLITS = {"train": ("train", "training"), "val": ("val", "valid", "validation", "dev"),
          "test": ("test", "testing")}  # fmt: skip
"""Names of folders that hold the parts of a data set."""
UNLABELLED = ("pred", "predict", "prediction", "unlabeled", "unlabelled", "unlabel")
"""Words in the names of folders of images that nobody has labelled."""
FILLERS = frozenset({
    "images", "image", "imgs", "img", "set", "data", "dataset", "pictures", "pics", "photos", "seg",
    "jpg", "jpeg", "png", "small", "resized", "raw", "folder", "the", "full", "sample", "samples",
})  # fmt: skip
"""Words beside them, as in train_images or seg_train."""
LEAST_OF_CLASS = 2
"""Images that the folder of a class has on average; folders of one image each are items."""
Place = tuple[str, ...]
"""A file by the folders above it and its name."""


class File(NamedTuple):
    """A file of a part of a data set."""

    place: Place
    """Below the folder of its part."""
    path: Path


@dataclass(frozen=True)
class Parts:
    """The files of each part of a data set."""

    files: Mapping[str, list[File]]
    """By `train`, `val` and `test`; `train` alone where it is not parted."""
    roots: Mapping[str, Path]
    """The folder below which the places of a part stand."""
    others: int = 0
    """Files beside the folders of parts."""
    unlabelled: tuple[Path, ...] = ()
    """Folders of images that nobody has labelled, by their names."""


def split_of(name: str) -> str | None:
    """The part that a folder of this name holds, or `unlabelled`; None where it names none."""
    words = [word for word in re.findall(r"[a-z]+", name.lower()) if word not in FILLERS]
    if len(words) != 1:
        return None
    word = next((words[0].removesuffix(end) for end in ("images", "data", "set")
                 if words[0].endswith(end)), words[0])  # fmt: skip
    if word in UNLABELLED:
        return "unlabelled"
    return next((part for part, names in SPLITS.items() if word in names), None)


def unwrapped(files: Sequence[File], root: Path) -> tuple[list[File], Path]:
    """Files by their places below the folders that hold nothing but one folder with folders in it:
    images/cats/1.jpg and images/dogs/2.jpg are cats/1.jpg and dogs/2.jpg.
    """
    rest = list(files)
    while rest and all(len(f.place) > 2 for f in rest) and len({f.place[0] for f in rest}) == 1:
        root = root / rest[0].place[0]
        rest = [File(f.place[1:], f.path) for f in rest]
    return rest, root


def parts_of(paths: Sequence[Path], folder: Path) -> Parts:
    """The parts of a data set: train/cats/1.jpg, or cats/train/1.jpg; all of it is for training
    where there is no such folder.
    """
    files, root = unwrapped([File(p.relative_to(folder).parts, p) for p in paths], folder)
    if _is_turned(files):
        files = [File((f.place[1], f.place[0], *f.place[2:]), f.path) for f in files]
    found: dict[str, list[File]] = defaultdict(list)
    roots: dict[str, Path] = {}
    others = []
    for file in files:
        part = split_of(file.place[0]) if len(file.place) > 1 else None
        if part is None:
            others.append(file)
        else:
            found[part].append(File(file.place[1:], file.path))
            roots.setdefault(part, root / file.place[0])
    if "train" not in found:
        return Parts({"train": files}, {"train": root})
    unlabelled = found.pop("unlabelled", [])
    made = {part: unwrapped(below, roots[part]) for part, below in found.items()}
    return Parts(
        {part: below for part, (below, _) in made.items()},
        {part: place for part, (_, place) in made.items()},
        len(others), (roots["unlabelled"],) if unlabelled else (),
    )  # fmt: skip


def _is_turned(files: Sequence[File]) -> bool:
    """Whether the folders of classes hold those of parts."""
    inner = {split_of(file.place[1]) for file in files if len(file.place) > 2}
    tops = {file.place[0] for file in files}
    return (
        "train" in inner and None not in inner and len(tops) > 1
        and all(len(file.place) > 2 for file in files)
    )  # fmt: skip


@dataclass(frozen=True)
class Level:
    """At which folder of a place its class stands."""

    depth: int
    """0 for the first one."""
    notes: tuple[str, ...] = ()


def class_level(places: Sequence[Place], wanted: int | None = None) -> Level | None:
    """Which folders are the classes; None where images lie in no folders or in a single one.

    Where all images lie two folders deep, the inner ones are classes if they have names
    (plants/rose), or if they are the same everywhere (north/cats, south/cats); they are none if
    they are numbered (cats/2023, cats/patient 7).

    Args:
        places: of training images.
        wanted: the level that the user names, from 1.

    """
    inside = [place for place in places if len(place) > 1]
    tops = {place[0] for place in inside}
    deep = [place for place in inside if len(place) > 2]
    if wanted is not None:
        enough = all(len(place) > wanted for place in places)
        return Level(wanted - 1) if enough else None
    if len(tops) < 2:
        return None
    if len(deep) < len(places) or any(len(place) != 3 for place in deep):
        return Level(0)
    below: dict[str, set[str]] = defaultdict(set)
    for outer, inner, _ in deep:
        below[outer].add(inner)
    names = set().union(*below.values())
    single = len(deep) < LEAST_OF_CLASS * len(names)
    if single or len(names) < 2 or mostly_numbered(names):
        return Level(0)
    same = all(found == names for found in below.values())
    apart = sum(map(len, below.values())) == len(names)
    if mostly_numbered(tops) or same or apart:
        outer, inner, _ = deep[0]
        said = (
            f"Classes are the inner folders, such as {inner!r} in {outer!r} (--target 1 takes the "
            f"outer ones, {few(tops)})."
        )
        return Level(1, (said,))
    said = f"Classes are the outer folders, {few(tops)} (--target 2 takes the inner ones)."
    return Level(0, (said,))


def few(names: Iterable[str]) -> str:
    """The first of some names, in a sentence."""
    listed = sorted(names)
    return ", ".join(listed[:3]) + (", ..." if len(listed) > 3 else "")


def mostly_numbered(names: Iterable[str]) -> bool:
    """Whether names number something: most hold a digit, or nothing but one."""
    found = list(names)
    return 2 * sum(any(sign.isdigit() for sign in name) for name in found) > len(found)


def numbered_alike(names: Iterable[str]) -> bool:
    """Whether names differ by their numbers alone: images_1 and images_2."""
    return len({re.sub(r"[\W\d_]+", "", name.lower()) for name in names}) == 1
