"""A training that waits for others, kept on the host meanwhile: of many that pause at a cut, each
holds its weights, the optimizer's state and an average of the weights on the device.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Protocol

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from recipe.machine.memory import free_memory
from recipe.training.weight_averaging import RunningAverage, trained_parameters

SHARE = 0.25
"""Of the memory that is free, which trainings that wait may take on the device together."""
HOST = torch.device("cpu")


@dataclass(frozen=True)
class Parked:
    """What was taken from the device, to be taken back."""

    state: list[tuple[dict[Any, Any], Any]]
    """Entries of the optimizer's state: some others are on the host for good."""


class Waiting(Protocol):
    """A training, as far as it takes memory while it waits."""

    model: nn.Module
    optimizer: Optimizer
    average: RunningAverage | None
    averaged: list[Tensor]
    """The trained parameters that the average is of."""
    device: torch.device
    parked: Parked | None


def park_where_crowded(training: Waiting, waiting: int) -> None:
    """Keep a training that pauses on the host, where so many of its size fill the device."""
    device = training.device
    if device.type != "cpu" and waiting * size_of(training) > SHARE * free_memory(device):
        park(training)


def park(training: Waiting, host: torch.device = HOST) -> None:
    """Keep a training that pauses on the host; it comes back by itself when it goes on."""
    if training.parked is None:
        training.optimizer.zero_grad(set_to_none=True)
        there = training.device.type
        state = [(of, name) for of, name, value in _state(training) if value.device.type == there]
        training.parked = Parked(state)
        _move(training, training.parked, host)


def take_back(training: Waiting) -> None:
    """Take one that was parked to its device again."""
    if training.parked is not None:
        _move(training, training.parked, training.device)
        training.parked = None


def _move(training: Waiting, parked: Parked, device: torch.device) -> None:
    # As `Module.to`, which copies nothing where a tensor is there already.
    training.model._apply(  # type: ignore[no-untyped-call]  # noqa: SLF001
        lambda tensor: tensor.to(device, copy=True)
    )
    for state, name in parked.state:
        state[name] = state[name].to(device, copy=True)
    if training.average is not None:
        training.average.values = [v.to(device, copy=True) for v in training.average.values]
    training.averaged = trained_parameters(training.model)  # others than before


def _state(training: Waiting) -> Iterator[tuple[dict[Any, Any], Any, Tensor]]:
    for state in training.optimizer.state.values():
        for name, value in state.items():
            if isinstance(value, Tensor):
                yield state, name, value


def size_of(training: Waiting) -> int:
    """Bytes that it takes while it waits, without gradients."""
    tensors = [*training.model.parameters(), *training.model.buffers()]
    tensors += [value for _, _, value in _state(training)]
    tensors += training.average.values if training.average is not None else []
    return sum(tensor.nbytes for tensor in tensors)
