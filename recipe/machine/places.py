"""Where trials may train on this machine: one worker process for each of several GPUs, or several
workers on its processors.
"""

import os
from collections.abc import Callable
from dataclasses import dataclass, field

import torch

from recipe.core.errors import UsageError
from recipe.machine.device import pick_device
from recipe.machine.processes import cores

VISIBLE = "CUDA_VISIBLE_DEVICES"


@dataclass(frozen=True)
class Place:
    """Where a worker process trains."""

    name: str
    """As sentences call it."""
    device: str
    """What the worker calls it: it sees no other one."""
    threads: int
    """Processors that it may use."""
    environment: dict[str, str] = field(default_factory=dict)

    @property
    def described(self) -> tuple[str, str, str]:
        """Name, device and threads, as a worker is told."""
        return self.name, self.device, str(self.threads)


@dataclass(frozen=True)
class Chosen:
    """The places that were asked for, and what is left of the machine."""

    places: tuple[Place, ...] = ()
    idle: str = ""
    """Which GPUs stay idle, in a sentence."""


def device_of(
    devices: str | None, device: str, say: Callable[[str], None] = lambda _: None
) -> torch.device:
    """Where this process itself trains and measures, beside the places.

    Raises:
        UsageError: there is no such device, or the two options contradict each other.

    """
    first = (devices or "").split(",")[0]
    if first == "cpu":
        if device not in ("auto", "cpu"):
            raise UsageError(
                f"--devices {devices} and --device {device} name different devices: leave one out."
            )
        return pick_device("cpu")
    by_number = "," in (devices or "") or first.startswith("cuda:")
    if not by_number:
        return pick_device(device, say)
    if not (device == "auto" or device.startswith("cuda")):
        raise UsageError(
            f"--devices {devices} names GPUs and --device {device} does not: leave one out."
        )
    number = int(first.removeprefix("cuda:"))
    _check_gpus([number], str(devices))
    return pick_device("cuda" if number == 0 else f"cuda:{number}")


def find_places(devices: str | None, device: torch.device, share: float = 1.0) -> Chosen:
    """The places on this machine.

    Args:
        devices: as parsed: `all`, a number, or a list; None for this process alone.
        device: of this process.
        share: of a GPU that one worker takes.

    Raises:
        UsageError: there are not so many.

    """
    if device.type != "cuda":
        return Chosen(_on_processors(devices, device))
    count = torch.cuda.device_count()
    if devices is None:
        return Chosen(idle=_idle(count - 1, count, "--devices all trains trials on all of them"))
    if devices == "all":
        numbers = list(range(count))
    elif devices.isdigit():
        numbers = list(range(int(devices)))
    else:
        numbers = [int(each) for each in devices.removeprefix("cuda:").split(",")]
    _check_gpus(numbers, devices)
    each = [number for number in numbers for _ in range(max(1, int(1 / share)))]
    threads = max(1, cores() // len(each))
    visible = [name for name in os.environ.get(VISIBLE, "").split(",") if name]
    places = tuple(
        Place(f"cuda:{n}", "cuda", threads, {VISIBLE: visible[n] if visible else str(n)})
        for n in each
    )
    left = count - len(set(numbers))
    return Chosen(places, _idle(left, count, f"--devices {devices} leaves them out"))


def _on_processors(devices: str | None, device: torch.device) -> tuple[Place, ...]:
    if devices is None:
        return ()
    if device.type != "cpu":
        raise UsageError(
            f"--devices {devices}: this machine has one {device.type} device; leave the option out."
        )
    names = devices.split(",")
    if len(names) > 1 and names[0] != "cpu":
        _check_gpus([int(name) for name in names], devices)
    count = len(names)
    if devices.isdigit() or devices == "all":
        count = cores() if devices == "all" else int(devices)
    threads = max(1, cores() // count)
    return tuple(Place(f"worker {n}", "cpu", threads) for n in range(1, count + 1))


def _check_gpus(numbers: list[int], devices: str) -> None:
    count = torch.cuda.device_count() if torch.cuda.is_available() else 0
    if count == 0:
        raise UsageError(
            f"--devices {devices} names GPUs and PyTorch sees none on this machine: --devices "
            f"{len(numbers)} trains in so many worker processes on its processors."
        )
    if max(numbers) >= count:
        raise UsageError(
            f"--devices {devices}: this machine has {count} GPU{'s' * (count > 1)}, counted from "
            "0; name fewer, or all."
        )


def _idle(idle: int, count: int, why: str) -> str:
    if idle < 1:
        return ""
    return f"{idle} of {count} GPUs stay{'s' * (idle == 1)} idle: {why}."
