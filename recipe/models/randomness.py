"""Random numbers that depend on a seed alone, with the caller's generators put back."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import torch
from torch import Tensor


@contextmanager
def seeded(seed: int, device: torch.device) -> Iterator[None]:
    """Random numbers that depend on `seed` alone; the caller's generators are put back."""
    devices = [_cuda_index(device)] if device.type == "cuda" else []
    with torch.random.fork_rng(devices=devices):
        # Not torch.manual_seed: before CUDA is used, each of its calls is kept with a traceback.
        torch.default_generator.manual_seed(seed)
        if device.type == "cuda":
            with torch.cuda.device(devices[0]):
                torch.cuda.manual_seed(seed)
        elif device.type == "mps":
            torch.mps.manual_seed(seed)
        yield


@contextmanager
def settings_kept() -> Iterator[None]:
    """What code of the user's changes in torch itself is put back: another default type, gradients
    that are off, or anomaly detection would be those of all that follows.
    """
    dtype, gradients = torch.get_default_dtype(), torch.is_grad_enabled()
    anomalies, threads = torch.is_anomaly_enabled(), torch.get_num_threads()
    try:
        yield
    finally:
        torch.set_default_dtype(dtype)
        torch.set_grad_enabled(gradients)
        if torch.is_anomaly_enabled() != anomalies:
            torch.autograd.set_detect_anomaly(anomalies)
        if torch.get_num_threads() != threads:
            torch.set_num_threads(threads)


class EpochRandomness:
    """The random numbers of an epoch that may pause: each `running` goes on where the last one
    left off, whatever drew numbers in between.
    """

    def __init__(self, seed: int, device: torch.device) -> None:
        self.seed, self.device = seed, device
        self._states: tuple[Tensor, ...] = ()

    @contextmanager
    def running(self) -> Iterator[None]:
        """Draw from them; the caller's generators are put back."""
        with seeded(self.seed, self.device):
            for (_, put_back), state in zip(generators(self.device), self._states, strict=False):
                put_back(state)
            yield
            self._states = tuple(read() for read, _ in generators(self.device))


def _cuda_index(device: torch.device) -> int:
    """Of the device, which is not always the current one."""
    return torch.cuda.current_device() if device.index is None else device.index


def generators(
    device: torch.device,
) -> list[tuple[Callable[[], Tensor], Callable[[Tensor], None]]]:
    """How to read and to set the state of each generator that `seeded` seeds."""
    found: list[tuple[Callable[[], Tensor], Callable[[Tensor], None]]] = [
        (torch.get_rng_state, torch.set_rng_state)
    ]
    if device.type == "cuda":
        index = _cuda_index(device)
        found.append((
            lambda: torch.cuda.get_rng_state(index),
            lambda state: torch.cuda.set_rng_state(state, index),
        ))  # fmt: skip
    elif device.type == "mps":
        found.append((torch.mps.get_rng_state, torch.mps.set_rng_state))
    return found
