"""The loaders of a LightningDataModule, of a LightningModule, or given beside it."""

from collections.abc import Mapping
from copy import copy
from dataclasses import dataclass
from typing import Any

from recipe.border.faults import error_location
from recipe.core.errors import UsageError
from recipe.frameworks.libraries import LIGHTNING, base_class, is_a, overrides

DATA_MODULE, MODULE = "LightningDataModule", "LightningModule"
PARTS = ("train", "val", "test")
HOOKS = ("on_before_batch_transfer", "transfer_batch_to_device", "on_after_batch_transfer")
"""What Lightning does to a batch on its way to the device."""


@dataclass(frozen=True)
class Loaders:
    """What is trained, validated and tested on, as `Experiment` takes it."""

    train: Any
    val: Any
    test: Any
    notes: tuple[str, ...] = ()


def read_loaders(module: Any, data: Any) -> Loaders:
    """The loaders.

    Args:
        module: the LightningModule, which may have loaders itself.
        data: a LightningDataModule or a class of it; or what `Experiment(train=...)` takes; None
            for those of the module.

    Raises:
        UsageError: there are none, or they cannot be made.

    """
    if data is None:
        base = base_class(module, LIGHTNING, MODULE)
        if not overrides(module, base, "train_dataloader"):
            raise UsageError(
                f"There is no data for {type(module).__name__}: pass a LightningDataModule or a "
                "DataLoader, as in from_lightning(module, datamodule)."
            )
        return _of_hooks(module, base)
    if not is_a(data, LIGHTNING, DATA_MODULE):
        return Loaders(data, None, None)
    if isinstance(data, type):
        data = _made(data)
    base = base_class(data, LIGHTNING, DATA_MODULE)
    data = copy(data)  # `setup` writes into it
    _call(data, "prepare_data")
    _call(data, "setup", "fit")
    return _of_hooks(data, base)


def _of_hooks(owner: Any, base: type) -> Loaders:
    notes: list[str] = []
    train = _single(_call(owner, "train_dataloader"), owner, "train", notes)
    val, test = None, None
    if overrides(owner, base, "val_dataloader"):
        val = _single(_call(owner, "val_dataloader"), owner, "val", notes)
    if overrides(owner, base, "test_dataloader"):
        test = AtTheEnd(owner)
    if hooks := [hook for hook in HOOKS if overrides(owner, base, hook)]:
        notes.append(f"Not called here: {', '.join(hooks)} of {type(owner).__name__}.")
    return Loaders(train, val, test, tuple(notes))


class AtTheEnd:
    """The test data of a data module, set up when they are asked for."""

    def __init__(self, owner: Any) -> None:
        """`owner`: has a `test_dataloader`."""
        self.owner = owner

    def __call__(self) -> Any:
        """The loader.

        Raises:
            UsageError: it cannot be made.

        """
        owner = copy(self.owner)
        if is_a(owner, LIGHTNING, DATA_MODULE):
            _call(owner, "setup", "test")
        return _single(_call(owner, "test_dataloader"), owner, "test", [])


def _single(loaders: Any, owner: Any, part: str, notes: list[str]) -> Any:
    """The one loader that a hook returned, the first of several for validation.

    Raises:
        UsageError: there are several to train on.

    """
    several = list(loaders.values()) if isinstance(loaders, Mapping) else loaders
    if isinstance(several, tuple | list):
        if len(several) > 1 and part == "train":
            raise UsageError(
                f"{type(owner).__name__}.train_dataloader returned {len(several)} loaders: join "
                "their data sets by torch.utils.data.ConcatDataset, or pass train=."
            )
        if len(several) > 1:
            notes.append(f"{part}: the first of {len(several)} loaders is used.")
        loaders = several[0] if several else None
    if loaders is None and part == "train":
        raise UsageError(
            f"{type(owner).__name__}.train_dataloader returned nothing: return a DataLoader."
        )
    return loaders


def _call(owner: Any, hook: str, *args: Any) -> Any:
    try:
        return getattr(owner, hook)(*args)
    except UsageError:
        raise
    except Exception as error:
        raise UsageError(
            f"{type(owner).__name__}.{hook} raised {type(error).__name__}: {error} "
            f"({error_location(error)}); call it by itself to see where."
        ) from error


def _made(kind: type) -> Any:
    try:
        return kind()
    except Exception as error:
        raise UsageError(
            f"{kind.__name__}() raised {type(error).__name__}: {error}; pass an object of it."
        ) from error
