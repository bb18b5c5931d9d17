"""Which experiment a command line and recipe.toml name together, and with which options."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from recipe.core.budget import Budget
from recipe.core.errors import UsageError
from recipe.core.option_definitions import BY_NAME
from recipe.core.settings import Settings, parse
from recipe.ui.config import Config, read_config

if TYPE_CHECKING:
    from recipe.experiment import Experiment

DATA_FILES = (
    ".csv", ".tsv", ".data", ".jsonl", ".ndjson", ".json", ".parquet", ".feather", ".arrow",
    ".xlsx", ".xlsm", ".xls", ".tab", ".psv", ".dat", ".gz", ".txt",
)  # fmt: skip
CHECKS = "lr_range"
"""Last step of `recipe check`: inspect and the lecture's steps 1 to 3."""
CHECK_BUDGET = Budget(120, "seconds")
"""What `recipe check` may cost where nobody says: a gate that takes longer is switched off."""


@dataclass(frozen=True)
class Choice:
    """A TARGET, or the names of data and model in the settings."""

    target: str | None
    settings: Settings
    said: tuple[str, ...] = ()
    """Which options came from a file, in sentences."""

    @property
    def name(self) -> str:
        """What is run, as it was named."""
        return str(self.target if self.settings.data is None else self.settings.data)

    def within(self, budget: Budget) -> "Choice":
        """The same within this budget, where none was given."""
        if self.settings.budget is not None:
            return self
        return replace(self, settings=replace(self.settings, budget=budget))

    def load(self) -> "tuple[Experiment, tuple[str, ...]]":
        """The experiment, and sentences about what was guessed.

        Raises:
            UsageError: it cannot be found or used.

        """
        if self.settings.data is None:
            from recipe.sources.targets import load_target

            assert self.target is not None  # noqa: S101 - `choose` saw to it
            return load_target(self.target), self.said
        from recipe.sources.by_name import experiment_by_name

        named = {name: getattr(self.settings, name) for name in BY_NAME}
        experiment, notes = experiment_by_name(**named)
        return experiment, (*self.said, *notes)


def choose(target: str | None, given: Mapping[str, Any], folder: Path) -> Choice:
    """What was typed, and beneath it what the configuration of `folder` says.

    Args:
        target: the TARGET that was typed.
        given: flags by name; None and () where one was not typed.
        folder: where recipe.toml or pyproject.toml lies.

    Raises:
        UsageError: an unknown key, a bad value, or nothing to run.

    """
    flags = parse({name: value for name, value in given.items() if value not in (None, ())})
    if target is not None and "data" in flags:
        raise UsageError(
            f"Both {target!r} and --data {flags['data']!r} were named: name one of them."
        )
    config = read_config(folder)
    if target is not None and looks_like_data(target):
        target, flags = None, {**flags, "data": target}
    return merged(target, flags, config)


def merged(target: str | None, flags: Mapping[str, Any], config: Config) -> Choice:
    """Flags over the configuration: a TARGET, or data, that was typed replaces what it names."""
    below = dict(config.options)
    typed = target is not None or "data" in flags
    if typed:
        below = {name: value for name, value in below.items() if name not in BY_NAME}
    elif "data" not in below:
        target = config.target
    settings = Settings(**{**below, **flags})
    if settings.data is None:
        lonely = next((name for name in BY_NAME if getattr(settings, name)), None)
        if lonely is not None:
            flag = f"--{lonely.replace('_', '-')}"
            raise UsageError(f"{flag} goes with --data: name the data, or leave {flag} out.")
        if target is None:
            raise UsageError(
                "No target: name a file.py[:name], a package.module:name or digits, name --data, "
                "or set target in recipe.toml."
            )
    overruled = {name for name in config.options if name in flags or name not in below}
    return Choice(target, settings, config.said(target=not typed, overruled=overruled))


def looks_like_data(target: str) -> bool:
    """Whether a TARGET is a folder of images, a table or a text: then --data was meant."""
    path = Path(target)
    return path.is_dir() or (path.suffix.lower() in DATA_FILES and path.is_file())
