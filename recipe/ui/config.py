"""Options from recipe.toml or [tool.recipe] of pyproject.toml in the current folder."""

import tomllib
from pathlib import Path
from typing import Any

from recipe.errors import UsageError
from recipe.settings import parse

FILES = {"recipe.toml": (), "pyproject.toml": ("tool", "recipe")}


def read_config(folder: Path) -> dict[str, Any]:
    """The parsed options of the first file that has any; `target` may stand among them.

    Raises:
        UsageError: a broken file, an unknown key or a bad value; names file and key.

    """
    for name, path in FILES.items():
        values = read_table(folder / name, path)
        if values:
            return values
    return {}


def read_table(file: Path, path: tuple[str, ...] = ()) -> dict[str, Any]:
    """The options in one table of a TOML file; empty when there is no such file or table."""
    if not file.is_file():
        return {}
    try:
        table: Any = tomllib.loads(file.read_text("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as error:
        raise UsageError(f"{file.name} is not readable as TOML: {error}.") from error
    for part in path:
        table = table.get(part, {})
    if not isinstance(table, dict):
        raise UsageError(f"{file.name}: {'.'.join(path)} is not a table.")
    target = table.pop("target", None)
    parsed = parse(table, f"{file.name}: ")
    return parsed if target is None else {**parsed, "target": str(target)}
