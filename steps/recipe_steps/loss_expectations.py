"""What a loss expects of its outputs, and outputs that prefer nothing."""

import math
from contextlib import suppress

import torch
from torch import Tensor

from recipe.plugin import Experiment, LossFunction, Scalar, Values, split

LOG_SUM = 1e-3
"""Log of a sum of probabilities up to which they count as normalised."""
BATCH = 256
MODERATE = 10.0
"""Size of outputs at which float32 keeps five digits of a shift by one."""


def mean_loss(loss: LossFunction, outputs: Values, targets: Values) -> float:
    """The mean loss of many items, batch by batch."""
    parts = zip(split(outputs, BATCH), split(targets, BATCH), strict=True)
    return sum(loss(o, y).item() * len(o) for o, y in parts) / len(outputs)


def signatures(experiment: Experiment, outputs: Tensor, targets: Tensor) -> dict[str, Scalar]:
    """Exact marks of the outputs, and how the loss takes a shift of all outputs."""
    loss, task = experiment.loss_function, experiment.resolved_task
    rows = outputs.movedim(task.class_axis(outputs, targets), -1) if outputs.ndim > 1 else outputs
    width = rows.shape[-1] if outputs.ndim > 1 else 1
    sums = rows.sum(-1) if outputs.ndim > 1 else torch.zeros(1)
    inside = bool((outputs >= 0).all() and (outputs <= 1).all())
    probabilities = bool(
        width > 1 and inside and torch.allclose(sums, torch.ones_like(sums), atol=1e-4)
    )
    logs = outputs.ndim > 1 and bool((rows.logsumexp(-1).abs() < LOG_SUM).all())
    # a loss that takes probabilities refuses what lies outside of 0..1
    base, shift = (outputs / 2, 0.5) if inside else (_moderate(outputs), 1.0)
    plain, shifted = defined_loss(loss, base, targets), defined_loss(loss, base + shift, targets)
    return {
        "outputs_are_probabilities": probabilities,
        "outputs_are_log_probabilities": logs,
        "loss_ignores_shift": math.isclose(plain, shifted, rel_tol=1e-4, abs_tol=1e-5),
        "loss_takes_log_probabilities": math.isclose(shifted, plain - shift, abs_tol=1e-3),
        "output_std": outputs.float().std().item() if outputs.numel() > 1 else 0.0,
    }


def _moderate(outputs: Tensor) -> Tensor:
    """Outputs of such a size that what is added to them is not lost in rounding."""
    largest = outputs.abs().max().item() if outputs.numel() else 0.0
    return outputs * (MODERATE / largest) if MODERATE < largest < math.inf else outputs


def defined_loss(loss: LossFunction, outputs: Values, targets: Values) -> float:
    """The mean loss; NaN where it refuses these outputs, as that of a distribution refuses a
    deviation of zero.
    """
    with suppress(Exception):
        return mean_loss(loss, outputs, targets)
    return math.nan


def neutral_loss(experiment: Experiment, outputs: Tensor, targets: Tensor) -> float:
    """The declared loss at outputs that prefer nothing; NaN where it refuses them."""
    return defined_loss(
        experiment.loss_function, neutral_outputs(experiment, outputs, targets), targets
    )


def neutral_outputs(experiment: Experiment, outputs: Tensor, targets: Tensor) -> Tensor:
    """Outputs that prefer nothing: zero logits, equal probabilities or their logarithms."""
    neutral = torch.zeros_like(outputs)
    marks = signatures(experiment, neutral, targets)
    if getattr(experiment.resolved_task, "threshold", 0.0) == 0.5:
        neutral = neutral + 0.5
    elif marks["loss_takes_log_probabilities"]:
        neutral = neutral - math.log(experiment.resolved_task.n_outputs(outputs))
    return neutral
