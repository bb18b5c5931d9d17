"""How a `transformers.Trainer` trains: optimizer, schedule, batch size, epochs."""

import math
import warnings
from collections.abc import Callable
from copy import copy
from typing import Any

import torch
from torch import nn

from recipe.border.faults import error_location
from recipe.core.errors import UsageError
from recipe.frameworks.optimizers import read_optimizer
from recipe.frameworks.schedules import (
    ScheduleRead,
    depends_on_validation,
    read_schedule,
    stepped_rates,
)

WAITING = ("reduce_lr_on_plateau", "greedy")
"""Schedules that follow from scores."""


def trained(trainer: Any, notes: list[str]) -> dict[str, Any]:
    """Optimizer, schedule, batch size and epochs, as arguments of `Experiment`."""
    args = trainer.args
    each, times = args.per_device_train_batch_size, args.gradient_accumulation_steps
    if times > 1:
        notes.append(
            f"Batches of {each * times}: {each}, accumulated {times} times. Accumulation saves "
            "memory, and no time."
        )
    steps = _steps(trainer, each, times)
    limit = args.max_steps if args.max_steps > 0 else None
    if steps is None and limit is None:
        raise UsageError(
            "The Trainer's data have no length: set max_steps in its TrainingArguments, which it "
            "needs too."
        )
    steps = steps or limit or 1
    total = limit or math.ceil(args.num_train_epochs * steps)
    epochs = max(1, math.ceil(total / steps))
    if epochs * steps != total:
        notes.append(
            f"Epochs: {epochs} whole ones, for the Trainer's {total} steps of {steps} each epoch."
        )
    read = read_optimizer(_made(lambda: copy(trainer).create_optimizer()), trainer.model)
    schedule = _schedule(trainer, _rates(trainer, read.lr, total), notes)
    lr = schedule.lr
    notes.append(f"Optimizer: {read.said}, lr {lr:g}, weight decay {read.weight_decay:g}.")
    if args.fp16 or args.bf16:
        kind = "fp16" if args.fp16 else "bf16"
        notes.append(
            f"The Trainer's {kind} is not taken over: which precision is the fastest and faithful "
            "here is measured."
        )
    return {
        "batch_size": each * times, "epochs": epochs, "optimizer": read.optimizer,
        "momentum": read.momentum, "weight_decay": read.weight_decay, "lr": lr,
        "schedule": schedule.schedule,
    }  # fmt: skip


def _made(make: Callable[[], Any]) -> Any:
    """What the Trainer makes.

    Raises:
        UsageError: it fails.

    """
    try:
        return make()
    except Exception as error:
        raise UsageError(
            f"The Trainer's optimizer cannot be made: {type(error).__name__}: {error} "
            f"({error_location(error)})."
        ) from error


def _rates(trainer: Any, lr: float, total: int) -> list[float]:
    """The rate of every step, by the Trainer's scheduler of a stand-in: its own optimizer and
    scheduler stay what they are.
    """
    worker, stand_in = copy(trainer), torch.optim.SGD([nn.Parameter(torch.zeros(1))], lr=lr or 1.0)
    worker.lr_scheduler, worker.optimizer = None, stand_in
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        scheduler = _made(lambda: worker.create_scheduler(total, stand_in))
    if depends_on_validation(scheduler):
        return [lr] * total
    return stepped_rates(scheduler, stand_in, total)


def _schedule(trainer: Any, rates: list[float], notes: list[str]) -> ScheduleRead:
    """The Trainer's schedule."""
    args, total = trainer.args, len(rates)
    kind = str(getattr(args.lr_scheduler_type, "value", args.lr_scheduler_type))
    if trainer.lr_scheduler is not None:
        notes.append("The Trainer was given a scheduler of its own; lr_scheduler_type is read.")
    if kind in WAITING:
        notes.append(f"Schedule: {kind} waits for the validation; the rate stays constant.")
        return ScheduleRead("constant", rates[0], "constant")
    rise = args.get_warmup_steps(total)
    rising = f", the rate rising over the first {rise} of {total} steps" if rise else ""
    notes.append(f"Schedule: {kind}{rising}.")
    return read_schedule(rates, kind, by_step=True)


def _steps(trainer: Any, each: int, times: int) -> int | None:
    """Steps of the optimizer in an epoch, as the Trainer counts them; None for a stream."""
    try:
        items = len(trainer.train_dataset)
    except TypeError:
        return None
    batches = items // each if trainer.args.dataloader_drop_last else math.ceil(items / each)
    return max(1, math.ceil(batches / times))
