"""Options from recipe.toml or [tool.recipe] of pyproject.toml in the current folder."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from recipe.core.errors import UsageError
from recipe.core.settings import parse

FILES = {"recipe.toml": (), "pyproject.toml": ("tool", "recipe")}


@dataclass(frozen=True)
class Config:
    """What a file says: the TARGET, where it names one, and options by name."""

    target: str | None = None
    options: Mapping[str, Any] = field(default_factory=dict)


def read_config(folder: Path) -> Config:
    """The parsed options of the first file that has any.

    Raises:
        UsageError: a broken file, an unknown key or a bad value; names file and key.

    """
    for name, path in FILES.items():
        config = read_table(folder / name, path)
        if config != Config():
            return config
    return Config()


def read_table(file: Path, path: tuple[str, ...] = ()) -> Config:
    """The options in one table of a TOML file; none when there is no such file or table.

    `target` beside `data` is the column to predict, as `--target` is; else it is the TARGET.
    """
    if not file.is_file():
        return Config()
    try:
        table: Any = tomllib.loads(file.read_text("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as error:
        raise UsageError(f"{file.name} is not readable as TOML: {error}.") from error
    for part in path:
        table = table.get(part, {})
    if not isinstance(table, dict):
        raise UsageError(f"{file.name}: {'.'.join(path)} is not a table.")
    target = None if "data" in table else table.pop("target", None)
    return Config(None if target is None else str(target), parse(table, f"{file.name}: "))
