"""A look at every image before anything is trained: its size, what is unusual about it, and whether
it can be read at all, so that all that cannot are told at once.
"""

import os
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch

from recipe.core.cache_folder import cache_folder
from recipe.core.errors import RecipeError, UsageError
from recipe.core.files import write_text
from recipe.core.keys_and_seeds import key
from recipe.machine.processes import can_fork, cores, run_all
from recipe.sources.image_reading import (
    FULL_SIZE,
    MOST_PIXELS,
    Rendering,
    Unreadable,
    is_deep,
    opened,
    upright,
    way_of,
)
from recipe.sources.image_rendering import ends_of, span_of

TURNED, DEEP, CLEAR, MOVING, HUGE = "turned", "deep", "clear", "moving", "huge"
"""What is unusual: stored lying, more than 8 bits, transparent, several frames, very large."""
ANIMATED = ("GIF", "WEBP", "PNG", "AVIF", "TIFF", "HEIF")
"""Formats with frames; a phone's JPEG holds a second picture that is none."""
THUMBNAIL = 32
"""Side of the small grey image by which near copies are known."""
MOST_THUMBNAILS = 4_000
"""Images up to which near copies are looked for: each of them has to be decoded for it."""
PARALLEL_FROM, PART = 1_000, 250
"""Images from which several processes look, and how many one looks at in a row."""
END_OF_JPEG, TAIL = b"\xff\xd9", 65_536
"""What a JPEG ends with, and the bytes in which that is sought: phones write more behind it."""
LARGE = 400
"""Times the pixels of what an image is scaled to, from which it is said."""
LISTED = 20
"""Files in a sentence; the list of more is written to a file."""


@dataclass(frozen=True)
class Look:
    """What was seen of an image."""

    size: tuple[int, int] = (0, 0)
    """Width and height, of the image that stands upright."""
    marks: frozenset[str] = frozenset()
    problem: str = ""
    """Why it cannot be read; empty where it can."""
    thumbnail: bytes = field(default=b"", repr=False)
    """Grey values of THUMBNAIL x THUMBNAIL pixels; empty where nobody asked."""


def look_at(path: str, *, thumbnail: bool = False) -> Look:
    """One image. A JPEG that has its end is not decoded unless a thumbnail is wanted: its decoder
    finds nothing else wrong.
    """
    try:
        with opened(path, pixels=False) as image:
            jpeg = image.format in ("JPEG", "MPO")
            size = image.info[FULL_SIZE]
            frames = image.format in ANIMATED and bool(getattr(image, "is_animated", False))
            if jpeg and thumbnail:
                image.draft("L", (2 * THUMBNAIL, 2 * THUMBNAIL))
            if thumbnail or not jpeg or not _has_end(path):
                image.load()
                size = size if jpeg else image.size  # decoding turns TIFF
            way = way_of(image)
            size = size if way < 5 else size[::-1]
            clear = not jpeg and image.has_transparency_data and _shows_through(image)
            said = {TURNED: way > 1, DEEP: is_deep(image.mode), CLEAR: clear, MOVING: frames,
                    HUGE: size[0] * size[1] > MOST_PIXELS}  # fmt: skip
            marks = frozenset(name for name, holds in said.items() if holds)
            return Look(size, marks, thumbnail=_thumbnail(image) if thumbnail else b"")
    except Unreadable as why:
        return Look(problem=str(why))


def _has_end(path: str) -> bool:
    with open(path, "rb") as file:  # noqa: PTH123 - a Path costs as much as opening the file
        file.seek(0, os.SEEK_END)
        file.seek(max(0, file.tell() - TAIL))
        return END_OF_JPEG in file.read()


def _shows_through(image: Any) -> bool:
    return bool(image.convert("RGBA").getchannel("A").getextrema()[0] < 255)


def _thumbnail(image: Any) -> bytes:
    """By the extremes of its values where it is deep: what counts is what a person sees."""
    if is_deep(image.mode):
        image = Rendering(span_of([ends_of(image)], whole=image.mode != "F")).rendered(image)
    small = upright(image).convert("L").resize((THUMBNAIL, THUMBNAIL), 4)  # 4: mean of boxes
    return bytes(small.tobytes())


