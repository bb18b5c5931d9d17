"""How many trials can be trained as one model."""

import torch
from torch import Tensor, nn

from recipe.data.datasets import EVAL_BATCH, Splits
from recipe.experiment import Experiment
from recipe.machine.memory import free_memory

MOST_FUSED = 64
MEMORY_SHARE = 0.25
"""Of the free memory that the weights, gradients and optimizer states of fused trials may take."""
COPIES = 7
"""Weights, gradients, two optimizer states, the best epoch's, the monitor's, one in passing."""


def fused_width(
    model: nn.Module, experiment: Experiment, data: Splits, device: torch.device, *, larger: int
) -> int:
    """How many trials fit into memory together.

    Args:
        model: a fresh one.
        experiment: with the batch size that is measured.
        data: of the run.
        device: where to train.
        larger: times as large the batches of the run are.

    """
    size = sum(p.numel() * p.element_size() for p in model.parameters()) * COPIES
    size += _saved_bytes(model, experiment, data, larger)
    return max(1, min(MOST_FUSED, int(MEMORY_SHARE * free_memory(device) / max(1, size))))


def _saved_bytes(model: nn.Module, experiment: Experiment, data: Splits, larger: int) -> int:
    """What one trial's forward pass keeps for the backward pass, scaled to a batch of
    validation where that is the larger one.
    """
    return kept_bytes(model, experiment, data) * max(larger, EVAL_BATCH // experiment.batch_size)


def kept_bytes(model: nn.Module, experiment: Experiment, data: Splits) -> int:
    """What a forward pass over a batch of the experiment's size keeps for the backward pass."""
    kept: dict[int, int] = {}

    def keep(tensor: Tensor) -> Tensor:
        kept[tensor.data_ptr()] = tensor.nbytes
        return tensor

    x, y = next(iter(data.train.batches(experiment.batch_size)))
    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        experiment.loss_function(model(x), y)
    return sum(kept.values())
