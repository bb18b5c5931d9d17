"""What `configure_optimizers` of a LightningModule returns, read."""

from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

from torch import nn
from torch.optim import Optimizer

from recipe.border.faults import error_location
from recipe.core.errors import UsageError
from recipe.experiment import DEFAULT_EPOCHS
from recipe.frameworks.optimizers import OptimizerRead, read_optimizer
from recipe.frameworks.schedules import ScheduleRead, depends_on_validation, read_scheduler

ONE = "the recipe trains one model with one optimizer"


@dataclass(frozen=True)
class Length:
    """How long a training is."""

    epochs: int | None
    """None where nothing says it."""
    steps: int
    """Steps of the optimizer in an epoch."""


@dataclass(frozen=True)
class Configured:
    """How a module is trained."""

    optimizer: OptimizerRead
    schedule: ScheduleRead | None
    epochs: int | None
    notes: tuple[str, ...]


def read_configuration(module: nn.Module, length: Length, accumulated: int = 1) -> Configured:
    """The optimizer and the schedule of a module that may be used up by that.

    Args:
        module: a LightningModule made for this.
        length: of the training.
        accumulated: batches per step of the optimizer.

    Raises:
        UsageError: it cannot be read, or there are several optimizers.

    """
    name = type(module).__name__
    epochs = length.epochs or DEFAULT_EPOCHS
    module.trainer = _stand_in(epochs, length.steps, accumulated)  # type: ignore[assignment]
    try:
        returned = module.configure_optimizers()  # type: ignore[operator]
    except Exception as error:
        raise UsageError(
            f"{name}.configure_optimizers raised {type(error).__name__}: {error} "
            f"({error_location(error)}); make it work without a running Trainer, or pass "
            "optimizer= and lr= to from_lightning."
        ) from error
    finally:
        module.trainer = None  # type: ignore[assignment]
    optimizer, scheduler = _one(returned, name)
    read = read_optimizer(optimizer, module)
    if scheduler is None:
        return Configured(read, None, length.epochs, ())
    return _with_schedule(read, optimizer, scheduler, length)


def _stand_in(epochs: int, steps: int, accumulated: int) -> SimpleNamespace:
    """What `configure_optimizers` may ask of a Trainer."""
    return SimpleNamespace(
        max_epochs=epochs, max_steps=-1, estimated_stepping_batches=epochs * steps,
        num_training_batches=steps * accumulated, accumulate_grad_batches=accumulated,
        world_size=1, num_devices=1, num_nodes=1, current_epoch=0, global_step=0, global_rank=0,
        local_rank=0, datamodule=None, logger=None, loggers=[], strategy=None,
        train_dataloader=range(steps * accumulated),
    )  # fmt: skip


def _one(returned: Any, name: str) -> tuple[Optimizer, Any]:
    """The optimizer, and its scheduler as Lightning describes it.

    Raises:
        UsageError: there is none, or more than one.

    """
    scheduler: Any = None
    if isinstance(returned, tuple | list) and len(returned) == 2 and all(
        isinstance(part, tuple | list) for part in returned
    ):  # fmt: skip
        optimizers, schedulers = list(returned[0]), list(returned[1])
        scheduler = schedulers[0] if schedulers else None
        if len(schedulers) > 1:
            raise UsageError(
                f"{name}.configure_optimizers returned {len(schedulers)} schedulers: chain them by "
                "torch.optim.lr_scheduler.SequentialLR, since the recipe reads one."
            )
        returned = optimizers
    if isinstance(returned, tuple | list):
        if len(returned) != 1:
            raise UsageError(
                f"{name}.configure_optimizers returned {len(returned)} optimizers, as GANs have "
                f"them: {ONE}. Give it the part that is to be tuned, or an own step by "
                "Experiment(update=...)."
            )
        returned = returned[0]
    if isinstance(returned, Mapping):
        scheduler = returned.get("lr_scheduler", scheduler)
        returned = returned.get("optimizer")
    if not isinstance(returned, Optimizer):
        raise UsageError(
            f"{name}.configure_optimizers returned {type(returned).__name__}: return an optimizer, "
            "or pass optimizer= and lr= to from_lightning."
        )
    return returned, scheduler


def _with_schedule(
    read: OptimizerRead, optimizer: Optimizer, declared: Any, length: Length
) -> Configured:
    scheduler, interval, every = declared, "epoch", 1
    if isinstance(declared, Mapping):
        scheduler = declared["scheduler"]
        interval = declared.get("interval", "epoch")
        every = int(declared.get("frequency", 1))
    name = type(scheduler).__name__
    if depends_on_validation(scheduler):
        note = (
            f"{name} waits for the validation, which no schedule can: the rate stays constant, and "
            "the learning curves tell when it has to fall."
        )
        return Configured(read, ScheduleRead("constant", read.lr, "constant"), length.epochs,
                          (note,))  # fmt: skip
    found = read_scheduler(
        scheduler, optimizer, length.epochs, length.steps, by_step=interval != "epoch", every=every
    )
    return Configured(read, found.read, found.epochs, found.notes)


def copy_of(module: nn.Module) -> nn.Module:
    """A copy that may be used up; what ties it to a Trainer stays behind."""
    trainer = vars(module).get("_trainer")
    vars(module)["_trainer"] = None
    try:
        return deepcopy(module)
    finally:
        vars(module)["_trainer"] = trainer
