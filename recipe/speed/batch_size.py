"""`batch_size="auto"`: the largest batch that fits into memory, unless a smaller one is as fast.

The peak of memory is measured in updates of two sizes. It is a line in the number of items: what
weights, gradients and the optimizer's state take, and what each item adds.
"""

import json
from contextlib import suppress
from dataclasses import dataclass, replace

import torch

from recipe.core.cache_folder import cache_folder
from recipe.core.errors import UNUSABLE
from recipe.core.files import write_text
from recipe.core.keys_and_seeds import derive_seed
from recipe.data.datasets import Splits
from recipe.experiment import Experiment
from recipe.machine.memory import free_memory
from recipe.machine.out_of_memory import give_back, is_out_of_memory
from recipe.machine.peak_memory import peak_bytes
from recipe.speed.mode_search import RATES, USUAL_RATE
from recipe.speed.throughput import measured_name, throughput
from recipe.training.execution_mode import PLAIN
from recipe.training.loop import Training

PROBED = ((32, 128), (8, 32), (2, 8))
"""Items of the two batches; fewer of few data, and where memory runs out."""
USED = 0.7
"""Of the free memory that a batch may fill: other things need some, and what an operation takes
for itself is not counted on every device."""
LEAST_BATCHES = 8
"""Of an epoch, however much fits: fewer are few updates."""
LARGEST, SECONDS = 1 << 14, 20.0


@dataclass(frozen=True)
class FittingBatch:
    """The size that was chosen, and why."""

    size: int
    because: str

    def __str__(self) -> str:
        """A sentence for the user."""
        return f"Batch size {self.size:,} (auto): {self.because}."


def fitting_batch(experiment: Experiment, data: Splits, device: torch.device) -> FittingBatch:
    """The batch size for this model on this machine; remembered, so that a run that is taken up
    again has the same.

    Args:
        experiment: resolved, made ready for its data; its batch size does not matter.
        data: what is trained on.
        device: where.

    """
    name = measured_name(replace(experiment, batch_size=PROBED[0][0]), data, device, PLAIN)
    path = cache_folder() / "speed" / f"batch-{name}.json"
    with suppress(OSError, ValueError, KeyError, TypeError):
        known = json.loads(path.read_text("utf-8"))
        return FittingBatch(int(known["size"]), str(known["because"]))
    found = _found(experiment, data, device)
    with suppress(OSError):  # not being able to remember costs a few seconds the next time
        path.parent.mkdir(parents=True, exist_ok=True)
        write_text(path, json.dumps(vars(found)))
    return found


def line_through(sizes: tuple[int, int], peaks: tuple[int, int]) -> tuple[float, float]:
    """Bytes without any item, and bytes of each item."""
    each = max(1.0, (peaks[1] - peaks[0]) / (sizes[1] - sizes[0]))
    return max(0.0, peaks[0] - each * sizes[0]), each


def _found(experiment: Experiment, data: Splits, device: torch.device) -> FittingBatch:
    items, free = len(data.train), free_memory(device)
    most = max(1, items // LEAST_BATCHES)
    measured = None if experiment.update is not None else _line(experiment, data, device, most)
    if measured is None:
        size = _power(min(experiment.batch_size, most))
        return FittingBatch(size, f"an epoch has {items // size} batches of it; not measured")
    (fixed, each), how = measured
    room = USED * free
    fits = int(max(1.0, (room - fixed) / each))
    largest = _power(min(fits, most, LARGEST))
    memory = f"{amount(fixed)} and {amount(each)} an item, {how}"
    if fits < most:
        limit = f"the largest power of two that fits into {amount(room)} ({memory})"
    else:
        limit = (
            f"an epoch has {items // largest:,} batches of it; {fits:,} items would fit into "
            f"{amount(room)} ({memory})"
        )
    return _fastest(experiment, data, device, largest, limit)


def _line(
    experiment: Experiment, data: Splits, device: torch.device, most: int
) -> tuple[tuple[float, float], str] | None:
    """The line, and how it was measured; None of too few data, or where nothing fits."""
    for small, large in PROBED:
        if large > most:
            continue
        peaks = [peak_of(experiment, data, device, size) for size in (small, large)]
        if peaks[0] is not None and peaks[1] is not None:
            line = line_through((small, large), (peaks[0], peaks[1]))
            return line, f"by the peaks of {small} and {large} items"
    return None


def _fastest(
    experiment: Experiment, data: Splits, device: torch.device, largest: int, limit: str
) -> FittingBatch:
    """The smallest size at which throughput no longer rises, up to the largest one."""
    first = min(PROBED[0][0], largest)
    timed = throughput(replace(experiment, batch_size=first), data, device, PLAIN, SECONDS)
    if timed is None:
        return FittingBatch(largest, limit)
    rates = dict(zip(timed.sizes, timed.rates, strict=True))
    size = min(timed.largest, largest)
    rate = f"{rates[size]:,.0f} items a second" if size in rates else ""
    if timed.largest >= max(s for s in timed.sizes if s <= largest) or size == largest:
        return FittingBatch(largest, f"{rate}; {limit}" if rate else limit)
    next_size = min(s for s in timed.sizes if s > size)
    return FittingBatch(
        size,
        f"{rate}, and {rates[next_size]:,.0f} with {next_size:,}: throughput no longer rises, "
        f"though {largest:,} would be possible ({limit})",
    )


def peak_of(experiment: Experiment, data: Splits, device: torch.device, size: int) -> int | None:
    """Of two updates: the first one makes the optimizer's state. None where memory ran out."""
    lr = RATES.get(str(experiment.optimizer), USUAL_RATE)

    def train() -> None:
        training = Training(
            replace(experiment, batch_size=size, lr=lr, accumulate=1), data,
            seed=derive_seed(0, "peak"), device=device, rates=[lr] * 2, mode=PLAIN,
        )  # fmt: skip
        training.passes.whole = True
        training.losses(lambda losses: len(losses) > 1)

    try:
        return peak_bytes(device, train)
    except UNUSABLE as error:
        if not is_out_of_memory(error):
            raise
    give_back(device)
    return None


def _power(n: int) -> int:
    return 1 << (max(1, n).bit_length() - 1)


def amount(size: float) -> str:
    """Bytes in words."""
    for unit, factor in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if size >= factor:
            return f"{size / factor:.{1 if size < 10 * factor else 0}f} {unit}"
    return f"{size:.0f} B"
