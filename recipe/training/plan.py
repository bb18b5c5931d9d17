"""What a training is going to do: its rates, its batches, and the iterations it looks at."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import torch
from torch import Tensor

from recipe.border.faults import declared_at, said_of
from recipe.core.errors import RecipeError, UsageError
from recipe.core.keys_and_seeds import derive_seed
from recipe.data.datasets import Data, Splits
from recipe.data.single_items import Batch
from recipe.data.trees import Values, as_values, described
from recipe.experiment import Experiment
from recipe.training.execution_mode import ExecutionMode
from recipe.training.schedules import schedule_rates

LOOK_EVERY = 16
"""Iterations between looks at the loss on an accelerator, where each look waits for it."""
WATCHED_PER_EPOCH = 4
"""Iterations of an epoch at which gradients and updates are read, at most."""
WATCHED_SHARE = 16
"""Of so many iterations at most one is watched, so that short epochs are not slowed down."""
ACTIVATION_SAMPLE, LEAST_SAMPLE, SAMPLE_SHARE = 256, 64, 32
"""Validation items whose activations are looked at after each epoch: at most the first number, and
one for so many training items, so that short epochs are not slowed down, but no fewer than 64."""


def planned_rates(experiment: Experiment, data: Splits) -> list[float]:
    """The learning rate of every iteration of the experiment's schedule.

    Raises:
        RecipeError: the experiment is not resolved or has no learning rate.

    """
    if experiment.lr is None or experiment.epochs is None or experiment.schedule is None:
        raise RecipeError("Training needs a resolved experiment with a learning rate.")
    iterations = experiment.epochs * iterations_per_epoch(data.train, experiment.batch_size)
    return schedule_rates(experiment.lr, experiment.schedule, experiment.warmup, iterations)


def learns_nothing(experiment: Experiment, rates: Sequence[float]) -> bool:
    """Whether nothing is learnt at these rates, so that forward passes alone tell the losses."""
    return experiment.update is None and not any(rates)


def epoch_batches(experiment: Experiment, data: Splits, seed: int, epoch: int) -> Iterator[Batch]:
    """The training batches of one epoch, their order a function of seed and epoch."""
    generator = torch.Generator().manual_seed(derive_seed(seed, "order", epoch))
    train = data.train.at_epoch(epoch)
    return train.batches(experiment.batch_size, generator, shuffle=experiment.shuffle)


def model_input(experiment: Experiment, mode: ExecutionMode, x: Values) -> Values:
    """Training inputs [n, ...] as the model gets them: augmented, in the layout of `mode`."""
    laid_out: Values = mode.lay_out(augmented(experiment, x))
    return laid_out


def augmented(experiment: Experiment, x: Values) -> Values:
    """Training inputs [n, ...] after the random transforms of the experiment, where it has any.

    Raises:
        UsageError: the user's function fails, or returns something else than a batch.

    """
    return x if experiment.augment is None else _augmented(experiment.augment, x)


def _augmented(augment: Callable[..., Any], x: Values) -> Values:
    try:
        returned = augment(x)
        made = as_values(returned)
    except Exception as error:
        otherwise = f"it is called with a batch of inputs ({described(x)}) and returns one"
        raise UsageError(said_of(error, "The function given as augment", otherwise)) from error
    if returned is None or (isinstance(x, Tensor) and not isinstance(made, Tensor)):
        place = declared_at(augment)
        raise UsageError(
            f"The function given as augment returned a {type(returned).__name__}"
            f"{f' ({place})' if place else ''}: it is called with a batch of inputs "
            f"({described(x)}), so let it return one."
        )
    return made


def iterations_per_epoch(data: Data, batch_size: int) -> int:
    """Batches of one pass, as `batches` yields them: a last single item is left out."""
    return data.order.iterations(len(data), batch_size)


def pause_in(part: float, iterations: int) -> int | None:
    """Of an epoch of so many iterations, the number after which `part` of it is trained; None
    for a whole one, which is validated too.
    """
    return None if part >= 1 else min(iterations - 1, round(part * iterations))


def looked_at_every(device: torch.device) -> int:
    """Iterations between looks at the loss."""
    return 1 if device.type == "cpu" else LOOK_EVERY


def activation_sample(train: Data) -> int:
    """Items whose activations are looked at after each epoch over this training data."""
    return min(ACTIVATION_SAMPLE, max(LEAST_SAMPLE, len(train) // SAMPLE_SHARE))


def watched_iterations(n: int) -> frozenset[int]:
    """The iterations of an epoch of `n` at which the monitor looks, the last one among them."""
    count = min(WATCHED_PER_EPOCH, max(1, n // WATCHED_SHARE))
    return frozenset(round((k + 1) * n / count) - 1 for k in range(count))
