"""Objects in images, as a layout of files says where they are."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Boxes:
    """An image and its objects."""

    path: Path
    boxes: tuple[tuple[float, float, float, float], ...]
    """Left, top, right and bottom of each."""
    labels: tuple[int, ...]
    """The class of each, from 0."""
    relative: bool = False
    """Whether boxes are shares of width and height instead of pixels."""


@dataclass(frozen=True)
class Found:
    """What a folder holds."""

    layout: str
    parts: Mapping[str, Sequence[Boxes]]
    """`train`, and where there are any `val` and `test`."""
    classes: tuple[str, ...]
    notes: tuple[str, ...] = ()
