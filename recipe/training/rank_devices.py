"""Which processes train one model together, and where each of them computes."""

from collections.abc import Callable
from dataclasses import replace

import torch

from recipe.core.errors import UsageError
from recipe.experiment import Experiment

USUAL_ON_PROCESSOR = 2
"""Processes on a processor, where none are counted out: more share its cores anyway."""


def together(
    experiment: Experiment, device: torch.device, say: Callable[[str], None]
) -> Experiment:
    """The experiment with the number of its processes, which is said; without `parallel` where
    there is one.

    Raises:
        UsageError: it cannot be trained by several processes here.

    """
    kind = experiment.parallel
    if kind is None:
        if experiment.processes is not None:
            raise UsageError(
                f"processes={experiment.processes} without parallel: add parallel='ddp' (or "
                "--parallel ddp), or leave it out."
            )
        return experiment
    count = _count(experiment, kind, device)
    if count == 1:
        say(f"parallel={kind!r} leaves each trial to one process: there is one device.")
        return replace(experiment, parallel=None, processes=None)
    found = replace(experiment, processes=count)
    say(sentence(found, device))
    return found


def _count(experiment: Experiment, kind: str, device: torch.device) -> int:
    if not torch.distributed.is_available():
        raise UsageError(
            f"parallel={kind!r}: this PyTorch was built without torch.distributed; leave it out."
        )
    if device.type not in ("cpu", "cuda"):
        raise UsageError(
            f"parallel={kind!r} works on CUDA and on processors, not on {device.type}: leave it "
            "out, or use --device cpu."
        )
    if experiment.update is not None:
        raise UsageError(
            f"parallel={kind!r} beside update=: an own update step takes its gradients from one "
            "process alone; leave out one of the two."
        )
    there = torch.cuda.device_count() if device.type == "cuda" else USUAL_ON_PROCESSOR
    count = experiment.processes or there
    if device.type == "cuda" and count > there:
        raise UsageError(
            f"processes={count}: this machine has {there} GPU{'s' * (there != 1)} for PyTorch, and "
            "each process needs one of its own; ask for fewer."
        )
    if count > experiment.batch_size:
        raise UsageError(
            f"processes={count} with batch_size={experiment.batch_size}: each process needs an "
            "item of every batch; ask for fewer, or for larger batches."
        )
    return count


def devices_of(experiment: Experiment, device: torch.device) -> list[str]:
    """Where each process computes."""
    count = experiment.processes or 1
    if device.type == "cpu":
        return ["cpu"] * count
    return [f"{device.type}:{number}" for number in range(count)]


def sentence(experiment: Experiment, device: torch.device) -> str:
    """What is said before the run, of an experiment that several processes train."""
    count, size = experiment.processes or 1, experiment.batch_size
    low, more = divmod(size, count)
    each = f"{low} to {low + 1}" if more else f"{low}"
    where = "on this processor" if device.type == "cpu" else f"on {count} GPUs"
    kept = " and holds its part of every layer" if experiment.parallel == "fsdp" else ""
    return (
        f"Each trial of a grid is trained by {count} processes {where} ({experiment.parallel}): "
        f"each takes {each} of the {size} items of a batch{kept}. Batch normalisation sees whole "
        "batches, and the updates are those of one process."
    )
