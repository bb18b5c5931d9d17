"""The most memory that tensors take while something is computed."""

import weakref
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.utils import _pytree
from torch.utils._python_dispatch import TorchDispatchMode


def peak_bytes(device: torch.device, compute: Callable[[], object]) -> int:
    """Bytes that tensors made meanwhile take at most, together. By the device's own counter where
    it has one; elsewhere each operation's results are counted until they are given back, without
    what an operation needs for itself.
    """
    if device.type == "cuda":
        torch.cuda.synchronize(device)
        torch.cuda.reset_peak_memory_stats(device)
        before = torch.cuda.memory_allocated(device)
        compute()
        torch.cuda.synchronize(device)
        return int(torch.cuda.max_memory_allocated(device)) - int(before)
    counted = _Counted()
    with counted:
        compute()
    return counted.peak


class _Counted(TorchDispatchMode):
    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.now = self.peak = 0
        self.known: set[int] = set()

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        given = {self._name(t) for t in _tensors((args, kwargs))}
        result = func(*args, **(kwargs or {}))
        for tensor in _tensors(result):
            name = self._name(tensor)
            if name not in self.known and name not in given:
                self._take(tensor, name)
        return result

    def _name(self, tensor: Tensor) -> int:
        return int(tensor.untyped_storage()._cdata)  # noqa: SLF001 - the storage itself

    def _take(self, tensor: Tensor, name: int) -> None:
        storage = tensor.untyped_storage()
        size = storage.nbytes()
        self.known.add(name)
        self.now += size
        self.peak = max(self.peak, self.now)
        weakref.finalize(storage, self._given_back, name, size)

    def _given_back(self, name: int, size: int) -> None:
        self.known.discard(name)
        self.now -= size


def _tensors(values: Any) -> list[Tensor]:
    leaves = _pytree.tree_leaves(values)
    return [t for t in leaves if isinstance(t, Tensor) and t.layout == torch.strided]
