"""From a target on the command line to an Experiment."""

import importlib
import importlib.util
import sys
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType, ModuleType
from typing import Any

from recipe.border.faults import error_location
from recipe.core.errors import UsageError, raised
from recipe.experiment import Experiment
from recipe.frameworks.recognition import KNOWN, as_known, is_known, only_known

BUILT_IN = {"digits": "recipe.sources.digits:digits"}
DEFAULT_NAME = "experiment"


def load_target(target: str) -> Experiment:
    """Load `file.py[:name]`, `package.module:name` or a built-in name.

    Raises:
        UsageError: it does not exist, does not load, or is no Experiment.

    """
    target = BUILT_IN.get(target, target)
    source, _, name = target.rpartition(":") if _has_name(target) else (target, "", "")
    module = _from_file(Path(source)) if source.endswith(".py") else _from_package(source)
    name = name or _default(module)
    try:
        value = getattr(module, name)
    except AttributeError as error:
        known = [n for n, v in vars(module).items() if isinstance(v, Experiment)]
        hint = f"it has {', '.join(known)}: name one with {source}:NAME." if known else (
            f"assign one, such as {name} = Experiment(model=..., train=...); or name {KNOWN}."
        )  # fmt: skip
        raise UsageError(f"{source} defines no {name!r}; {hint}") from error
    return as_experiment(value, f"{source}:{name}", vars(module))


def _default(module: ModuleType) -> str:
    """What a target means that names nothing: `experiment`, or where the file has none, the one
    object of another framework in it.
    """
    if hasattr(module, DEFAULT_NAME) or any(
        isinstance(value, Experiment) for value in vars(module).values()
    ):
        return DEFAULT_NAME
    return only_known(vars(module)) or DEFAULT_NAME


def _has_name(target: str) -> bool:
    head, colon, tail = target.rpartition(":")
    return bool(colon) and tail.isidentifier() and len(head) > 1


def as_experiment(
    value: Any, where: str, beside: Mapping[str, Any] = MappingProxyType({})
) -> Experiment:
    """An Experiment, or what a function returns that makes one, or one of an object of another
    framework.

    Args:
        value: any of them.
        where: how a complaint names it.
        beside: what the file of the user holds, by name: loaders and the like.

    Raises:
        UsageError: the function raised, or it is something else.

    """
    if callable(value) and not isinstance(value, Experiment) and not is_known(value):
        try:
            value = value()
        except UsageError:
            raise
        except Exception as error:
            raise UsageError(
                f"{where}() raised {raised(error)} ({error_location(error)}); fix it and run again."
            ) from error
    if isinstance(value, Experiment):
        return value
    known = as_known(value, beside, where.rpartition(":")[2])
    if known is None:
        raise UsageError(f"{where} is a {type(value).__name__}: name {KNOWN}.")
    return known


def _from_file(path: Path) -> ModuleType:
    if not path.is_file():
        raise UsageError(
            f"There is no file {str(path)!r}: name an existing file, "
            f"or one of the built-in targets: {', '.join(BUILT_IN)}."
        )
    sys.path.insert(0, str(path.parent.resolve()))
    spec = importlib.util.spec_from_file_location(path.stem, path)
    if spec is None or spec.loader is None:
        raise UsageError(f"{str(path)!r} is no Python file.")
    module = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module
    try:
        spec.loader.exec_module(module)
    except UsageError as error:
        raise UsageError(f"{path} ({error_location(error)}): {error}") from error
    except Exception as error:
        raise UsageError(
            f"{path} does not load: {raised(error)} ({error_location(error)}); "
            "fix it and run again."
        ) from error
    return module


def _from_package(name: str) -> ModuleType:
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name and name.startswith(error.name):
            raise UsageError(
                f"There is no target {name!r}: name a file.py[:name], a package.module:name, "
                f"or one of the built-in targets: {', '.join(BUILT_IN)}."
            ) from error
        raise UsageError(f"{name} does not load: {error} ({error_location(error)}).") from error
    except Exception as error:
        raise UsageError(
            f"{name} does not load: {raised(error)} ({error_location(error)}); "
            "fix it and run again."
        ) from error
