"""How deep and transparent images become 8-bit RGB, as measured on training images."""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import Any

import numpy as np

from recipe.sources.image_reading import (
    BLACK,
    NO_VALUE,
    WHITE,
    Rendering,
    Unreadable,
    opened,
)

Ends = tuple[float, float]
"""The smallest and the largest value of an image."""
SAMPLED = 100_000
"""Pixels of an image by which its values are known."""
LEAST_PART = 0.25
"""Of the range of a number of bits: values that use less of it are spread over all levels."""
TAILS = (0.1, 99.9)
"""Percentiles of an image between which its values lie: a hot pixel is none of them."""
BITS = (8, 10, 12, 14, 16)
"""That cameras and scanners have."""
FLOAT_TOPS = (1.0, 255.0, 65535.0)
NEARLY_WHITE = 0.9 * 255
"""Mean of what is seen of transparent images, from which white would hide it."""
MEASURED = 256
"""Images from which it is measured."""


def ends_of(image: Any) -> Ends | None:
    """Of a decoded image; None where no pixel has a value."""
    values = np.asarray(image).ravel()
    values = values[:: max(1, len(values) // SAMPLED)].astype(np.float64)
    values = values[np.abs(values) < NO_VALUE]
    if not len(values):
        return None
    low, high = np.percentile(values, TAILS)
    return float(low), float(high)


def span_of(ends: Sequence[Ends | None], *, whole: bool) -> Ends:
    """The values that become 0 and 255: zero and the largest that a number of bits has, or where
    images use little of that, as heat and X-ray images do, the smallest and the largest there are.

    Args:
        ends: of the images.
        whole: whether their values are whole numbers.

    """
    known = [each for each in ends if each is not None]
    if not known:
        return Rendering().span
    low, high = min(low for low, _ in known), max(high for _, high in known)
    tops = [2.0**bits - 1 for bits in BITS] if whole else FLOAT_TOPS
    top = next((top for top in tops if high <= top), None)
    if top is not None and low >= 0 and high - low >= LEAST_PART * top:
        return 0.0, top
    return low, high if high > low else low + 1


def rendering_of(deep: Sequence[str], clear: Sequence[str]) -> Rendering:
    """How the unusual images of a training set become RGB.

    Args:
        deep: paths of those of more than 8 bits.
        clear: paths of those with transparent parts.

    """
    span, whole = [], True
    for image in _some(deep):
        span.append(ends_of(image))
        whole = whole and image.mode != "F"
    shades = [shade for image in _some(clear) if (shade := _shade(image)) is not None]
    bright = bool(shades) and float(np.mean(shades)) > NEARLY_WHITE
    return Rendering(span_of(span, whole=whole), BLACK if bright else WHITE)


def _some(paths: Sequence[str]) -> Iterator[Any]:
    for path in paths[:: max(1, len(paths) // MEASURED)]:
        with suppress(Unreadable), opened(path) as image:
            yield image


def _shade(image: Any) -> float | None:
    """Mean grey value of what is seen of an image; None where nothing is."""
    grey, alpha = (np.asarray(band, dtype=np.float64)
                   for band in image.convert("RGBA").convert("LA").split())  # fmt: skip
    return float((grey * alpha).sum() / alpha.sum()) if alpha.any() else None
