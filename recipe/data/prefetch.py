"""Batches on their way from the host to a GPU while it computes with the ones before."""

from collections.abc import Iterable, Iterator
from typing import Any

import torch
from torch import Tensor

from recipe.data.single_items import Batch
from recipe.data.trees import Tree, Values, every_tensor


def sent(batches: Iterable[Batch], device: torch.device | None) -> Iterator[Batch]:
    """The same batches on a device; None for where they are.

    To a GPU they are copied from pinned memory on a stream of their own, one ahead of the one that
    is handed out: a copy from memory that may be swapped out makes the host wait until the GPU has
    done all that it was given before.
    """
    if device is None:
        yield from batches
    elif device.type != "cuda":
        for x, y in batches:
            yield x.to(device), y.to(device)
    else:
        yield from _ahead(batches, device)


def _ahead(batches: Iterable[Batch], device: torch.device) -> Iterator[Batch]:
    stream = torch.cuda.Stream(device)  # type: ignore[no-untyped-call]
    waiting: tuple[Batch, Any] | None = None
    for x, y in batches:
        with torch.cuda.stream(stream):
            there = _copied(x, device), _copied(y, device)
            event = stream.record_event()
        if waiting is not None:
            yield _arrived(*waiting, device)
        waiting = there, event
    if waiting is not None:
        yield _arrived(*waiting, device)


def _copied(values: Values, device: torch.device) -> Values:
    # Pinned memory goes back to PyTorch's own cache, which waits for copies that are under way.
    def there(tensor: Tensor) -> Tensor:
        return tensor.pin_memory().to(device, non_blocking=True)

    return values.on_tensors(there) if isinstance(values, Tree) else there(values)


def _arrived(batch: Batch, event: Any, device: torch.device) -> Batch:
    current = torch.cuda.current_stream(device)
    current.wait_event(event)
    for values in batch:
        for tensor in every_tensor(values):
            tensor.record_stream(current)  # its memory is not given away before it was used
    return batch
