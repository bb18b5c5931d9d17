"""Model and data made to suit each other, where a model leaves something to its first batch or
computes in float64.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.parameter import UninitializedBuffer, UninitializedParameter

from recipe.errors import UsageError
from recipe.experiment import Experiment
from recipe.training.data import Data, Splits, StreamData
from recipe.training.items import widened
from recipe.training.models import build_model, place

SAMPLE = 2
"""Items that tell lazy layers their sizes: one alone may be squeezed to nothing."""


def suited(experiment: Experiment, data: Splits) -> tuple[Experiment, Splits]:
    """The experiment with lazy layers that know their sizes, and data of the model's precision.

    Lazy layers (`nn.LazyLinear`) have no weights before a first pass: the factory then makes one
    over a few items, in evaluation mode. Data are float32, and float64 for a model whose weights
    are. Nothing changes for any other model.

    Raises:
        UsageError: the factory fails, or a model with lazy layers cannot process a batch.

    """
    model = build_model(experiment, 0, torch.device("cpu"))
    if _is_double(model):
        data = replace(data, train=_widened(data.train), val=_widened(data.val))
    if is_lazy(model):
        x = data.train.sample(SAMPLE, torch.Generator().manual_seed(0)).x
        experiment = replace(experiment, model=_sized(experiment.model, x))
    return experiment, data


def is_lazy(model: nn.Module) -> bool:
    """Whether weights are missing until a first pass."""
    kinds = UninitializedParameter | UninitializedBuffer
    return any(isinstance(value, kinds) for value in (*model.parameters(), *model.buffers()))


def _is_double(model: nn.Module) -> bool:
    kinds = {p.dtype for p in model.parameters() if p.is_floating_point()}
    return kinds == {torch.float64}


def _widened(data: Data) -> Data:
    if isinstance(data, StreamData):
        return replace(data, double=True)
    return replace(data, x=widened(data.x), y=widened(data.y))


def _sized(make: Callable[..., nn.Module], x: Tensor) -> Callable[..., nn.Module]:
    def sized(**given: Any) -> nn.Module:
        model = make(**given)
        if isinstance(model, nn.Module):
            _first_pass(model, x)
        return model

    return sized


@torch.no_grad()
def _first_pass(model: nn.Module, x: Tensor) -> None:
    """Without dropout, and without a mark on running statistics."""
    modes = [(module, module.training) for module in model.modules()]
    device = next((p.device for p in model.parameters()), x.device)
    try:
        model.eval()(x.clone().to(device))
    except Exception as error:
        raise UsageError(
            f"The model has lazy layers and cannot process a batch of shape {list(x.shape)}: "
            f"{str(error).splitlines()[0]} ({place(error)})."
        ) from error
    for module, training in modes:
        module.training = training
