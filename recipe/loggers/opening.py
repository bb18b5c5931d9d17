"""What every logger can do, and how one is opened by the value of `--log`."""

import re
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Protocol

from recipe.core.errors import UsageError
from recipe.core.evidence import Scalar
from recipe.core.option_definitions import LOGGERS

_MODULES = {
    "tensorboard": ("tensorboard", "TensorBoard"), "wandb": ("wandb", "WandB"),
    "mlflow": ("mlflow", "MLflow"), "trackio": ("trackio", "Trackio"),
}  # fmt: skip
"""Of each kind the package that it needs, and the class here, in a module of that name."""


class Logger(Protocol):
    """Takes the curves of trainings, one after the other, and what was found."""

    def begin(self, name: str, params: Mapping[str, Scalar]) -> None:
        """A training of this name begins."""

    def point(self, at: int, values: Mapping[str, float]) -> None:
        """Values of its curves after epoch `at`, from one on."""

    def end(self, status: str) -> None:
        """It ended: finished, stopped, diverged or failed."""

    def say(self, text: str) -> None:
        """Something was found."""

    def close(self) -> None:
        """The run is over."""


Opener = Callable[[Path, str], Logger]
"""Called with the folder of the logger and the name of the run."""


def openers(logs: Sequence[str]) -> list[Callable[[str], Logger]]:
    """For each value of `--log` what opens it for a run of a name.

    Raises:
        UsageError: a package is missing.

    """
    found = []
    for log in logs:
        kind, _, folder = log.partition(":")
        package, name = _MODULES[kind]
        if find_spec(package) is None:
            raise UsageError(
                f"--log {log}: {package} is not installed: pip install "
                f"'training-recipe[{kind}]', or leave --log out."
            )
        made: Opener = getattr(import_module(f"recipe.loggers.{kind}"), name)
        found.append(_for_run(made, Path(folder)))
    return found


def _for_run(made: Opener, folder: Path) -> Callable[[str], Logger]:
    return lambda name: made(folder, name)


def plain_name(name: str) -> str:
    """A name that every logger takes: of letters, digits, dots, dashes and slashes."""
    return re.sub(r"[^\w./-]+", "-", name)


assert set(_MODULES) == set(LOGGERS)  # noqa: S101
