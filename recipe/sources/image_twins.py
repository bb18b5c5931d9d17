"""Equal images and near copies: which there are, and a split that keeps them on one side."""

import hashlib
import random
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from recipe.core.keys_and_seeds import derive_seed
from recipe.sources.image_check import THUMBNAIL, Look

ALIKE = 0.99
"""Correlation of two thumbnails from which one image is a copy of the other, saved anew or
resized. Of the 8 million pairs of 4,000 digits of MNIST none comes as near, of 4,000 images of
CIFAR-10 one pair does, which is a copy; saved anew as JPEG of quality 75 all of them do."""
LEAST_CONTRAST = 4.0
"""Deviation of grey values below which a thumbnail is next to empty: it resembles any other."""
ROWS = 1024
"""Thumbnails that are compared with all others at once."""


def twins(paths: Sequence[str], looks: Sequence[Look]) -> np.ndarray:
    """The number of each image's group [N]: equal files, and near copies where there are
    thumbnails, are of one group.

    Args:
        paths: of images that can be read.
        looks: at them.

    """
    parent = list(range(len(paths)))

    def root(place: int) -> int:
        while parent[place] != place:
            parent[place] = parent[parent[place]]
            place = parent[place]
        return place

    for one, other in (*_equal_files(paths), *_near_copies(looks)):
        first, second = sorted((root(one), root(other)))
        parent[second] = first
    return np.array([root(place) for place in range(len(paths))], dtype=np.int64)


def _equal_files(paths: Sequence[str]) -> Iterator[tuple[int, int]]:
    """Pairs of places; contents are read of files of one size alone."""
    by_size: dict[int, list[int]] = defaultdict(list)
    for place, path in enumerate(paths):
        by_size[Path(path).stat().st_size].append(place)
    for places in by_size.values():
        first: dict[bytes, int] = {}
        for place in places if len(places) > 1 else ():
            content = hashlib.blake2b(Path(paths[place]).read_bytes()).digest()
            known = first.setdefault(content, place)
            if known != place:
                yield known, place


def _near_copies(looks: Sequence[Look]) -> Iterator[tuple[int, int]]:
    places = [place for place, look in enumerate(looks) if look.thumbnail]
    if not places:
        return
    pixels = np.stack([np.frombuffer(looks[p].thumbnail, dtype=np.uint8) for p in places])
    values = pixels.reshape(len(places), THUMBNAIL * THUMBNAIL).astype(np.float32)
    spread = values.std(axis=1)
    clear = spread >= LEAST_CONTRAST
    places = [place for place, enough in zip(places, clear, strict=True) if enough]
    values = values[clear]
    values = (values - values.mean(1, keepdims=True)) / spread[clear][:, None]
    values /= THUMBNAIL
    for start in range(0, len(places), ROWS):
        alike = values[start : start + ROWS] @ values.T
        for row, column in np.argwhere(alike >= ALIKE):
            if start + row < column:
                yield places[start + row], places[column]


def split_in_groups(
    groups: np.ndarray, labels: Sequence[int], share: float, seed: int
) -> tuple[list[int], list[int]]:
    """Places to train on and to validate on, no group in both, class shares about equal. The second
    is smaller than wanted where groups are large.

    Args:
        groups: of each image.
        labels: the class of each.
        share: of the images, to validate on.
        seed: of the draw.

    """
    members: dict[int, list[int]] = defaultdict(list)
    for place, group in enumerate(groups.tolist()):
        members[group].append(place)
    by_class: dict[int, list[list[int]]] = defaultdict(list)
    for places in members.values():
        by_class[labels[places[0]]].append(places)
    held: list[int] = []
    for label, found in sorted(by_class.items()):
        random.Random(derive_seed(seed, "groups", label)).shuffle(found)
        wanted, taken = share * sum(map(len, found)), 0
        for places in found:
            if taken + len(places) / 2 <= wanted and len(places) < sum(map(len, found)):
                held += places
                taken += len(places)
    chosen = set(held)
    return [place for place in range(len(groups)) if place not in chosen], sorted(held)


def repeated(groups: np.ndarray) -> int:
    """How many images repeat another one."""
    return len(groups) - len(set(groups.tolist()))


def contradicting(groups: np.ndarray, labels: Sequence[Any], paths: Sequence[str]) -> Iterator[str]:
    """A sentence about twins of different classes."""
    first: dict[int, int] = {}
    pairs = []
    for place, group in enumerate(groups.tolist()):
        known = first.setdefault(group, place)
        if labels[known] != labels[place]:
            pairs.append((known, place))
    if pairs:
        one, other = (paths[place] for place in pairs[0])
        yield (
            f"{len(pairs)} of them have another class than the image that they repeat, such as "
            f"{other!r} and {one!r}: one of the two labels is wrong."
        )


def across(parts: Mapping[str, Sequence[int]], groups: np.ndarray) -> dict[str, list[int]]:
    """Training places that repeat an image of another part, by that part.

    Args:
        parts: places of the images of `train` and of the others.
        groups: of all of them.

    """
    found: dict[str, list[int]] = {}
    taken: set[int] = set()
    for part, places in parts.items():
        if part != "train":
            there = {int(groups[place]) for place in places}
            here = [p for p in parts["train"] if int(groups[p]) in there and p not in taken]
            taken |= set(here)
            if here:
                found[part] = here
    return found
