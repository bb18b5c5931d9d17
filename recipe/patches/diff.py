"""A patch as `git apply` and `patch -p1` take it."""

from difflib import unified_diff
from pathlib import Path

PATCH = "fix.patch"
"""Its name in a run folder."""


def root_of(file: Path) -> Path:
    """Where a patch of this file is applied: the root of its git repository, else its folder."""
    folder = file.resolve().parent
    return next((p for p in (folder, *folder.parents) if (p / ".git").exists()), folder)


def unified(file: Path, before: str, after: str, root: Path | None = None) -> str:
    """The unified diff of a file, paths seen from `root` (default: its `root_of`); empty where
    nothing changed.
    """
    name = file.resolve().relative_to(root_of(file) if root is None else root).as_posix()
    lines: list[str] = []
    for line in unified_diff(
        before.splitlines(keepends=True), after.splitlines(keepends=True), f"a/{name}", f"b/{name}"
    ):
        ended = line.endswith("\n")
        lines.append(line if ended else f"{line}\n\\ No newline at end of file\n")
    return "".join(lines)
