"""Which files of a folder are images, by their names: those of tools and of systems are passed over
everywhere alike, and what is left out is counted.
"""

import os
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path

from recipe.core.file_names import MORE, USUAL, of_a_tool

WITH_A_PACKAGE = {".heic": "pillow-heif", ".heif": "pillow-heif", ".dng": "rawpy", ".cr2": "rawpy",
                  ".nef": "rawpy", ".arw": "rawpy"}  # fmt: skip
CONVERTED = frozenset(name for name, package in WITH_A_PACKAGE.items() if package == "rawpy")
"""Raw files of cameras: they have to be developed first."""
SHOWN = 4
"""Endings in a sentence."""


@cache
def suffixes() -> frozenset[str]:
    """Endings of files that are taken for images: torchvision's, and others that Pillow reads."""
    from PIL import Image

    _with_heif()
    return USUAL | (MORE & set(Image.registered_extensions()))


def _with_heif() -> None:
    """Let Pillow read the pictures of phones, where the package for it is installed."""
    try:
        from pillow_heif import register_heif_opener  # type: ignore[import-not-found,unused-ignore]
    except ImportError:
        return
    register_heif_opener()


def is_image(path: str | Path) -> bool:
    """Whether a file is taken for an image, by its ending."""
    return Path(path).suffix.lower() in suffixes()


def files_below(folder: Path) -> Iterator[Path]:
    """The files of a folder and of those in it, also of linked ones; not those of tools."""
    seen = set()
    for place, folders, names in os.walk(folder, followlinks=True):
        real = os.path.realpath(place)
        folders[:] = [] if real in seen else sorted(n for n in folders if not of_a_tool(n))
        if real not in seen:
            seen.add(real)
            yield from (Path(place) / name for name in sorted(names) if not of_a_tool(name))


def image_files(folder: Path) -> list[Path]:
    """The images of a folder and of those in it, by name."""
    return sorted(path for path in files_below(folder) if is_image(path))


def left_out(files: Sequence[Path]) -> Iterator[str]:
    """Sentences about files that are no images: how many, of which endings, and what reads them."""
    if not files:
        return
    endings = Counter(path.suffix.lower() or "no ending" for path in files)
    few = [f"{count} {ending}" for ending, count in endings.most_common(SHOWN)]
    more = ["..."] * (len(endings) > SHOWN)
    verb = "file is no image and is" if len(files) == 1 else "files are no images and are"
    yield f"{len(files)} {verb} left out ({', '.join(few + more)}), such as {str(files[0])!r}."
    packages = {ending: WITH_A_PACKAGE[ending] for ending in endings if ending in WITH_A_PACKAGE}
    for ending, package in packages.items():
        todo = (
            "convert them to JPEG or PNG" if ending in CONVERTED
            else f"pip install {package} lets them be read"
        )  # fmt: skip
        yield f"Of the files that are left out, {endings[ending]} are pictures ({ending}): {todo}."
