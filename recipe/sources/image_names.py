"""Which files of a folder are images, by their names: those of tools and of systems are passed over
everywhere alike, and what is left out is counted.
"""

import os
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path

OF_SYSTEMS = frozenset({
    "thumbs.db", "ehthumbs.db", "desktop.ini", "icon\r", "__macosx", "__pycache__", "@eadir",
    "$recycle.bin", "system volume information", "lost+found",
})  # fmt: skip
"""Files and folders that file managers, servers and Python leave behind, in small letters; those
whose names begin with a dot (.git, .DS_Store, .ipynb_checkpoints, ._1.jpg) are theirs too."""
MORE = frozenset({
    ".gif", ".jfif", ".jpe", ".avif", ".heic", ".heif", ".jp2", ".j2k", ".jpx", ".tga", ".dib",
    ".pnm", ".pbm", ".pfm", ".apng", ".ico", ".pcx", ".qoi", ".dds", ".sgi", ".mpo",
})  # fmt: skip
"""Endings of images beside those that torchvision knows, where Pillow reads them."""
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
    from torchvision.datasets.folder import IMG_EXTENSIONS

    _with_heif()
    return frozenset(IMG_EXTENSIONS) | (MORE & set(Image.registered_extensions()))


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


def of_a_tool(name: str) -> bool:
    """Whether a file or a folder of this name belongs to a tool or a system: .git, __MACOSX."""
    return name.startswith(".") or name.lower() in OF_SYSTEMS


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
