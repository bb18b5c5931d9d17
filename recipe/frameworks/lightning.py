"""`from_lightning`: an experiment of a LightningModule, its data module and its Trainer."""

import math
from typing import Any

import torch
from torch import nn
from torch.utils.data import DataLoader

from recipe.core.errors import UsageError
from recipe.experiment import USUAL_BATCH, Experiment
from recipe.frameworks.batches import first_batch
from recipe.frameworks.libraries import LIGHTNING, base_class, overrides
from recipe.frameworks.lightning_data import MODULE, read_loaders
from recipe.frameworks.lightning_modules import fresh
from recipe.frameworks.lightning_optimizers import Length, read_configuration
from recipe.frameworks.lightning_step import fields_of_loss

HOOKS = ("optimizer_step", "configure_gradient_clipping", "lr_scheduler_step", "backward",
         "on_train_batch_start", "on_train_batch_end", "on_after_backward",
         "on_before_optimizer_step", "on_train_epoch_start",
         "on_before_batch_transfer", "transfer_batch_to_device",
         "on_after_batch_transfer")  # fmt: skip
"""Methods by which a module changes how it is trained."""


def from_lightning(
    module: Any, datamodule: Any = None, *, trainer: Any = None, **changes: Any
) -> Experiment:
    """An experiment of a LightningModule.

    Optimizer, schedule, batch size, clipping and number of epochs are read from the objects: they
    are the baseline. Where `training_step` computes a usual loss of what the module says, the
    experiment is an ordinary one; else `training_step` is called for the loss. The objects are
    not changed.

    Args:
        module: a LightningModule, a class of it, or a function that returns one.
        datamodule: a LightningDataModule, a class of it, or what `Experiment(train=...)` takes;
            None for the loaders of the module.
        trainer: a `lightning.Trainer`: its max_epochs, accumulate_grad_batches,
            gradient_clip_val and precision.
        changes: arguments of `Experiment` that are to be others than what was read.

    Raises:
        UsageError: the module optimizes by hand, has several optimizers, or cannot be read.

    """
    given, factory, notes = fresh(module)
    if not given.automatic_optimization:
        raise UsageError(
            f"{type(given).__name__} sets automatic_optimization = False: only its training_step "
            "knows how it is optimized. Write that as Experiment(update=...), a function of "
            "(model, optimizer, batch) that makes the step and returns the loss."
        )
    loaders = read_loaders(given, datamodule)
    train = changes.get("train", loaders.train)
    batch = first_batch(_loaded(train), "train", changes.get("collate"))
    fields, said = fields_of_loss(factory, batch, changes)
    trained, how = _training(factory(), trainer, train, changes)
    notes = [*notes, *loaders.notes, *said, *how, *_not_called(given)]
    val = {} if loaders.val is None else {"val": loaders.val}
    return Experiment(**{
        "train": loaders.train, "test": loaders.test, **val, **fields, **trained,
        "name": type(given).__name__, "notes": tuple(notes), **changes,
    })  # fmt: skip


def _loaded(train: Any) -> Any:
    """Data that may be given as a function."""
    if callable(train) and not hasattr(train, "__getitem__") and not hasattr(train, "__iter__"):
        return train()
    if isinstance(train, tuple) and len(train) == 2 and all(hasattr(t, "shape") for t in train):
        return torch.utils.data.TensorDataset(*map(torch.as_tensor, train))
    return train


def _training(
    module: nn.Module, trainer: Any, train: Any, changes: dict[str, Any]
) -> tuple[dict[str, Any], list[str]]:
    """How the module is trained, as arguments of `Experiment`."""
    accumulated = max(1, int(getattr(trainer, "accumulate_grad_batches", 1) or 1))
    size = getattr(train, "batch_size", None) or getattr(
        getattr(train, "batch_sampler", None), "batch_size", None
    )
    batch_size = changes.get("batch_size", None if size is None else size * accumulated)
    length = _length(trainer, train, accumulated, changes.get("epochs"), batch_size)
    fields: dict[str, Any] = {"batch_size": batch_size}
    notes: list[str] = []
    if accumulated > 1 and size is not None:
        notes.append(
            f"Batches of {batch_size}: {size}, accumulated {accumulated} times by the Trainer. "
            "Accumulation saves memory, and no time."
        )
    epochs = length.epochs
    if "optimizer" not in changes:
        read = read_configuration(module, length, accumulated)
        lr = read.optimizer.lr if read.schedule is None else read.schedule.lr
        fields |= {
            "optimizer": read.optimizer.optimizer, "lr": lr, "momentum": read.optimizer.momentum,
            "weight_decay": read.optimizer.weight_decay,
            "schedule": "constant" if read.schedule is None else read.schedule.schedule,
        }  # fmt: skip
        decay = read.optimizer.weight_decay
        notes.append(f"Optimizer: {read.optimizer.said}, lr {lr:g}, weight decay {decay:g}.")
        notes += read.notes
        epochs = read.epochs
    fields["epochs"] = epochs
    if epochs is None:
        notes.append("Nothing says for how many epochs it is trained: pass trainer= or epochs=.")
    clip, said = _of_trainer(trainer)
    return fields | clip, [*notes, *said]


def _length(
    trainer: Any, train: Any, accumulated: int, epochs: int | None, batch_size: int | None
) -> Length:
    """How long the Trainer trains."""
    if isinstance(train, DataLoader) and hasattr(train.dataset, "__len__"):
        steps = max(1, math.ceil(len(train) / accumulated))
    else:
        items = len(train) if hasattr(train, "__len__") and not isinstance(train, tuple) else 0
        steps = max(1, math.ceil(items / (batch_size or USUAL_BATCH)))
    limit = getattr(trainer, "max_steps", -1)
    if epochs is None and isinstance(limit, int) and limit > 0:
        epochs = math.ceil(limit / steps)
    found = getattr(trainer, "max_epochs", None) if epochs is None else epochs
    return Length(found if isinstance(found, int) and found > 0 else None, steps)


def _of_trainer(trainer: Any) -> tuple[dict[str, Any], list[str]]:
    """Clipping, and what of a Trainer has no place here."""
    if trainer is None:
        return {}, []
    fields, notes = {}, []
    clip = getattr(trainer, "gradient_clip_val", None)
    if clip and "value" in str(getattr(trainer, "gradient_clip_algorithm", "norm") or "norm"):
        notes.append(f"Gradients are not cut at {clip:g} by value here: clip_norm= limits a norm.")
    elif clip:
        fields["clip_norm"] = float(clip)
    precision = str(getattr(trainer, "precision", "32-true"))
    if not precision.startswith("32"):
        notes.append(
            f"The Trainer's precision {precision} is not taken over: which one is the fastest and "
            "faithful here is measured."
        )
    usual = ("Progress", "ModelSummary", "ModelCheckpoint", "LearningRateMonitor")
    callbacks = [type(each).__name__ for each in getattr(trainer, "callbacks", None) or []]
    if left := [name for name in callbacks if not any(u in name for u in usual)]:
        notes.append(f"Not called here: the Trainer's {', '.join(left)}.")
    return fields, notes


def _not_called(module: Any) -> list[str]:
    base = base_class(module, LIGHTNING, MODULE)
    found = [hook for hook in HOOKS if overrides(module, base, hook)]
    return [f"Not called here: {', '.join(found)} of {type(module).__name__}."] if found else []
