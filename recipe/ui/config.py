"""Options from recipe.toml or [tool.recipe] of pyproject.toml in the current folder."""

import tomllib
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from recipe.core.errors import UsageError
from recipe.core.files import read_plain
from recipe.core.settings import parse

FILES = {"recipe.toml": (), "pyproject.toml": ("tool", "recipe")}


@dataclass(frozen=True)
class Config:
    """What a file says: the TARGET, where it names one, and options by name."""

    target: str | None = None
    options: Mapping[str, Any] = field(default_factory=dict)
    file: str = field(default="", compare=False)
    """Its name."""

    def said(self, *, target: bool, overruled: Collection[str]) -> tuple[str, ...]:
        """Which of its options a run takes, in a sentence; empty where it takes none.

        Args:
            target: whether the run takes its TARGET.
            overruled: options that were given otherwise.

        """
        named = {"target": self.target} if target and self.target is not None else {}
        taken = named | {n: v for n, v in self.options.items() if n not in overruled}
        if not taken:
            return ()
        return (f"From {self.file}: {', '.join(_shown(n, v) for n, v in taken.items())}.",)


def _shown(name: str, value: Any) -> str:
    """An option as a person writes it."""
    if isinstance(value, Mapping):
        value = ", ".join(value)
    elif isinstance(value, list | tuple):
        value = ", ".join(map(str, value))
    name = name.replace("_", "-")
    return name if value is True else f"{name} = {value}"


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
        table: Any = tomllib.loads(read_plain(file).decode("utf-8", "surrogateescape"))
    except (ValueError, OSError, RecursionError) as error:
        raise UsageError(f"{file.name} is not readable as TOML: {error}.") from error
    for part in path:
        table = table.get(part, {}) if isinstance(table, dict) else table
    if not isinstance(table, dict):
        raise UsageError(f"{file.name}: {'.'.join(path)} is not a table.")
    target = None if "data" in table else table.pop("target", None)
    named = None if target is None else str(target)
    return Config(named, parse(table, f"{file.name}: "), file.name)
