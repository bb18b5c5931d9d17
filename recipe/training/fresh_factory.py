"""Whether a factory gives a fresh model at every call: what two share, both train."""

from collections.abc import Iterator

import torch
from torch import Tensor, nn

from recipe.border.faults import declared_at
from recipe.core.errors import UsageError
from recipe.experiment import Experiment
from recipe.models.building import build_model

CPU = torch.device("cpu")
NAMED = 3


def check_fresh(experiment: Experiment) -> nn.Module:
    """A model of seed 0 on the CPU, from a factory whose models share neither weights nor layers
    that keep something.

    A buffer alone may be shared: the mean and deviation of the inputs, say. One in a layer that
    both have, as the statistics of a batch norm, is written by both.

    Args:
        experiment: whose factory is called twice.

    Raises:
        UsageError: it gives one module again, or models that share a part.

    """
    first, second = (build_model(experiment, seed, CPU) for seed in (0, 1))
    where = declared_at(experiment.model)
    place = f" ({where})" if where else ""
    if second is first:
        raise UsageError(
            f"The model factory returns one and the same {type(first).__name__} at every call"
            f"{place}, so each training would go on with the weights of the one before: make the "
            "model inside of the function, such as model=lambda: MyNet()."
        )
    if names := shared(first, second):
        few = ", ".join(names[:NAMED]) + (", ..." if len(names) > NAMED else "")
        raise UsageError(
            f"Two models of the factory share {few}{place}, so each training would go on with the "
            "weights of the one before: make these inside of the function, or give each model "
            "copy.deepcopy(...) of them."
        )
    return first


def shared(first: nn.Module, second: nn.Module) -> list[str]:
    """Names of the parameters, and of the buffers of layers, that a model has in common with
    another one.
    """
    theirs = {place for p in second.parameters() if (place := _memory(p)) is not None}
    layers = {id(module) for module in second.modules()}
    names = [name for name, p in first.named_parameters() if _memory(p) in theirs]
    return names + [name for name, module in _buffers(first) if id(module) in layers]


def _memory(tensor: Tensor) -> int | None:
    """Where its values lie; None where it has none."""
    if nn.parameter.is_lazy(tensor) or not tensor.numel() or tensor.is_meta:
        return None
    return tensor.untyped_storage().data_ptr() or None


def _buffers(model: nn.Module) -> Iterator[tuple[str, nn.Module]]:
    for prefix, module in model.named_modules():
        for name, _ in module.named_buffers(prefix, recurse=False):
            yield name, module
