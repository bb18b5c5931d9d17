"""Whether the declared batch fits into memory, told before anything long begins, and in how many
parts it goes through the model where it does not.
"""

import math
from dataclasses import dataclass

import torch

from recipe.data.datasets import Splits
from recipe.experiment import Experiment
from recipe.machine.memory import free_memory
from recipe.machine.out_of_memory import give_back
from recipe.models.building import batch_norms, build_model
from recipe.speed.batch_size import USED, amount, line_through, peak_of
from recipe.training.micro_batches import part_sizes

PROBED = 8
"""Items of the larger of the two batches whose peaks are measured: what each further one takes
follows, and a large model is not trained for long to know it."""


@dataclass(frozen=True)
class MemoryPlan:
    """What a batch takes and what is free, in bytes, and the parts that it goes in."""

    size: int
    """Items of a batch, or of the part of it that one of several processes takes."""
    peak: float
    """Of the whole of it, or of the parts that were declared where these fit."""
    free: int
    parts: int
    declared: int = 1

    @property
    def fits(self) -> bool:
        """Whether anything can be trained."""
        return self.parts > 0

    def __str__(self) -> str:
        """One line for the user."""
        parted = self.parts == self.declared > 1
        how = f" in {self.parts} parts" if parted else ""
        takes = f"a batch of {self.size:,}{how} takes about {amount(self.peak)}"
        if not self.fits:
            return (
                f"Memory: {takes}, {amount(self.free)} are free, and not even one of its smallest "
                "parts fits: take a smaller model or smaller items."
            )
        if self.parts == self.declared:
            return f"Memory: {takes} of the {amount(self.free)} that are free."
        each = part_sizes(self.size, self.parts)[0]
        return (
            f"Memory: {takes} and {amount(self.free)} are free: it goes through the model in "
            f"{self.parts} parts of {each:,}, whose gradients are added up."
        )


def memory_plan(experiment: Experiment, data: Splits, device: torch.device) -> MemoryPlan | None:
    """Measure updates with few items, and go on along the line through their peaks.

    Args:
        experiment: resolved, made ready for its data.
        data: what is trained on.
        device: where.

    Returns:
        The plan; None where it cannot be measured: an own update step, or a model that fails.

    """
    processes = experiment.processes or 1
    size = -(-min(experiment.batch_size, len(data.train)) // processes)
    if experiment.update is not None or size < 2:
        return None
    line = _line(experiment, data, device, size)
    if line is None:
        return None
    give_back(device)
    fixed, each = line
    if experiment.parallel == "fsdp":
        fixed /= processes
    free = free_memory(device) // (processes if device.type == "cpu" else 1)
    peak = fixed + each * -(-size // experiment.accumulate)
    if peak <= free:
        return MemoryPlan(size, peak, free, experiment.accumulate, experiment.accumulate)
    least = 2 if batch_norms(build_model(experiment, 0, torch.device("cpu"))) else 1
    room = math.floor((USED * free - fixed) / each)
    parts = -(-size // room) if room >= least else 0
    return MemoryPlan(size, fixed + each * size, free, parts, experiment.accumulate)


def _line(
    experiment: Experiment, data: Splits, device: torch.device, size: int
) -> tuple[float, float] | None:
    """Bytes without any item, and bytes of each item."""
    large = min(PROBED, size)
    small = max(1, large // 4) if large < PROBED else PROBED // 4
    peaks = [peak_of(experiment, data, device, items) for items in (small, large)]
    if peaks[0] is None or peaks[1] is None or small == large:
        return None
    return line_through((small, large), (peaks[0], peaks[1]))
