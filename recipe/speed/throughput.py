"""Items per second at several batch sizes, each twice the one before, remembered like the fastest
mode: what a machine does is the same in the next run.
"""

import json
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from statistics import median

import torch

from recipe.core.cache_folder import cache_folder
from recipe.core.clock import TimeUp
from recipe.core.errors import UNUSABLE
from recipe.core.files import write_text
from recipe.core.keys_and_seeds import derive_seed, key
from recipe.data.datasets import Splits
from recipe.experiment import Experiment
from recipe.machine.device import chip
from recipe.machine.memory import free_memory
from recipe.machine.out_of_memory import is_out_of_memory
from recipe.models.building import build_model
from recipe.models.randomness import seeded
from recipe.speed.fused_width import kept_bytes
from recipe.speed.mode_search import RATES, USUAL_RATE
from recipe.speed.stopwatch import MOST, Stopwatch
from recipe.training.execution_mode import ExecutionMode
from recipe.training.loop import Training

RISES = 1.1
"""Factor of the throughput below which twice the batch is no faster."""
MOST_DOUBLINGS = 5
"""Beyond the declared size: 32 times as many items."""
FEW, MEMORY_SHARE = 8, 0.5
"""Items that tell how much memory each takes, and the share of what is free that a batch may."""
NEEDED = 3
"""Iterations of one measurement at least."""
FULLEST = 0.5
"""Share of the training data that a batch has at most."""


@dataclass(frozen=True)
class Throughput:
    """What was measured, the smallest batch first."""

    sizes: tuple[int, ...]
    rates: tuple[float, ...]
    """Items per second of training."""
    full: bool = False
    """Whether the next size did not fit into memory."""
    waiting: float | None = None
    """Share of an iteration of the declared size in which the next batch is made and waited for."""

    @property
    def largest(self) -> int:
        """The largest batch size up to which throughput still rises."""
        place = 0
        while place + 1 < len(self.rates) and self.rates[place + 1] > RISES * self.rates[place]:
            place += 1
        return self.sizes[place]


def throughput(
    experiment: Experiment,
    data: Splits,
    device: torch.device,
    mode: ExecutionMode,
    seconds: float,
) -> Throughput | None:
    """Train a few iterations at half of the batch size, at the batch size and at its doubles, as
    long as throughput rises, the batch fits into memory and the time lasts.

    Args:
        experiment: resolved; its learning rate does not matter.
        data: what is trained on.
        device: where.
        mode: how; that of a training by itself.
        seconds: that it may cost, about.

    Returns:
        The measurement; None where not even the declared size could be measured in the time.

    """
    path = cache_folder() / "speed" / f"{measured_name(experiment, data, device, mode)}.json"
    with suppress(OSError, ValueError, KeyError, TypeError):
        known = json.loads(path.read_text("utf-8"))
        sizes, rates = tuple(known["sizes"]), tuple(known["rates"])
        return Throughput(sizes, rates, bool(known["full"]), known["waiting"])
    mode = replace(mode.single, compiled=False)  # compiling would take longer than all of it
    found = _measured(experiment, data, device, mode, seconds)
    if found is not None:
        with suppress(OSError):  # not being able to remember costs a second the next time
            path.parent.mkdir(parents=True, exist_ok=True)
            write_text(path, json.dumps(vars(found)))
    return found


def _measured(
    experiment: Experiment, data: Splits, device: torch.device, mode: ExecutionMode, seconds: float
) -> Throughput | None:
    began = time.perf_counter()
    rates: dict[int, float] = {}
    waiting, full = None, False
    fits = _fitting(experiment, data, device)
    for size in _sizes(experiment, data):
        last = list(rates.items())[-2:]
        if len(last) > 1 and last[0][0] >= experiment.batch_size and _flat(last):
            break
        # The next one takes twice as long as the last one, and wants three iterations.
        expected = NEEDED * 2 * last[-1][0] / last[-1][1] if last else 0.0
        if time.perf_counter() - began + expected > seconds:
            break
        if size > max(fits, experiment.batch_size):
            full = True
            break
        try:
            timed = _timed(experiment, data, device, mode, size)
        except UNUSABLE as error:
            if not is_out_of_memory(error):
                raise
            full = True
            break
        except TimeUp:
            break
        rates[size] = size / timed.seconds
        waiting = timed.waiting if size == experiment.batch_size else waiting
    if experiment.batch_size not in rates:
        return None
    return Throughput(tuple(rates), tuple(rates.values()), full, waiting)


def _fitting(experiment: Experiment, data: Splits, device: torch.device) -> float:
    """The batch size whose forward pass fills half of the free memory: on a processor nothing says
    in time that there is no more.
    """
    few = min(FEW, experiment.batch_size)
    try:
        model = build_model(experiment, 0, device)
        with seeded(0, device):
            kept = kept_bytes(model, replace(experiment, batch_size=few), data)
    except Exception:  # noqa: BLE001 - what does not run is not measured either
        return 0.0
    return MEMORY_SHARE * free_memory(device) / max(1, kept) * few


def _flat(last: Sequence[tuple[int, float]]) -> bool:
    """Whether the larger of two sizes is no faster."""
    return last[1][1] <= RISES * last[0][1]


def _sizes(experiment: Experiment, data: Splits) -> Sequence[int]:
    declared, most = experiment.batch_size, FULLEST * len(data.train)
    half = [declared // 2] if declared > 1 else []
    doubles = [declared * 2**k for k in range(1, MOST_DOUBLINGS + 1)]
    return [*half, declared, *(size for size in doubles if size <= most)]


@dataclass(frozen=True)
class _Timed:
    seconds: float
    """Of the fastest of a few iterations."""
    waiting: float | None
    """Share of them, as the middle one, between an update and the next forward pass."""


def _timed(
    experiment: Experiment, data: Splits, device: torch.device, mode: ExecutionMode, size: int
) -> _Timed:
    lr = RATES.get(str(experiment.optimizer), USUAL_RATE)
    training = Training(
        replace(experiment, batch_size=size, lr=lr), data, seed=derive_seed(0, "throughput"),
        device=device, rates=[lr] * MOST, mode=mode,
    )  # fmt: skip
    training.passes.whole = True
    watch = Stopwatch(device)
    begun: list[float] = []
    hook = training.model.register_forward_pre_hook(lambda *_: begun.append(time.perf_counter()))
    try:
        training.losses(lambda _: watch.tick())
    finally:
        hook.remove()
    # Where the loss is read the device is waited for, so an iteration ends with its tick.
    ends, once = watch.ticks, len(begun) == len(watch.ticks)
    shares = [
        (begun[k + 1] - ends[k]) / (ends[k + 1] - ends[k]) for k in range(len(ends) - 1)
    ] if once else []  # fmt: skip
    return _Timed(watch.seconds, median(shares) if shares else None)


def measured_name(
    experiment: Experiment, data: Splits, device: torch.device, mode: ExecutionMode
) -> str:
    """By what a measurement is remembered: the machine, the model and how it is trained."""
    model = build_model(experiment, 0, torch.device("cpu"))
    return key(
        "throughput 2", *chip(device), device.type, torch.get_num_threads(), torch.__version__,
        repr(model),
        [list(p.shape) for p in model.parameters()], experiment.batch_size, len(data.train),
        experiment.params["optimizer"], experiment.augment is None, type(data.train).__name__,
        str(mode),
    )  # fmt: skip
