"""A guided training recipe for PyTorch: checks, learning rate, search, curves, advice."""

from typing import TYPE_CHECKING, Any

from recipe.core import version

if TYPE_CHECKING:
    from recipe.api import run
    from recipe.core.errors import UsageError
    from recipe.core.results import RunResult
    from recipe.experiment import Experiment
    from recipe.frameworks.lightning import from_lightning
    from recipe.frameworks.transformers import from_transformers
    from recipe.ranges import integers, log_uniform, scientific, uniform, when
    from recipe.sources.from_timm import from_timm
    from recipe.tasks import Task
    from recipe.trained.loading import load
    from recipe.watching.fastai import FastaiWatch as FastaiWatch
    from recipe.watching.keras import KerasWatch as KerasWatch
    from recipe.watching.lightning import LightningWatch as LightningWatch
    from recipe.watching.transformers import TrainerWatch as TrainerWatch
    from recipe.watching.watch import watch

__all__ = ["Experiment", "RunResult", "Task", "UsageError", "__version__", "from_lightning",
           "from_timm", "from_transformers", "integers", "load", "log_uniform", "run", "scientific",
           "uniform", "watch", "when"]  # fmt: skip

__version__ = version.VERSION

_HOMES = {
    "Experiment": "recipe.experiment",
    "RunResult": "recipe.core.results",
    "Task": "recipe.tasks",
    "UsageError": "recipe.core.errors",
    "from_lightning": "recipe.frameworks.lightning",
    "from_timm": "recipe.sources.from_timm",
    "from_transformers": "recipe.frameworks.transformers",
    "integers": "recipe.ranges",
    "load": "recipe.trained.loading",
    "log_uniform": "recipe.ranges",
    "run": "recipe.api",
    "scientific": "recipe.ranges",
    "uniform": "recipe.ranges",
    "watch": "recipe.watching.watch",
    "when": "recipe.ranges",
}
_CALLBACKS = {
    "FastaiWatch": "fastai",
    "KerasWatch": "keras",
    "LightningWatch": "lightning",
    "TrainerWatch": "transformers",
}
"""And the libraries that they are for, as their extras and modules are called."""


def __getattr__(name: str) -> Any:
    """Import torch only when something that needs it is asked for: `recipe --help` is fast."""
    if name in _CALLBACKS:
        return _callback(name, _CALLBACKS[name])
    if name not in _HOMES:
        raise AttributeError(f"module 'recipe' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_HOMES[name]), name)


def _callback(name: str, library: str) -> Any:
    """A callback that is a class of its library."""
    from importlib import import_module

    try:
        return getattr(import_module(f"recipe.watching.{library}"), name)
    except ModuleNotFoundError as error:
        from recipe.core.errors import UsageError

        raise UsageError(
            f"recipe.{name} needs {error.name}: pip install 'training-recipe[{library}]'."
        ) from error
