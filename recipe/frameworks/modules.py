"""An experiment of a plain `torch.nn.Module` and what stands beside it in the user's file."""

import math
from collections.abc import Callable, Mapping
from copy import deepcopy
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.utils.data import DataLoader, TensorDataset

from recipe.border.faults import error_location
from recipe.core.errors import UsageError
from recipe.data.trees import as_structure, as_values, natural
from recipe.experiment import DEFAULT_EPOCHS, USUAL_BATCH, Experiment
from recipe.frameworks import file_names as names
from recipe.frameworks.batches import count_of, first_batch, parted, rebatch_of
from recipe.frameworks.fresh_models import Copied, Remade, as_it_is, same_shapes
from recipe.frameworks.loss_finding import guessed_task, outputs_of
from recipe.frameworks.optimizers import read_optimizer
from recipe.frameworks.schedules import depends_on_validation, read_scheduler
from recipe.models.calling import Calling, find_calling
from recipe.models.randomness import seeded

CPU = torch.device("cpu")
COPY = (
    "Model: every trial begins with the weights of {}; name a function that returns a fresh one to "
    "have them drawn anew."
)


def from_module(
    model: Any, beside: Mapping[str, Any], name: str, *, copied: bool = False, **changes: Any
) -> Experiment:
    """An experiment of a module, or of a class of it, with loaders, loss, optimizer and scheduler
    that the file of the user has.

    Args:
        model: a module or a class.
        beside: what the file holds, by name.
        name: of the model in it.
        copied: every trial begins with the weights of the model, though its class could be called.
        changes: arguments of `Experiment` that are to be others than what was read.

    Raises:
        UsageError: there are no data, or something cannot be read.

    """
    data = names.training_data(beside, name)
    given, factory, said = (
        (model, Copied(model, as_it_is), COPY.format(name)) if copied else fresh(model, name)
    )
    notes = [said, *(f"{part}: {called}." for part, (called, _) in data.items())]
    fields: dict[str, Any] = {part: value for part, (_, value) in data.items()}
    fields |= _loss(given, fields["train"], beside, notes)
    size = names.named(beside, names.BATCH_SIZES, names.is_whole)
    if size is not None and not isinstance(fields["train"], DataLoader):
        fields["batch_size"] = size[1]
    fields |= _trained(given, fields, beside, notes)
    clip = names.named(beside, names.CLIPS, names.is_number)
    if clip is not None:
        fields["clip_norm"] = float(clip[1])
        notes.append(f"Gradients are clipped at a norm of {clip[1]:g} ({clip[0]}).")
    kind = type(given).__name__
    return Experiment(**{
        "model": factory, "name": kind, "notes": tuple(notes), **fields, **changes,
    })  # fmt: skip


def fresh(model: Any, name: str) -> tuple[nn.Module, Callable[..., nn.Module], str]:
    """An object of the module, what makes fresh ones, and a sentence.

    Raises:
        UsageError: the class cannot be called without arguments.

    """
    if isinstance(model, type):
        try:
            made = model()
        except Exception as error:
            raise UsageError(
                f"{name}() raised {type(error).__name__}: {error} ({error_location(error)}); name "
                f"an object of it, such as model = {name}(...)."
            ) from error
        return made, Remade(model, {}, as_it_is), f"Model: every trial makes {name}() anew."
    kind = type(model)
    try:
        with seeded(0, CPU):
            again = kind()
        if same_shapes(again, model):
            return model, Remade(kind, {}, as_it_is), (
                f"Model: every trial makes {kind.__name__}() anew, as {name} was."
            )  # fmt: skip
    except Exception:  # noqa: BLE001 - then it is copied
        again = None
    return model, Copied(model, as_it_is), COPY.format(name)


def _loss(
    model: nn.Module, train: Any, beside: Mapping[str, Any], notes: list[str]
) -> dict[str, Any]:
    """Loss and task."""
    found = names.named(beside, names.LOSSES, names.is_loss)
    batch = first_batch(as_dataset(train), "train")
    rebatch = rebatch_of(batch)
    inputs, y = parted(batch, rebatch)
    logits = _outputs(model, inputs, count_of(batch))
    loss = None if found is None or usual(found[1]) else found[1]
    task = _task(found[1] if found else None, logits, y)
    if found is None:
        notes.append(f"Loss: the usual one of {task}; the file has none called criterion.")
    else:
        notes.append(f"Loss: {found[0]}, for {task}.")
    return {"task": task, "loss": loss}


