"""Takes a torchvision transform apart: what has to see one image, and what can see a batch.

Turning an image into a tensor and normalising it costs more than decoding a small one. What
follows the conversion to a tensor is applied to whole batches, if that gives the same values.
"""

import copy
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import Subset

from recipe.core.errors import UsageError
from recipe.data.collating import Item
from recipe.data.equality import identical
from recipe.data.single_items import item, probe_indices, stack_items

Tail = Callable[[Tensor], Tensor]
CONVERSIONS = ("ToTensor", "PILToTensor", "ToImage")
"""Transforms that make a tensor of an image; ToTensor also scales 0..255 to 0..1."""

JPEG = b"\xff\xd8"
"""How a JPEG file starts."""


def split_transform(dataset: Any, name: str, sample: list[Item]) -> tuple[Any, Tail] | None:
    """A copy of the data set that yields plain image tensors, and the rest of its transform.

    Args:
        dataset: to be read.
        name: what complaints call it.
        sample: its items at `probes`, which the parts have to give too.

    Returns:
        None when the transform cannot be taken apart, or when the parts give other values than
        the whole on a sample of items.

    """
    if "torchvision" not in sys.modules:
        return None
    inner = dataset.dataset if isinstance(dataset, Subset) else dataset
    parts = _split(getattr(inner, "transform", None))
    if parts is None:
        return None
    before, tail = parts
    for source in _sources(inner, before):
        bare = source
        if isinstance(dataset, Subset):
            many = isinstance(source, ManyJpegs)
            bare = (
                ManyJpegs(source.folder, dataset.indices)
                if many else Subset(source, dataset.indices)
            )  # fmt: skip
        try:
            x, y = stack_items(
                [item(bare, index, name) for index in probe_indices(len(dataset))], name
            )
            whole_x, whole_y = stack_items(sample, name)
            if identical(tail(x), whole_x) and identical(y, whole_y):
                return bare, tail
        except (UsageError, RuntimeError, ValueError, TypeError, AttributeError):
            continue
    return None


def _sources(dataset: Any, before: list[Any]) -> Iterator[Any]:
    """Copies of the data set that yield image tensors, the fastest first."""
    bare = _with_transform(dataset, _Head(before))
    if _loads_with_pillow(dataset):
        fast = copy.copy(bare)
        # A step before the conversion may want Pillow's image.
        if not before and _jpeg_decoder() is not None:
            fast.loader = _load_jpeg
            yield ManyJpegs(fast) if _reads_as_folders_do(dataset) else fast
            fast = copy.copy(bare)
        fast.loader = _load_rgb
        yield fast
    yield bare


def _reads_as_folders_do(dataset: Any) -> bool:
    from torchvision.datasets import DatasetFolder

    identical = getattr(type(dataset), "__getitem__", None) is DatasetFolder.__getitem__
    return identical and dataset.target_transform is None


class ManyJpegs:
    """An image folder, or some of it, whose files are decoded many at a time: one call for one
    small image costs as much again as decoding it.
    """

    def __init__(self, folder: Any, indices: Sequence[int] | None = None) -> None:
        """Take all of `folder`, whose loader reads one image, or its items `indices`."""
        self.folder = folder
        self.indices = range(len(folder)) if indices is None else indices

    def __len__(self) -> int:
        return len(self.indices)

    def __getitem__(self, index: int) -> Any:
        return self.folder[self.indices[index]]

    def read(self, start: int, stop: int) -> list[Item]:
        """Items start..stop, as one by one.

        Raises:
            OSError: a file cannot be read.

        """
        chosen = [self.indices[index] for index in range(start, stop)]
        paths, labels = zip(*(self.folder.samples[index] for index in chosen), strict=True)
        contents = [_content(path) for path in paths]
        decode = _jpeg_decoder()
        if decode is not None and all(content.startswith(JPEG) for content in contents):
            try:
                images = decode([torch.frombuffer(c, dtype=torch.uint8) for c in contents])
            except RuntimeError:  # one by one, the broken one is named
                images = []
            if images and all(len(image) == 3 for image in images):
                return list(zip(images, torch.tensor(labels).unbind(), strict=True))
        return [item(self.folder, index, "a folder") for index in chosen]


