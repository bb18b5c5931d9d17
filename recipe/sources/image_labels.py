"""Labels that the names of image files say: cat.0.jpg and dog_12.png."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

OF_CAMERAS = frozenset({
    "img", "image", "dsc", "dscn", "dscf", "pxl", "mvimg", "photo", "pic", "pict", "picture",
    "frame", "scan", "screenshot", "file", "copy",
})  # fmt: skip
"""Words in names that cameras give."""
LEAST_MATCHED = 0.98
"""Of the names that have to be built alike: a stray file is no reason to find no labels."""


def labels_in_names(paths: Sequence[Path]) -> tuple[dict[Path, str], str] | None:
    """What the names of files say: cat.0.jpg and dog_12.png are of the classes cat and dog. One
    part of the names has to be the same for several images, and the others have to number them.
    """
    words = {path: _parts_of_name(path.stem) for path in paths}
    shapes = Counter(len(parts) for parts in words.values())
    length, count = shapes.most_common(1)[0] if shapes else (0, 0)
    alike = {path: parts for path, parts in words.items() if len(parts) == length}
    if not length or count < LEAST_MATCHED * len(paths):
        alike = {}
    found = (
        _by_column(alike, length, numbers=False)
        or _by_stem(paths)
        or _by_column(alike, length, numbers=True)
    )
    if not found:
        return None
    example = next(iter(found))
    note = (
        f"Labels are in the names of the files: {example.name!r} is of the class "
        f"{found[example]!r}."
    )
    return found, note


def _by_stem(paths: Sequence[Path]) -> dict[Path, str] | None:
    """The words before the number that ends the name."""
    found = {}
    for path in paths:
        match = re.fullmatch(r"(.*?[^\W\d_].*?)[\W_]*\(?(\d+)\)?", path.stem)
        if match:
            found[path] = match[1].strip(" _-.(")
    classes = Counter(found.values())
    fits = (
        len(found) >= LEAST_MATCHED * len(paths) and len(classes) > 1
        and min(classes.values()) > 1 and len(classes) <= max(2, len(found) / 4)
        and not any(_of_a_camera(name) for name in classes)
    )  # fmt: skip
    return found if fits else None


def _of_a_camera(name: str) -> bool:
    """Whether a name says how a file came about, and not what is on it."""
    words = re.findall(r"[^\W\d_]+", name.lower())
    return not words or all(word in OF_CAMERAS for word in words)


def _parts_of_name(stem: str) -> tuple[str, ...]:
    """Words and numbers of a name without its ending."""
    return tuple(re.findall(r"[^\W\d_]+(?:[ ][^\W\d_]+)*|\d+", stem))


def _by_column(
    parts: Mapping[Path, tuple[str, ...]], length: int, *, numbers: bool
) -> dict[Path, str] | None:
    """The one part of the names that repeats, of those that are words or those that are numbers."""
    repeating = []
    for column in range(length if parts else 0):
        values = Counter(words[column] for words in parts.values())
        several = 1 < len(values) <= max(2, len(parts) / 4) and min(values.values()) > 1
        if several and all(value.isdigit() for value in values) == numbers:
            repeating.append((column, values))
    fit = [column for column, values in repeating if not any(map(_of_a_camera, values)) or numbers]
    if len(fit) != 1:
        return None
    return {path: words[fit[0]] for path, words in parts.items()}
