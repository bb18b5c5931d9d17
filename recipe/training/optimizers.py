"""Optimizers by name, with the settings the recipe means by each."""

from collections.abc import Iterable

import torch
from torch import nn
from torch.optim import Optimizer

from recipe.errors import UsageError
from recipe.experiment import Experiment

MOMENTUM = 0.9


def build_optimizer(experiment: Experiment, model: nn.Module, lr: float) -> Optimizer:
    """A fresh optimizer over the trainable parameters of `model`.

    Raises:
        UsageError: the model has nothing to train, or the user's optimizer cannot be made.

    """
    params = [p for p in model.parameters() if p.requires_grad]
    if not params:
        raise UsageError(
            "The model has no trainable parameters: register its layers as modules, "
            "or set requires_grad on what should learn."
        )
    decay = experiment.weight_decay or 0.0
    if isinstance(experiment.optimizer, str):
        return _named(experiment.optimizer, params, lr, decay)
    try:
        optimizer = experiment.optimizer(params, lr, decay)
    except Exception as error:
        raise UsageError(
            f"The optimizer function raised {type(error).__name__}: {error}; "
            "it is called as optimizer(params, lr, weight_decay)."
        ) from error
    if not isinstance(optimizer, Optimizer):
        raise UsageError(
            f"The optimizer function returned {type(optimizer).__name__}: "
            "return a torch.optim.Optimizer."
        )
    return optimizer


def _named(name: str, params: Iterable[nn.Parameter], lr: float, weight_decay: float) -> Optimizer:
    if name == "sgd":
        return torch.optim.SGD(
            params, lr=lr, momentum=MOMENTUM, nesterov=True, weight_decay=weight_decay
        )
    kinds: dict[str, type[Optimizer]] = {
        "adam": torch.optim.Adam,
        "adamw": torch.optim.AdamW,
        "rmsprop": torch.optim.RMSprop,
    }
    return kinds[name](params, lr=lr, weight_decay=weight_decay)  # type: ignore[call-arg]


def set_lr(optimizer: Optimizer, lr: float, base: float) -> None:
    """Set the rate, keeping the ratios between the groups of a user's optimizer."""
    for group in optimizer.param_groups:
        share = group.setdefault("recipe_share", group["lr"] / base if base else 1.0)
        group["lr"] = lr * share
