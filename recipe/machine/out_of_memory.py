"""Memory that has run out, on whatever device: how it shows, and what can be given back."""

import gc
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import torch

from recipe.core.errors import reason_of
from recipe.machine.memory import trim

_SAID = re.compile(
    r"out of memory"  # CUDA, MPS, HIP, XPU
    r"|OUT_OF_(DEVICE|HOST|RESOURCE)\w*"  # Level Zero and SYCL
    r"|(can't|cannot|could not|failed to|unable to) (allocate|map) .*(memory|bytes|buffer)"
    r"|DefaultCPUAllocator|not enough memory"
    r"|Cannot allocate memory|std::bad_alloc"
    r"|(CUBLAS|CUDNN|CUFFT)_(STATUS_)?(ALLOC_FAILED|INTERNAL_ERROR_HOST_ALLOCATION_FAILED)"
    r"|[Uu]nable to find a valid cuDNN algorithm|Unable to find an engine to execute"
    r"|Invalid buffer size|RESOURCE_EXHAUSTED",
    re.IGNORECASE,
)
"""What the allocators of PyTorch's devices say: c10/core/impl/alloc_cpu.cpp, CUDACachingAllocator,
MPSAllocator, cuBLAS, cuDNN where no algorithm finds its workspace, Level Zero of XPU, XLA."""
_LISTENERS: list[Callable[[str, int], None]] = []


def is_out_of_memory(error: BaseException | None) -> bool:
    """Whether an error, or one that it was raised from, says that memory has run out."""
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        if isinstance(error, torch.OutOfMemoryError | MemoryError):
            return True
        if isinstance(error, RuntimeError | OSError) and _SAID.search(_text(error)):
            return True
        error = error.__cause__ or error.__context__
    return False


def _text(error: BaseException) -> str:
    try:
        return str(error)
    except Exception:  # noqa: BLE001 - errors of other people's classes
        return ""


def reason_of_failure(error: BaseException) -> str:
    """Why a training failed, in words: of memory that ran out what helps, and not all that an
    allocator has to say.
    """
    if is_out_of_memory(error):
        return (
            "memory ran out, also with the batch in the smallest parts that help: free some, or "
            "use a smaller model or smaller items"
        )
    return reason_of(error)


def give_back(device: torch.device) -> None:
    """Let go of what nobody uses: circles of objects, and what the allocator keeps for later."""
    gc.collect()
    trim()
    if device.type in ("cuda", "xpu", "mps"):
        getattr(torch, device.type).empty_cache()


@contextmanager
def told_of_parts(say: Callable[[str], None]) -> Iterator[None]:
    """Hear, once for each smaller size, that batches go through a model in parts."""
    smallest: list[int] = []

    def told(text: str, size: int) -> None:
        if not smallest or size < smallest[-1]:
            smallest.append(size)
            say(text)

    _LISTENERS.append(told)
    try:
        yield
    finally:
        _LISTENERS.remove(told)


def hear_of_parts(told: Callable[[str, int], None]) -> None:
    """Hear it from here on, for the rest of this process."""
    _LISTENERS.append(told)


def tell_of_parts(text: str, size: int) -> None:
    """Say that a batch goes through a model in parts of `size` items."""
    for told in _LISTENERS[-1:]:
        told(text, size)
