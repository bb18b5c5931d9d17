"""What stands beside a model in the user's file, found by the names that people give it."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from torch import Tensor, nn
from torch.optim import Optimizer
from torch.utils.data import DataLoader, Dataset, IterableDataset

from recipe.core.errors import UsageError

_PARTS = {"train": ("train", "training", "trn"), "val": ("val", "valid", "validation", "dev"),
          "test": ("test", "testing")}  # fmt: skip
_KINDS = ("loader", "dataloader", "dl", "iter", "ds", "dataset", "data", "set")
LOSSES = ("criterion", "loss_fn", "loss_function", "loss_func", "loss")
OPTIMIZERS = ("optimizer", "optim", "opt")
SCHEDULERS = ("scheduler", "lr_scheduler", "sched")
EPOCHS = ("epochs", "num_epochs", "n_epochs", "max_epochs", "nb_epochs")
BATCH_SIZES = ("batch_size", "bs", "batchsize")
CLIPS = ("clip_norm", "grad_clip", "max_grad_norm", "clip_grad_norm", "max_norm")


def _all_names(part: str) -> list[str]:
    """Names of data of a part, loaders first: train_loader, trainloader, loader_train, train."""
    found: list[str] = []
    for kind in _KINDS:
        for word in _PARTS[part]:
            found += [f"{word}_{kind}", f"{word}{kind}", f"{kind}_{word}"]
    return [*found, *_PARTS[part]]


def named(
    beside: Mapping[str, Any], names: list[str] | tuple[str, ...], fits: Callable[[Any], bool]
) -> tuple[str, Any] | None:
    """The first of these names that stands for something that fits; capitals do not count."""
    small = {name.lower(): name for name in beside}
    for name in names:
        if name in small and fits(beside[small[name]]):
            return small[name], beside[small[name]]
    return None


def is_data(value: Any) -> bool:
    """Whether it is a loader, a data set, a stream, or a pair of arrays."""
    if isinstance(value, DataLoader | IterableDataset | Dataset):
        return True
    pair = isinstance(value, tuple | list) and len(value) == 2
    return pair and all(is_array(part) for part in value)


def is_array(value: Any) -> bool:
    """Whether it is a tensor or an array with an entry per item."""
    return isinstance(value, Tensor | np.ndarray) and value.ndim > 0


def data_of(beside: Mapping[str, Any], part: str) -> tuple[str, Any] | None:
    """Training, validation or test data, and what the file calls them: a loader or a data set, or
    arrays such as x_train and y_train.
    """
    found = named(beside, _all_names(part), is_data)
    if found is not None:
        return found
    for word in _PARTS[part]:
        for x_name, y_name in ((f"x_{word}", f"y_{word}"), (f"{word}_x", f"{word}_y"),
                               (f"{word}_images", f"{word}_labels")):  # fmt: skip
            x, y = (named(beside, (name,), is_array) for name in (x_name, y_name))
            if x is not None and y is not None:
                return f"{x[0]} and {y[0]}", (x[1], y[1])
    return None


def training_data(beside: Mapping[str, Any], what: str) -> dict[str, tuple[str, Any]]:
    """Data of every part that the file has.

    Raises:
        UsageError: there is nothing to train on.

    """
    found = {part: data_of(beside, part) for part in _PARTS}
    if found["train"] is None:
        raise UsageError(
            f"There is no data beside {what}: give the file a train_loader (and a val_loader), or "
            "make an Experiment(model=..., train=...)."
        )
    return {part: pair for part, pair in found.items() if pair is not None}


def is_loss(value: Any) -> bool:
    """Whether it may be a loss: a module, or a function that is no class."""
    return callable(value) and not isinstance(value, type | Tensor)


def is_optimizer(value: Any) -> bool:
    """Whether it is an optimizer of torch."""
    return isinstance(value, Optimizer)


def is_scheduler(value: Any) -> bool:
    """Whether it is a scheduler of torch."""
    return hasattr(value, "optimizer") and callable(getattr(value, "step", None))


def is_whole(value: Any) -> bool:
    """Whether it is a whole number above zero."""
    return isinstance(value, int) and not isinstance(value, bool) and value > 0


def is_number(value: Any) -> bool:
    """Whether it is a number above zero."""
    return isinstance(value, int | float) and not isinstance(value, bool) and value > 0


def is_model(value: Any) -> bool:
    """Whether it is a module of torch that is trained, and no loss."""
    return (
        isinstance(value, nn.Module)
        and not isinstance(value, nn.modules.loss._Loss)  # noqa: SLF001 - the base of all of them
        and any(p.requires_grad for p in value.parameters())
    )
