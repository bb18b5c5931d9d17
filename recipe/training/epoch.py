"""What one epoch of a training measured."""

import math
from collections.abc import Generator
from dataclasses import dataclass, field

import torch
from torch import Tensor

from recipe.data.single_items import Batch
from recipe.models.randomness import EpochRandomness
from recipe.training.ranks import ALONE, Ranks
from recipe.training.running_score import RunningScore

AVERAGED = "averaged_score"
"""Of the averaged weights, where trainings are compared: the curve's name."""


@dataclass
class Epoch:
    """What one epoch measured, by curve name; `losses` holds every iteration's batch loss."""

    number: int
    figures: dict[str, float] = field(default_factory=dict)
    losses: list[float] = field(default_factory=list)
    diverged: bool = False
    part: float = 1.0
    """Share that is trained: less than one of an epoch that pauses, which has no figures yet."""


Update = tuple[Tensor, Batch | None]
"""The loss of an iteration, and the outputs and targets that its score is made of."""


@dataclass
class RunningEpoch:
    """An epoch in training, which may pause between two iterations."""

    epoch: Epoch
    updates: Generator[Update]
    noise: EpochRandomness
    iterations: int
    tally: RunningScore
    """Of the training batches."""
    done: int = 0
    seconds: float = 0.0


def take_losses(pending: list[Tensor], epoch: Epoch, ranks: Ranks = ALONE) -> bool:
    """Move pending losses into the epoch up to the first non-finite one; False when it came."""
    if not pending:
        return not epoch.diverged
    losses = ranks.total(torch.stack([loss.float().reshape(()) for loss in pending])).tolist()
    pending.clear()
    for loss in losses:
        if not math.isfinite(loss):
            epoch.diverged = True
            return False
        epoch.losses.append(loss)
    return True
