"""Fresh LightningModules, ready for training as their Trainer makes them."""

import inspect
from collections.abc import Callable
from typing import Any

import torch
from torch import nn

from recipe.border.faults import error_location
from recipe.core.errors import UsageError
from recipe.frameworks.fresh_models import Copied, Remade, same_shapes
from recipe.frameworks.libraries import LIGHTNING, base_class, is_a, overrides
from recipe.frameworks.lightning_data import MODULE
from recipe.frameworks.lightning_optimizers import copy_of
from recipe.models.randomness import seeded

CPU = torch.device("cpu")


def fresh(module: Any) -> tuple[Any, Callable[..., nn.Module], list[str]]:
    """An object of the module, what makes fresh ones, and what was said of that.

    Raises:
        UsageError: it is none, or cannot be made.

    """
    if isinstance(module, type) or not isinstance(module, nn.Module):
        if not callable(module):
            raise UsageError(
                f"from_lightning got a {type(module).__name__}: pass a LightningModule, a class of "
                "it, or a function that returns one."
            )
        made = _called(module)
        return made, Remade(module, {}, ready), []
    _check(module)
    name = type(module).__name__
    hparams = dict(getattr(module, "hparams", {}) or {})
    if hparams or _needs_nothing(type(module)):
        try:
            with seeded(0, CPU):
                again = type(module)(**hparams)
            if same_shapes(again, module):
                how = "with the arguments that it saved" if hparams else "by its class"
                note = f"Model: every trial makes {name} anew, {how}."
                return module, Remade(type(module), hparams, ready), [note]
        except Exception:  # noqa: BLE001 - then it is copied
            again = None
    note = (
        f"Model: every trial begins with the weights of this {name}, since its arguments were not "
        "saved; call self.save_hyperparameters() in it to have fresh ones drawn."
    )
    return module, Copied(copy_of(module), ready), [note]


def _needs_nothing(kind: type) -> bool:
    known = list(inspect.signature(kind).parameters.values())
    kinds = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    return not [p for p in known if p.kind not in kinds]


def _called(make: Callable[..., Any]) -> Any:
    name = getattr(make, "__name__", type(make).__name__)
    try:
        made = make()
    except Exception as error:
        raise UsageError(
            f"{name}() raised {type(error).__name__}: {error} ({error_location(error)}); pass an "
            "object, or a function without arguments that returns one."
        ) from error
    _check(made)
    return made


def _check(module: Any) -> None:
    if not is_a(module, LIGHTNING, MODULE):
        raise UsageError(
            f"from_lightning got a {type(module).__name__}, not a LightningModule: make an "
            "Experiment of it, or see recipe.from_transformers and recipe.from_timm."
        )


def _nothing(*_: Any, **__: Any) -> None:
    """What `log` does here: without a Trainer Lightning's own warns at every call."""


def ready(module: nn.Module) -> nn.Module:
    """A fresh module as its Trainer would hand it to training."""
    base = base_class(module, LIGHTNING, MODULE)
    if overrides(module, base, "configure_model"):
        module.configure_model()  # type: ignore[operator]
    if overrides(module, base, "setup"):
        module.setup("fit")  # type: ignore[operator]
    vars(module)["log"] = vars(module)["log_dict"] = _nothing
    return module
