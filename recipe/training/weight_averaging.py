"""The running average of a model's weights: where a training would stand if its rate had fallen.

At a high rate the weights jump about a valley whose floor their average shows. Scores of the raw
weights in the middle of a training favour low rates, which win early and lose in the end; those of
the averages stand in the order in which the trainings end.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Protocol

import torch
from torch import Tensor, nn

from recipe.core.keys_and_seeds import derive_seed
from recipe.data.datasets import Splits
from recipe.data.trees import Values
from recipe.experiment import Experiment
from recipe.models.building import batch_norms
from recipe.models.randomness import seeded
from recipe.training.execution_mode import ExecutionMode
from recipe.training.plan import epoch_batches, model_input

POWER = 8
"""The n-th weights enter with a weight that grows like n to this power: about the last tenth of a
training counts, however long it is (polynomial-decay averaging: Shamir, Zhang 2013)."""
REFRESHED_ITEMS = 1024
"""Training items that the statistics of batch norm are read from anew."""


Share = Callable[[int], float]
"""The share of the n-th values in an average, from n = 1 on."""


def polynomial_weights(n: int) -> float:
    """Weights that grow with a power: no length of time has to be chosen."""
    return (POWER + 1) / (n + POWER)


def uniform_weights(n: int) -> float:
    """The plain mean (Polyak, Juditsky 1992)."""
    return 1 / n


def exponential_weights(decay: float) -> Share:
    """The mean of the first ones, until these are so many that `decay` forgets them."""
    return lambda n: max(1 / n, 1 - decay)


class RunningAverage:
    """A running average of tensors of which every iteration brings new values."""

    def __init__(self, values: Iterable[Tensor], share: Share = polynomial_weights) -> None:
        """Begin with these, which the first new ones replace."""
        self.values = [value.detach().clone() for value in values]
        self.share = share
        self.count = 0

    @torch.no_grad()
    def add(self, values: list[Tensor]) -> None:
        """Take in the next ones."""
        self.count += 1
        torch._foreach_lerp_(self.values, values, self.share(self.count))


def trained_parameters(model: nn.Module) -> list[Tensor]:
    """What is averaged: the parameters that are trained."""
    return [p.detach() for p in model.parameters() if p.requires_grad]


class AveragedTraining(Protocol):
    """A training, of one trial or of several."""

    model: nn.Module
    experiment: Experiment
    data: Splits
    seed: int
    device: torch.device
    mode: ExecutionMode


@contextmanager
def with_weights(training: AveragedTraining, values: Sequence[Tensor]) -> Iterator[nn.Module]:
    """The model of a training with these values for its trained parameters, see `in_place_of`; the
    statistics of batch norm are read from the batches of the first epoch.
    """
    experiment, seed = training.experiment, training.seed
    batches = epoch_batches(experiment, training.data, seed, 0)
    inputs = (model_input(experiment, training.mode, x) for x, _ in batches)
    noise = seeded(derive_seed(seed, "noise", 0), training.device)
    with noise, in_place_of(training.model, values, inputs) as model:
        yield model


@contextmanager
def in_place_of(
    model: nn.Module, values: Sequence[Tensor], batches: Iterable[Values]
) -> Iterator[nn.Module]:
    """The model with these values for its trained parameters, and with the statistics of batch norm
    that belong to them; afterwards it is as it was.

    Args:
        model: of any mode; in evaluation mode within.
        values: as `trained_parameters` gives them.
        batches: of training inputs.

    """
    parameters = trained_parameters(model)
    before = [p.clone() for p in parameters]
    buffers = [(buffer, buffer.clone()) for buffer in model.buffers()]
    training = model.training
    try:
        with torch.no_grad():
            _copy(parameters, values)
            model.eval()
            refresh_statistics(model, batches)
        yield model
    finally:
        with torch.no_grad():
            _copy(parameters, before)
            for buffer, value in buffers:
                buffer.copy_(value)
        model.train(training)


@torch.no_grad()
def refresh_statistics(model: nn.Module, batches: Iterable[Values]) -> None:
    """Read the running statistics of batch norm anew from these batches, every one of them with
    the same weight; nothing happens to a model without such layers, and to those that stay in
    evaluation mode when the model trains.

    Everything but batch norm stays in evaluation mode: what is read are the activations that the
    layers are going to see there.
    """
    model.train()
    layers = [n for n in batch_norms(model) if n.track_running_stats and n.training]
    model.eval()
    if not layers:
        return
    momenta = [layer.momentum for layer in layers]
    for layer in layers:
        layer.reset_running_stats()
        layer.momentum = None  # a plain mean over the batches
        layer.train()
    seen = 0
    for x in batches:
        model(x)
        seen += len(x)
        if seen >= REFRESHED_ITEMS:
            break
    for layer, momentum in zip(layers, momenta, strict=True):
        layer.momentum = momentum
        layer.eval()


def _copy(targets: Sequence[Tensor], values: Sequence[Tensor]) -> None:
    for target, value in zip(targets, values, strict=True):
        target.copy_(value)
