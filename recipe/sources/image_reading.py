"""A file as an 8-bit RGB image, as a viewer shows it: the one way in which training and answers
read images.
"""

import os
import stat
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from recipe.core.errors import UsageError

ORIENTATION = 0x0112
"""The EXIF tag that says how the stored pixels have to be turned."""
MOST_PIXELS = 89_478_485
"""Of an image that is decoded as it is: a quarter of a gigabyte in RGB, where Pillow begins to warn
of decompression bombs. A larger JPEG is made smaller while it is decoded, any other is refused."""
REDUCTIONS = (2, 4, 8)
"""By which JPEG can be made smaller in decoding."""
SPAN_OF_16_BITS = (0.0, 65535.0)
WHITE, BLACK = 255, 0
FULL_SIZE = "full size"
"""Under it, what Pillow knows of an image holds its size before it was made smaller in decoding."""
NO_VALUE = 1e30
"""Beyond it, a value of a float image marks a pixel without one."""


class Unreadable(Exception):  # noqa: N818 - told apart from a complaint: many are told at once
    """Why a file cannot be read as an image."""


@dataclass(frozen=True)
class Rendering:
    """How images of other kinds than 8-bit RGB become that."""

    span: tuple[float, float] = SPAN_OF_16_BITS
    """Values of grey images in 16 bits or more, or in floating point, that become 0 and 255."""
    background: int = WHITE
    """Grey value that is seen through transparent parts."""

    def open(self, path: str) -> Any:
        """An image of Pillow in RGB: upright, where the file says how it lies.

        Raises:
            UsageError: it cannot be read.

        """
        try:
            with opened(path) as image:
                return self.rendered(image)
        except Unreadable as why:
            raise UsageError(
                f"{path!r} cannot be read as an image ({why}): fix or remove it."
            ) from why

    def rendered(self, image: Any) -> Any:
        """An image that was decoded, in RGB."""
        if is_deep(image.mode):
            return upright(self._in_8_bits(image)).convert("RGB")
        image = upright(image)
        if image.has_transparency_data:
            return self._on_background(image)
        return image if image.mode == "RGB" else image.convert("RGB")

    def _in_8_bits(self, image: Any) -> Any:
        from PIL import Image

        low, high = self.span
        values = np.asarray(image, dtype=np.float32)
        values = np.where(np.abs(values) < NO_VALUE, values, low)  # false for NaN, too
        scaled = ((values - low) * (255 / (high - low))).round().clip(0, 255)
        made = Image.fromarray(scaled.astype(np.uint8))
        made.info.update({name: image.info[name] for name in ("exif",) if name in image.info})
        return made

    def _on_background(self, image: Any) -> Any:
        from PIL import Image

        image = image.convert("RGBA")
        if image.getchannel("A").getextrema()[0] == WHITE:
            return image.convert("RGB")
        ground = Image.new("RGBA", image.size, (*[self.background] * 3, WHITE))
        return Image.alpha_composite(ground, image).convert("RGB")


def open_image(path: str) -> Any:
    """An image as `Rendering` opens it where nothing else is known."""
    return Rendering().open(path)


def is_deep(mode: str) -> bool:
    """Whether an image of this mode of Pillow has more than 8 bits: a plain conversion makes it
    white.
    """
    return mode == "F" or mode.startswith("I")


def way_of(image: Any) -> int:
    """How a decoded image has to be turned, as EXIF counts the ways; 1 where it is upright, or
    where what the file says of it cannot be read.
    """
    try:
        way = image.getexif().get(ORIENTATION)
    except Exception:  # noqa: BLE001 - broken EXIF raises anything, and the picture is seen all the same
        return 1
    return way if isinstance(way, int) and 1 <= way <= 8 else 1


def upright(image: Any) -> Any:
    """The image turned as its file says."""
    from PIL.Image import Transpose

    turns = {
        2: Transpose.FLIP_LEFT_RIGHT, 3: Transpose.ROTATE_180, 4: Transpose.FLIP_TOP_BOTTOM,
        5: Transpose.TRANSPOSE, 6: Transpose.ROTATE_270, 7: Transpose.TRANSVERSE,
        8: Transpose.ROTATE_90,
    }  # fmt: skip
    turn = turns.get(way_of(image))
    return image if turn is None else image.transpose(turn)


@contextmanager
def opened(path: str, *, pixels: bool = True) -> Iterator[Any]:
    """A file as Pillow opens it: the first of several frames, decoded where `pixels` are wanted.

    Raises:
        Unreadable: it cannot be read, or is too large.

    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what Pillow only warns of, a viewer shows
        try:
            image = _plugin(path)
            with image:
                fitting(image)
                if pixels:
                    image.load()
                yield image
        except Unreadable:
            raise
        except Exception as error:  # what Pillow's readers raise on broken files is not one kind
            raise Unreadable(why_unreadable(path, error)) from error


def _plugin(path: str) -> Any:
    """The file in the hands of Pillow's reader of its kind; a JPEG of any size."""
    from PIL import Image, JpegImagePlugin

    if not stat.S_ISREG(os.stat(path).st_mode):  # noqa: PTH116 - a Path costs as much as opening
        raise Unreadable("it is no regular file")
    try:
        return Image.open(path)
    except Image.DecompressionBombError:
        try:
            return JpegImagePlugin.JpegImageFile(path)
        except SyntaxError:
            raise Unreadable("it has far more pixels than fit: make it smaller") from None


def fitting(image: Any) -> None:
    """Let a huge JPEG be decoded at a fraction of its size; refuse other images that are huge.

    Raises:
        Unreadable: it is too large.

    """
    width, height = image.info[FULL_SIZE] = image.size
    if width * height <= MOST_PIXELS:
        return
    by = next((k for k in REDUCTIONS if width * height <= MOST_PIXELS * k * k), None)
    progressive = image.info.get("progressive")  # then all of it is held while it is decoded
    if image.format not in ("JPEG", "MPO") or by is None or progressive:
        raise Unreadable(
            f"{width} x {height} pixels are more than the {MOST_PIXELS / 1e6:.0f} million that "
            "are read: make it smaller"
        )
    image.draft(None, (width // by, height // by))


BEGINNINGS = {
    b"version https://git-lfs": "it is a pointer of Git LFS, not the image: run git lfs pull",
    b"<!doctype html": "it is a web page",
    b"<html": "it is a web page",
    b"<?xml": "it is XML or SVG, which has no pixels",
    b"<svg": "it is SVG, which has no pixels",
    b"%pdf": "it is a PDF",
}
"""What a file holds that is no image whatever its name says, in small letters."""


def why_unreadable(path: str, error: Exception) -> str:
    """In a few words."""
    file = Path(path)
    if isinstance(error, FileNotFoundError) and file.is_symlink():
        return "it is a link to a file that is not there"
    if isinstance(error, MemoryError):
        return "it does not fit into memory"
    try:
        with file.open("rb") as content:
            start = content.read(64)
    except OSError as gone:
        return (gone.strerror or "cannot be opened").lower()
    if not start:
        return "empty file"
    for begins, said in BEGINNINGS.items():
        if start.lstrip().lower().startswith(begins):
            return said
    if not start.strip(b"\0"):
        return "it holds zeros alone"
    text = str(error)
    if "truncated" in text or "Truncated" in text or isinstance(error, EOFError):
        return "truncated file"
    if "cannot identify" in text:
        return "not a kind of image that Pillow knows"
    return f"broken file: {text.splitlines()[0]}" if text else type(error).__name__
