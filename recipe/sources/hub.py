"""Models of other libraries by a name with a prefix: `timm:NAME` and `hf:NAME`."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

from torch import nn

from recipe.core.errors import UsageError
from recipe.sources.image_format import ImageFormat
from recipe.sources.source import Kind

Factory = Callable[..., nn.Module]


@dataclass(frozen=True)
class Hub:
    """A library of models. Every function is given the name without its prefix, and raises
    UsageError where the library is missing or has no such model.
    """

    check: Callable[[str, Kind], None]
    """Whether there is such a model for this kind of data."""
    image_format: Callable[[str, int | None, bool], ImageFormat]
    """How images have to look, for a wanted side, and for pretrained weights or none."""
    factory: Callable[[str, Kind, tuple[int, ...], int], Factory]
    """Of fresh models for inputs of a shape and so many outputs; with any `weights`, those of the
    library."""
    check_weights: Callable[[str, Kind], None]
    """Whether the pretrained weights are there, or can be downloaded."""


def is_hub(name: str) -> bool:
    """Whether a model is one of another library."""
    return name.startswith(("hf:", "timm:"))


def bare(name: str) -> str:
    """The name without its prefix."""
    return name.partition(":")[2] if is_hub(name) else name


def label(name: str) -> str:
    """The name as a part of the name of a run: of a path its last part."""
    return Path(bare(name).rstrip("/")).name


def package(name: str, extra: str, what: str) -> Any:
    """A library.

    Args:
        name: of the package.
        extra: of this project, which installs it.
        what: what needs it, to be named in a complaint.

    Raises:
        UsageError: it is not installed.

    """
    try:
        return import_module(name)
    except ImportError as error:
        raise UsageError(
            f"{what} needs the package {error.name or name!r}: "
            f"pip install 'training-recipe[{extra}]'."
        ) from error


def why(error: Exception) -> str:
    """What a library complains about, in one line."""
    text = " ".join(str(error).split()) or type(error).__name__
    return text[:200].rstrip(".")


def is_local(name: str) -> bool:
    """Whether a name is a path here."""
    return os.path.exists(name)  # noqa: PTH110 - a name may hold what a Path changes
