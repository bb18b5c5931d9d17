"""`from_lightning`: an experiment of a LightningModule, its data module and its Trainer."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader

from recipe.core.errors import UsageError
from recipe.data.trees import as_structure, as_values, natural
from recipe.experiment import MODEL_LOSS, USUAL_BATCH, Experiment
from recipe.frameworks.batches import count_of, first_batch, parted, rebatch_of, twice
from recipe.frameworks.fresh_models import Copied, Remade, same_shapes
from recipe.frameworks.libraries import LIGHTNING, base_class, is_a, overrides
from recipe.frameworks.lightning_data import MODULE, Loaders, read_loaders
from recipe.frameworks.lightning_optimizers import Length, copy_of, read_configuration
from recipe.frameworks.loss_finding import (
    FoundLoss,
    find_usual_loss,
    guessed_task,
    logits_call,
    loss_of,
    outputs_of,
    watched,
)
from recipe.frameworks.training_step import ByTrainingStep, through
from recipe.models.calling import Calling, find_calling
from recipe.models.own_loss import declare
from recipe.models.randomness import seeded
from recipe.models.user_errors import error_location

HOOKS = ("optimizer_step", "configure_gradient_clipping", "lr_scheduler_step", "backward",
         "on_train_batch_start", "on_train_batch_end", "on_after_backward",
         "on_before_optimizer_step", "on_train_epoch_start",
         "on_before_batch_transfer", "transfer_batch_to_device",
         "on_after_batch_transfer")  # fmt: skip
"""Methods by which a module changes how it is trained."""
CPU = torch.device("cpu")


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
    given, factory, notes = _fresh(module)
    if not given.automatic_optimization:
        raise UsageError(
            f"{type(given).__name__} sets automatic_optimization = False: only its training_step "
            "knows how it is optimized. Write that as Experiment(update=...), a function of "
            "(model, optimizer, batch) that makes the step and returns the loss."
        )
    loaders = read_loaders(given, datamodule)
    train = changes.get("train", loaders.train)
    batch = first_batch(_loaded(train), "train", changes.get("collate"))
    fields, said = _fields_of_loss(factory, batch, changes)
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


def _fresh(module: Any) -> tuple[Any, Callable[..., nn.Module], list[str]]:
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
        return made, Remade(module, {}, _ready), []
    _check(module)
    name = type(module).__name__
    hparams = dict(getattr(module, "hparams", {}) or {})
    if hparams or _needs_nothing(type(module)):
        try:
            with seeded(0, CPU):
                again = type(module)(**hparams)
            if same_shapes(again, module):
                note = f"Model: every trial makes {name} anew, with the arguments that it saved."
                return module, Remade(type(module), hparams, _ready), [note]
        except Exception:  # noqa: BLE001 - then it is copied
            again = None
    note = (
        f"Model: every trial begins with the weights of this {name}, since its arguments were not "
        "saved; call self.save_hyperparameters() in it to have fresh ones drawn."
    )
    return module, Copied(copy_of(module), _ready), [note]


def _needs_nothing(kind: type) -> bool:
    import inspect

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


def _ready(module: nn.Module) -> nn.Module:
    """A fresh module as its Trainer would hand it to training."""
    base = base_class(module, LIGHTNING, MODULE)
    if overrides(module, base, "configure_model"):
        module.configure_model()  # type: ignore[operator]
    if overrides(module, base, "setup"):
        module.setup("fit")  # type: ignore[operator]
    vars(module)["log"] = vars(module)["log_dict"] = _nothing
    return module


@dataclass(frozen=True)
class _Finish:
    """What is done to a fresh module so that it answers as a model."""

    path: str
    softmax: bool
    own: ByTrainingStep | None

    def __call__(self, module: nn.Module) -> nn.Module:
        """The module."""
        module = _ready(module)
        if self.own is not None:
            return declare(module, self.own)
        return through(module, self.path, softmax=self.softmax)


def _fields_of_loss(
    factory: Callable[..., nn.Module], batch: Any, changes: dict[str, Any]
) -> tuple[dict[str, Any], list[str]]:
    """Model, loss and task of the experiment, and what is said of them."""
    rebatch = rebatch_of(batch, changes.get("target"))
    seen = _look(factory, batch)
    inputs, y = parted(batch, rebatch)
    fields: dict[str, Any] = {}
    if rebatch.kind is None:
        fields["batch"] = twice
    found = None
    if isinstance(seen.logits, Tensor) and rebatch.kind is not None:
        found = find_usual_loss(seen.logits, y, float(seen.loss), seen.module)
    if found is not None and _forwards(factory, seen, inputs):
        finish = _Finish(seen.path or "", found.softmax, None)
        fields |= {"task": found.task, "loss": found.loss}
        said = _said(found, seen)
    else:
        finish = _Finish("", softmax=False, own=ByTrainingStep(rebatch, seen.path))
        fields |= {"task": guessed_task(seen.logits, y), "loss": MODEL_LOSS}
        said = []
    fields["model"] = _finished(factory, finish)
    return fields, said


def _finished(factory: Any, finish: _Finish) -> Callable[..., nn.Module]:
    if isinstance(factory, Remade):
        return Remade(factory.kind, factory.given, finish)
    return Copied(factory.kept, finish)


def _said(found: FoundLoss, seen: "_Seen") -> list[str]:
    where = f" of self.{seen.path}" if seen.path else ""
    if found.softmax:
        return [
            f"training_step computes the cross-entropy of a softmax of the outputs{where}: that "
            "softmax is part of the model here."
        ]
    loss = "the usual loss" if found.loss is None else getattr(
        found.loss, "__name__", type(found.loss).__name__)  # fmt: skip
    return [f"training_step computes {loss} of {found.task} from the outputs{where}."]


@dataclass(frozen=True)
class _Seen:
    """What one call of `training_step` showed."""

    module: nn.Module
    loss: Tensor
    logits: Tensor | None
    path: str | None


def _look(factory: Callable[..., nn.Module], batch: Any) -> _Seen:
    """Call `training_step` once.

    Raises:
        UsageError: it fails or returns no loss.

    """
    with seeded(0, CPU):
        module = factory().train()
        name = type(module).__name__
        try:
            with watched(module) as calls:
                returned = module.training_step(batch, 0)  # type: ignore[operator]
        except Exception as error:
            raise UsageError(
                f"{name}.training_step raised {type(error).__name__}: {error} "
                f"({error_location(error)}) for {count_of(batch)} items; it has to work without a "
                "running Trainer."
            ) from error
    loss = loss_of(returned)
    if loss is None:
        raise UsageError(
            f"{name}.training_step returned a {type(returned).__name__}: return the loss, or a "
            "dict with a key 'loss'."
        )
    call = logits_call(calls, module, count_of(batch))
    logits = None if call is None else outputs_of(call.returned, count_of(batch))
    return _Seen(module, loss.detach(), logits, None if call is None else call.path)


def _forwards(factory: Callable[..., nn.Module], seen: _Seen, inputs: Any) -> bool:
    """Whether the model, called with the inputs alone, gives the outputs that `training_step`
    computes the loss of: it may flatten or scale them before.
    """
    if seen.path is None or seen.logits is None:
        return False
    x = as_values(as_structure(inputs))
    with seeded(0, CPU):
        module = through(factory().train(), seen.path)
        try:
            calling = find_calling(module, x) or Calling()
            args, kwargs = calling.arguments(natural(x))
            returned = module(*args, **kwargs)
        except Exception:  # noqa: BLE001 - then training_step is called for the loss
            return False
    outputs = outputs_of(returned, len(seen.logits))
    return outputs is not None and outputs.shape == seen.logits.shape and torch.allclose(
        outputs, seen.logits, rtol=1e-4, atol=1e-5
    )  # fmt: skip


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
            f"Batches of {batch_size}: {size}, accumulated {accumulated} times by the Trainer."
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
        notes += [f"Optimizer: {read.optimizer.said}, lr {lr:g}, weight decay "
                  f"{read.optimizer.weight_decay:g}.", *read.notes]  # fmt: skip
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
