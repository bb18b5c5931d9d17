"""What a target of the command line is, where it is no Experiment: an object of a framework."""

from collections.abc import Mapping
from typing import Any

from torch import nn

from recipe.core.errors import UsageError
from recipe.experiment import Experiment
from recipe.frameworks import file_names as names
from recipe.frameworks.libraries import KERAS, LIGHTNING, TRANSFORMERS, is_a

KNOWN = (
    "a recipe.Experiment or a function that returns one, a transformers.Trainer, a LightningModule "
    "with its data module or loaders in the same file, a Keras model on the torch backend with "
    "x_train and y_train, or a torch.nn.Module with a train_loader"
)
"""What can be a target, in words."""
USUAL_NAMES = ("trainer", "module", "lit_model", "lit_module", "model", "net", "network")


def is_known(value: Any) -> bool:
    """Whether an object, or a class, of a framework can become an experiment."""
    return (
        is_a(value, LIGHTNING, "LightningModule")
        or (is_a(value, TRANSFORMERS, "Trainer") and not isinstance(value, type))
        or (is_a(value, KERAS, "Model") and not isinstance(value, type))
        or isinstance(value, nn.Module)
        or (isinstance(value, type) and issubclass(value, nn.Module))
    )


def as_known(value: Any, beside: Mapping[str, Any], name: str) -> Experiment | None:
    """The experiment of an object of a framework; None for anything else.

    Args:
        value: the object or its class.
        beside: what the file of the user holds, by name.
        name: of the object in it.

    Raises:
        UsageError: it cannot be used, or what it needs is not beside it.

    """
    if is_a(value, LIGHTNING, "Trainer"):
        raise UsageError(
            f"{name} is a Lightning Trainer, which knows no module before fit(): name the "
            "LightningModule; the Trainer of its file is read too."
        )
    if not is_known(value):
        return None
    if is_a(value, TRANSFORMERS, "Trainer"):
        from recipe.frameworks.transformers import from_transformers

        return from_transformers(value)
    if is_a(value, LIGHTNING, "LightningModule"):
        return _lightning(value, beside)
    if is_a(value, KERAS, "Model"):
        from recipe.frameworks.keras import from_keras

        return from_keras(value, beside, name)
    from recipe.frameworks.modules import from_module

    return from_module(value, beside, name)


def _lightning(module: Any, beside: Mapping[str, Any]) -> Experiment:
    from recipe.frameworks.lightning import from_lightning

    trainer = next((v for v in beside.values() if is_a(v, LIGHTNING, "Trainer")
                    and not isinstance(v, type)), None)  # fmt: skip
    data = _data_module(beside)
    if data is not None:
        return from_lightning(module, data, trainer=trainer)
    found = {part: pair[1] for part in ("train", "val", "test")
             if (pair := names.data_of(beside, part)) is not None}  # fmt: skip
    train = found.pop("train", None)
    return from_lightning(module, train, trainer=trainer, **found)


def _data_module(beside: Mapping[str, Any]) -> Any:
    """The one data module of a file: an object, or else a class defined in it.

    Raises:
        UsageError: there are several.

    """
    here = beside.get("__name__")
    found = {n: v for n, v in beside.items() if is_a(v, LIGHTNING, "LightningDataModule")}
    objects = {n: v for n, v in found.items() if not isinstance(v, type)}
    classes = {n: v for n, v in found.items()
               if isinstance(v, type) and v.__module__ == here}  # fmt: skip
    chosen = objects or classes
    if len({id(value) for value in chosen.values()}) > 1:
        raise UsageError(
            f"The file has several data modules ({', '.join(chosen)}): say which in an "
            "experiment = recipe.from_lightning(module, datamodule)."
        )
    return next(iter(chosen.values()), None)


def only_known(beside: Mapping[str, Any]) -> str | None:
    """The name of the one object of a file that can become an experiment; None where there is
    none, or more than one and none with a usual name.
    """
    found = {
        name: value for name, value in beside.items()
        if not name.startswith("_") and not isinstance(value, type)
        and (is_a(value, TRANSFORMERS, "Trainer") or is_a(value, LIGHTNING, "LightningModule")
             or is_a(value, KERAS, "Model") or names.is_model(value))
    }  # fmt: skip
    trainers = [n for n, v in found.items() if is_a(v, TRANSFORMERS, "Trainer")]
    if len(trainers) == 1:
        return trainers[0]
    if len(found) == 1:
        return next(iter(found))
    usual = [name for name in USUAL_NAMES if name in found]
    return usual[0] if usual else None
