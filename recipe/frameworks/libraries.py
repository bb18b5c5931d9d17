"""Libraries that are optional: whose object something is, and what to install."""

from importlib import import_module
from types import ModuleType
from typing import Any

from recipe.core.errors import UsageError

LIGHTNING = ("lightning", "pytorch_lightning")
TRANSFORMERS = ("transformers",)
KERAS = ("keras",)
TIMM = ("timm",)


def is_a(value: Any, packages: tuple[str, ...], name: str) -> bool:
    """Whether an object, or a class, is of a library's class of this name or of one derived from
    it; the library is not imported for that.
    """
    kind = value if isinstance(value, type) else type(value)
    return any(
        base.__name__ == name and base.__module__.split(".")[0] in packages for base in kind.__mro__
    )


def base_class(value: Any, packages: tuple[str, ...], name: str) -> type:
    """The library's own class that an object, or a class, is derived from."""
    kind = value if isinstance(value, type) else type(value)
    return next(
        base for base in kind.__mro__
        if base.__name__ == name and base.__module__.split(".")[0] in packages
    )  # fmt: skip


def overrides(value: Any, base: type, method: str) -> bool:
    """Whether an object defines a method itself, instead of leaving it to the library."""
    own = getattr(type(value), method, None)
    return own is not None and own is not getattr(base, method, None)


def library(name: str, extra: str) -> ModuleType:
    """A library that is needed now.

    Raises:
        UsageError: it is not installed.

    """
    try:
        return import_module(name)
    except ModuleNotFoundError as error:
        if error.name is not None and error.name.split(".")[0] != name:
            raise
        raise UsageError(
            f"{name} is not installed: pip install 'training-recipe[{extra}]'."
        ) from error
