"""A guided training recipe for PyTorch: checks, learning rate, search, curves, advice."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from recipe.api import run
    from recipe.errors import UsageError
    from recipe.experiment import Experiment
    from recipe.ranges import integers, log_uniform, uniform, when
    from recipe.results import RunResult
    from recipe.saved import load
    from recipe.tasks import Task

__version__ = "0.1.0"
__all__ = ["Experiment", "RunResult", "Task", "UsageError", "integers", "load", "log_uniform",
           "run", "uniform", "when"]  # fmt: skip

_HOMES = {
    "Experiment": "recipe.experiment",
    "RunResult": "recipe.results",
    "Task": "recipe.tasks",
    "UsageError": "recipe.errors",
    "integers": "recipe.ranges",
    "load": "recipe.saved",
    "log_uniform": "recipe.ranges",
    "run": "recipe.api",
    "uniform": "recipe.ranges",
    "when": "recipe.ranges",
}


def __getattr__(name: str) -> Any:
    """Import torch only when something that needs it is asked for: `recipe --help` is fast."""
    if name not in _HOMES:
        raise AttributeError(f"module 'recipe' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_HOMES[name]), name)
