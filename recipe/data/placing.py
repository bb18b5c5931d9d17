"""Data on the device that trains on them, where they fit there."""

from dataclasses import replace
from typing import Any

import torch

from recipe.data.datasets import Data, Splits, TensorData
from recipe.data.disk_cache import MEMORY_SHARE
from recipe.machine.memory import free_memory


def placed(data: Data, device: torch.device) -> Data:
    """The same data for a training on `device`: tensors there, or, where they would fill it, on the
    host, from where each batch goes there.
    """
    if not isinstance(data, TensorData):
        return replace(data, device=device)  # type: ignore[type-var]  # all are dataclasses
    if data.x.device == device:
        return replace(data, device=None)
    size = data.x.nbytes + data.y.nbytes
    if device.type != "cpu" and size > MEMORY_SHARE * free_memory(device):
        host = torch.device("cpu")
        return replace(data, x=data.x.to(host), y=data.y.to(host), device=device)
    return replace(data, x=data.x.to(device), y=data.y.to(device), device=None)


def splits_on(data: Splits, device: torch.device) -> Splits:
    """Both parts, see `placed`."""
    parts: dict[str, Any] = {"train": placed(data.train, device), "val": placed(data.val, device)}
    return replace(data, **parts)