def as_dataset(train: Any) -> Any:
    """A pair of arrays as a data set; anything else as it is."""
    if isinstance(train, tuple | list) and len(train) == 2 and all(map(names.is_array, train)):
        return TensorDataset(*(torch.as_tensor(part) for part in train))
    return train


def _outputs(model: nn.Module, inputs: Any, count: int) -> Tensor | None:
    """What the model answers, where it answers at all: the first step tells why not."""
    copied = deepcopy(model).cpu().eval()
    try:
        x = as_values(as_structure(inputs))
        args, kwargs = (find_calling(copied, x) or Calling()).arguments(natural(x))
        with torch.no_grad(), seeded(0, CPU):
            return outputs_of(copied(*args, **kwargs), count)
    except Exception:  # noqa: BLE001 - see above
        return None


def usual(loss: Any) -> bool:
    """Whether it is a loss of torch as a task has it."""
    if loss in (F.cross_entropy, F.binary_cross_entropy_with_logits):
        return True
    if type(loss) is nn.CrossEntropyLoss:
        return (
            loss.weight is None and not loss.label_smoothing and loss.ignore_index == -100
            and loss.reduction == "mean"
        )  # fmt: skip
    if type(loss) is nn.BCEWithLogitsLoss:
        return loss.weight is None and loss.pos_weight is None and loss.reduction == "mean"
    return False


def _task(loss: Any, logits: Tensor | None, y: Any) -> str:
    """The task that loss and targets speak for."""
    kind = f"{getattr(loss, '__name__', '')} {type(loss).__name__}".lower()
    if isinstance(y, Tensor) and ("bce" in kind or "binary_cross_entropy" in kind):
        if y.ndim > 2:
            return "binary_segmentation"
        return "multilabel" if y.ndim == 2 and y.shape[1] > 1 else "binary"
    if any(word in kind for word in ("mse", "l1", "huber", "smoothl1")):
        return "regression"
    return guessed_task(logits, y)


def _trained(
    model: nn.Module, fields: dict[str, Any], beside: Mapping[str, Any], notes: list[str]
) -> dict[str, Any]:
    """Optimizer, schedule and epochs."""
    epochs = names.named(beside, names.EPOCHS, names.is_whole)
    found = names.named(beside, names.OPTIMIZERS, names.is_optimizer)
    said: dict[str, Any] = {} if epochs is None else {"epochs": epochs[1]}
    if found is None:
        notes.append("The file has no optimizer: the usual one, and its rate is looked for.")
        return said
    trained = model if _owns(model, found[1]) else None
    if trained is None:
        notes.append(f"{found[0]} is not of this model's parameters, and left out.")
        return said
    read = read_optimizer(found[1], model)
    said |= {"optimizer": read.optimizer, "momentum": read.momentum, "lr": read.lr,
             "weight_decay": read.weight_decay}  # fmt: skip
    scheduler = names.named(beside, names.SCHEDULERS, names.is_scheduler)
    if scheduler is None:
        said["schedule"] = "constant"
    elif depends_on_validation(scheduler[1]):
        said["schedule"] = "constant"
        notes.append(
            f"{scheduler[0]} waits for the validation, which no schedule can: the rate stays "
            "constant, and the learning curves tell when it has to fall."
        )
    else:
        optimizer, copied = deepcopy((found[1], scheduler[1]))
        steps = steps_of(fields["train"], fields.get("batch_size"))
        schedule = read_scheduler(copied, optimizer, said.get("epochs"), steps)
        said |= {"schedule": schedule.read.schedule, "lr": schedule.read.lr}
        if schedule.epochs is not None:
            said["epochs"] = schedule.epochs
        notes += schedule.notes
    notes.append(
        f"Optimizer: {read.said}, lr {said['lr']:g}, weight decay {read.weight_decay:g} "
        f"({found[0]})."
    )
    if "epochs" not in said:
        notes.append(f"Epochs: {DEFAULT_EPOCHS}, since the file has no epochs = ....")
    return said


def _owns(model: nn.Module, optimizer: Any) -> bool:
    own = {id(p) for p in model.parameters()}
    return any(id(p) in own for group in optimizer.param_groups for p in group["params"])


def steps_of(train: Any, batch_size: int | None) -> int:
    """Batches of an epoch; 1 where nothing tells."""
    try:
        if isinstance(train, DataLoader):
            return max(1, len(train))
        items = len(train[0]) if isinstance(train, tuple | list) else len(train)
        return max(1, math.ceil(items / (batch_size or USUAL_BATCH)))
    except TypeError:
        return 1