def look_at_all(paths: Sequence[str], *, thumbnails: bool = False) -> list[Look]:
    """All of them, by several processes where they are many."""
    several = len(paths) >= PARALLEL_FROM and cores() > 1 and can_fork(torch.device("cpu"))
    if not several:
        return [look_at(path, thumbnail=thumbnails) for path in paths]
    parts = [paths[start : start + PART] for start in range(0, len(paths), PART)]
    jobs = [lambda part=part: {"looks": [_plain(look_at(path, thumbnail=thumbnails))
                                         for path in part]} for part in parts]  # fmt: skip
    try:
        found = run_all(jobs, min(cores(), len(jobs)))
    except RecipeError as error:
        raise UsageError(f"Looking at the images failed ({error}).") from error
    return [_look(plain) for part in found for plain in part["looks"]]


def _plain(look: Look) -> list[Any]:
    return [*look.size, sorted(look.marks), look.problem, look.thumbnail.hex()]


def _look(plain: Sequence[Any]) -> Look:
    width, height, marks, problem, thumbnail = plain
    return Look((width, height), frozenset(marks), problem, bytes.fromhex(thumbnail))


def readable(
    paths: Sequence[str], looks: Sequence[Look], *, skip: bool
) -> tuple[list[int], list[str]]:
    """The places of those that can be read, and a sentence about the others.

    Args:
        paths: of images.
        looks: at them.
        skip: leave out what cannot be read.

    Raises:
        UsageError: one of them cannot be read, and nothing is to be left out; or none can.

    """
    broken = {path: look.problem for path, look in zip(paths, looks, strict=True) if look.problem}
    kept = [place for place, look in enumerate(looks) if not look.problem]
    if not broken:
        return kept, []
    count = f"{len(broken)} of {len(paths)} images cannot be read"
    if not kept:
        raise UsageError(f"{count}: {_listed(broken)}. Name a folder with images that can be read.")
    if not skip:
        raise UsageError(
            f"{count}: {_listed(broken)}. Fix or remove them, or leave them out with "
            "--skip-unreadable."
        )
    return kept, [f"{count} and are left out: {_listed(broken)}."]


def _listed(broken: dict[str, str]) -> str:
    """All of them by what is wrong with them, or the first ones and where the list is."""
    by_reason: dict[str, list[str]] = defaultdict(list)
    for path, problem in broken.items():
        by_reason[problem].append(path)
    room, parts = LISTED, []
    for problem, paths in sorted(by_reason.items(), key=lambda item: -len(item[1])):
        shown = paths[: max(1, room)]
        room -= len(shown)
        more = f" and {len(paths) - len(shown)} more" if len(paths) > len(shown) else ""
        parts.append(f"{', '.join(map(repr, shown))}{more} ({problem})")
    few = "; ".join(parts)
    if len(broken) <= LISTED:
        return few
    file = cache_folder() / "unreadable" / f"{key(sorted(broken.items()))}.txt"
    lines = [f"{path}\t{problem}" for path, problem in broken.items()]
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        write_text(file, "\n".join(lines) + "\n")
    except OSError:
        return few
    return f"{few} (all of them are listed in {str(file)!r})"


def unusual(looks: Sequence[Look], side: int | None, rendering: Rendering) -> Iterator[str]:
    """Sentences about how images that are no plain ones are read."""
    count = {mark: sum(mark in look.marks for look in looks)
             for mark in (TURNED, DEEP, CLEAR, MOVING, HUGE)}  # fmt: skip
    low, high = rendering.span
    shade = "white" if rendering.background else "black"
    told = {
        TURNED: "stored lying on their side or mirrored, and read as a viewer shows them",
        DEEP: f"grey in more than 8 bits: values from {low:g} to {high:g} become 8 bits",
        CLEAR: f"partly transparent: they are read on {shade}",
        MOVING: "of several frames or pages: the first one is read",
        HUGE: "huge: they are made smaller while they are decoded",
    }
    for mark, said in told.items():
        if count[mark]:
            yield f"{count[mark]} of {len(looks)} images are {said}."
    largest = max((look.size for look in looks), key=lambda size: size[0] * size[1], default=(0, 0))
    if side is not None and largest[0] * largest[1] > LARGE * side * side:
        yield (
            f"Images of up to {largest[0]} x {largest[1]} pixels are scaled to {side} x {side}: "
            "--image-size says otherwise."
        )
