import pytest
import torch

from recipe.core.errors import UsageError
from recipe.machine.out_of_memory import is_out_of_memory, reason_of_failure, told_of_parts
from recipe.machine.out_of_memory import tell_of_parts as tell

SAID = [
    torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB. GPU 0 has a total"),
    RuntimeError("CUDA error: out of memory\nCUDA kernel errors might be asynchronously reported"),
    RuntimeError("MPS backend out of memory (MPS allocated: 17.9 GB, other allocations: 384 MB)"),
    RuntimeError("Invalid buffer size: 24.00 GiB"),
    RuntimeError(
        "[enforce fail at alloc_cpu.cpp:121] err == 0. DefaultCPUAllocator: can't allocate memory: "
        "you tried to allocate 400000000000 bytes. Error code 12 (Cannot allocate memory)"
    ),
    RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`"),
    RuntimeError("cuDNN error: CUDNN_STATUS_ALLOC_FAILED"),
    RuntimeError("XPU out of memory. Tried to allocate 20.00 MiB"),
    RuntimeError("Native API failed. Native API returns: -5 (UR_RESULT_ERROR_OUT_OF_RESOURCES)"),
    RuntimeError("level_zero backend failed with error: 39 (UR_RESULT_ERROR_OUT_OF_DEVICE_MEMORY)"),
    RuntimeError("HIP out of memory. Tried to allocate 1.00 GiB"),
    OSError(12, "Cannot allocate memory"),
    MemoryError(),
    MemoryError("Unable to allocate 2.1 TiB for an array with shape (1, 2) and data type float64"),
]
OTHERS = [
    RuntimeError("mat1 and mat2 shapes cannot be multiplied (64x10 and 12x5)"),
    RuntimeError("CUDA error: device-side assert triggered"),
    ValueError("the memory of the model is out of date"),
    RuntimeError("Expected all tensors to be on the same device"),
    OSError(28, "No space left on device"),
    KeyError("memory"),
    None,
]


@pytest.mark.parametrize("error", SAID, ids=str)
def test_every_allocator_is_understood(error):
    assert is_out_of_memory(error)
    assert len(reason_of_failure(error)) < 200


@pytest.mark.parametrize("error", OTHERS, ids=str)
def test_other_errors_are_none(error):
    assert not is_out_of_memory(error)


def test_it_is_found_behind_the_error_that_it_became():
    said = UsageError("The model cannot process this")
    said.__cause__ = torch.OutOfMemoryError("CUDA out of memory")
    assert is_out_of_memory(said)


def test_a_real_allocation_that_is_far_too_large():
    with pytest.raises(RuntimeError) as raised:
        torch.empty(1 << 60, dtype=torch.uint8)
    assert is_out_of_memory(raised.value)


def test_parts_are_told_once_for_each_smaller_size():
    said = []
    with told_of_parts(said.append):
        for size in (32, 32, 16, 32, 8):
            tell(f"parts of {size}", size)
    tell("nobody hears it", 1)
    assert said == ["parts of 32", "parts of 16", "parts of 8"]