def _loads_with_pillow(dataset: Any) -> bool:
    from torchvision import get_image_backend
    from torchvision.datasets.folder import default_loader

    return getattr(dataset, "loader", None) is default_loader and get_image_backend() == "PIL"


@cache
def _jpeg_decoder() -> Callable[[Any], Any] | None:
    """torchvision's, where there is one: 0.29 announces that a later version will have none."""
    try:
        from torchvision.io import decode_jpeg
    except ImportError:
        return None
    return decode_jpeg  # type: ignore[no-any-return]


def _load_jpeg(path: str) -> Any:
    """A JPEG in colour as bytes [3, height, width], in a quarter of the time of `_load_rgb`, which
    loads everything else. Both decode with libjpeg-turbo, to the same values.
    """
    content, decode = _content(path), _jpeg_decoder()
    if decode is not None and content.startswith(JPEG):
        try:
            image = decode(torch.frombuffer(content, dtype=torch.uint8))
        except RuntimeError:  # Pillow says better what is wrong with it
            return _load_rgb(path)
        if len(image) == 3:
            return image
    return _load_rgb(path)


def _content(path: str) -> bytearray:
    """Of a file; a file object costs as much again as reading a small image."""
    descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_BINARY", 0))
    try:
        size = os.fstat(descriptor).st_size
        content = bytearray(os.read(descriptor, size))
    finally:
        os.close(descriptor)
    return content if len(content) == size else bytearray(Path(path).read_bytes())


def _load_rgb(path: str) -> Any:
    """What torchvision's loader gives, without the copy that it makes of an image that is RGB
    already.
    """
    from PIL import Image

    with open(path, "rb") as file:  # noqa: PTH123 - a Path costs as much as opening the file
        image: Any = Image.open(file)
        if image.mode != "RGB":
            return image.convert("RGB")
        image.load()
        return image


def _split(transform: Any) -> tuple[list[Any], Tail] | None:
    """The steps before the conversion to a tensor, and what comes after."""
    if not type(transform).__module__.startswith("torchvision.transforms"):
        return None
    steps = list(getattr(transform, "transforms", [transform]))
    names = [type(step).__name__ for step in steps]
    place = next((k for k, name in enumerate(names) if name in CONVERSIONS), None)
    if place is None:
        return None
    after = steps[place + 1 :]
    scale = names[place] == "ToTensor"

    def tail(x: Tensor) -> Tensor:
        if scale and x.dtype == torch.uint8:
            x = x.to(torch.get_default_dtype()).div(255)
        for step in after:
            x = step(x)
        return x.as_subclass(Tensor)

    return steps[:place], tail


class _Head:
    """What has to see one image, up to the tensor of its bytes."""

    def __init__(self, steps: list[Any]) -> None:
        self.steps = steps

    def __call__(self, image: Any) -> Tensor:
        if isinstance(image, Tensor) and not self.steps:
            return image
        from torchvision.transforms.v2.functional import pil_to_tensor

        for step in self.steps:
            image = step(image)
        if getattr(image, "mode", None) == "RGB":  # the same in half the time
            return torch.from_numpy(np.array(image)).permute(2, 0, 1)
        return pil_to_tensor(image)  # type: ignore[no-any-return]


def _with_transform(dataset: Any, transform: Any) -> Any:
    """A shallow copy with another transform; the user's own is left alone."""
    changed = copy.copy(dataset)
    changed.transform = transform
    if hasattr(dataset, "transforms"):
        from torchvision.datasets.vision import StandardTransform

        changed.transforms = StandardTransform(transform, dataset.target_transform)
    return changed
