"""Which files and folders are images, and which are of tools, by their names alone: no library is
loaded, so that a first question comes at once.
"""

from pathlib import Path

OF_SYSTEMS = frozenset({
    "thumbs.db", "ehthumbs.db", "desktop.ini", "icon\r", "__macosx", "__pycache__", "@eadir",
    "$recycle.bin", "system volume information", "lost+found",
})  # fmt: skip
"""Files and folders that file managers, servers and Python leave behind, in small letters; those
whose names begin with a dot (.git, .DS_Store, .ipynb_checkpoints, ._1.jpg) are theirs too."""
USUAL = frozenset({
    ".jpg", ".jpeg", ".png", ".ppm", ".bmp", ".pgm", ".tif", ".tiff", ".webp",
})  # fmt: skip
"""Endings of images that torchvision knows."""
MORE = frozenset({
    ".gif", ".jfif", ".jpe", ".avif", ".heic", ".heif", ".jp2", ".j2k", ".jpx", ".tga", ".dib",
    ".pnm", ".pbm", ".pfm", ".apng", ".ico", ".pcx", ".qoi", ".dds", ".sgi", ".mpo",
})  # fmt: skip
"""Endings of images beside those, where Pillow reads them."""


def of_a_tool(name: str) -> bool:
    """Whether a file or a folder of this name belongs to a tool or a system: .git, __MACOSX."""
    return name.startswith(".") or name.lower() in OF_SYSTEMS


def looks_like_an_image(path: Path) -> bool:
    """Whether a file has the ending of an image, installed readers or not, and is of no tool."""
    return path.suffix.lower() in USUAL | MORE and not of_a_tool(path.name)
