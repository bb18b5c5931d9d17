"""Which device to train on."""

import platform
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import torch

from recipe.core.errors import DeviceLostError, UsageError, in_a_line

CPU = torch.device("cpu")


def pick_device(name: str, say: Callable[[str], None] = lambda _: None) -> torch.device:
    """The device called `name`; `auto` takes the fastest kind that computes.

    Args:
        name: a kind, a GPU by its number, or `auto`.
        say: told why `auto` does not take one that is present.

    Raises:
        UsageError: the named one is not present on this machine, or does not compute.

    """
    present = {
        "cpu": True,
        "cuda": torch.cuda.is_available(),
        "mps": torch.backends.mps.is_available(),
    }
    if name.startswith("cuda:"):
        count = torch.cuda.device_count() if present["cuda"] else 0
        index = int(name.removeprefix("cuda:"))
        if index >= count:
            here = f"it has {count}, counted from 0" if count else "it has no usable one"
            raise UsageError(
                f"--device {name}: this machine has no such device for PyTorch ({here}); use "
                "--device auto."
            )
        torch.cuda.set_device(index)  # what names no device is made there too
        return _computing(torch.device(name))
    if name == "auto":
        return _fastest([kind for kind in ("cuda", "mps") if present[kind]], say)
    if not present[name]:
        raise UsageError(
            f"--device {name}: this machine has no usable {name} device for PyTorch; "
            "use --device auto or --device cpu."
        )
    return _computing(torch.device(name))


def _fastest(present: list[str], say: Callable[[str], None]) -> torch.device:
    for kind in present:
        reason = why_unusable(torch.device(kind))
        if reason is None:
            return torch.device(kind)
        say(f"The {kind} device is here but does not compute ({reason}): this run does without it.")
    return CPU


def _computing(device: torch.device) -> torch.device:
    reason = None if device == CPU else why_unusable(device)
    if reason is not None:
        raise UsageError(
            f"--device {device}: the device is here but does not compute ({reason}); free its "
            "memory, install a PyTorch that was built for it, or use --device cpu."
        )
    return device


def why_unusable(device: torch.device) -> str | None:
    """Why a device does not compute: one that is full, that is too old for this PyTorch, or on
    which an earlier error of this process left nothing working. None where it does.
    """
    try:
        torch.ones(1, device=device).add_(1).item()
    except (RuntimeError, AssertionError) as error:  # without CUDA PyTorch asserts
        return in_a_line(error)
    return None


def wait_for(device: torch.device) -> None:
    """Wait until a device has done what it was given, as before a clock is read."""
    if device.type in ("cuda", "xpu"):
        getattr(torch, device.type).synchronize(device)
    elif device.type == "mps":
        torch.mps.synchronize()


def raise_if_lost(device: torch.device) -> None:
    """After an error: whether the device goes on at all, which one on a GPU may have ended.

    Raises:
        DeviceLostError: it does not.

    """
    try:
        wait_for(device)
    except RuntimeError as error:
        raise DeviceLostError(str(device), in_a_line(error)) from error


def chip(device: torch.device) -> list[str | int]:
    """What a measurement of speed on a device depends on: its name, and of a GPU its memory, its
    generation and the libraries.
    """
    if device.type != "cuda":
        return [processor()]
    known = torch.cuda.get_device_properties(device)
    return [known.name, known.total_memory, known.major, known.minor, str(torch.version.cuda)]


def processor() -> str:
    """The processor's name."""
    with suppress(OSError), Path("/proc/cpuinfo").open(encoding="utf-8") as lines:
        for line in lines:
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor() or platform.machine()
