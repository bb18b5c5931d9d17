"""Which device to train on."""

import platform
from contextlib import suppress
from pathlib import Path

import torch

from recipe.core.errors import UsageError

CPU = torch.device("cpu")


def pick_device(name: str) -> torch.device:
    """The device called `name`; `auto` takes the fastest kind present.

    Raises:
        UsageError: the named kind is not present on this machine.

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
        return torch.device(name)
    if name == "auto":
        return torch.device(next(kind for kind in ("cuda", "mps", "cpu") if present[kind]))
    if not present[name]:
        raise UsageError(
            f"--device {name}: this machine has no usable {name} device for PyTorch; "
            "use --device auto or --device cpu."
        )
    return torch.device(name)


def wait_for(device: torch.device) -> None:
    """Wait until a device has done what it was given, as before a clock is read."""
    if device.type in ("cuda", "xpu"):
        getattr(torch, device.type).synchronize(device)
    elif device.type == "mps":
        torch.mps.synchronize()


def processor() -> str:
    """The processor's name."""
    with suppress(OSError), Path("/proc/cpuinfo").open(encoding="utf-8") as lines:
        for line in lines:
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor() or platform.machine()
