"""A few items of a user's loader, as its own code is given them, and batches put together again."""

from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass
from itertools import islice
from typing import Any

from torch import Tensor
from torch.utils.data import DataLoader, default_collate

from recipe.core.errors import UsageError
from recipe.data.item_parts import TARGETS, Parting
from recipe.data.streams import is_stream

ITEMS = 4
"""Of the batch that shows how a loss is computed."""
ALONE = "alone"


def first_batch(source: Any, name: str, collate: Any = None) -> Any:
    """The first items of a loader or data set as one batch, made by its own collate function.

    Raises:
        UsageError: they cannot be read.

    """
    dataset, made = source, collate
    if isinstance(source, DataLoader):
        dataset, made = source.dataset, collate or source.collate_fn
    if dataset is None or isinstance(dataset, str | int | float):
        raise UsageError(f"{name} is {dataset!r}: pass a DataLoader or a Dataset.")
    try:
        if is_stream(dataset):
            items = list(islice(iter(dataset), ITEMS))
        else:
            items = [dataset[place] for place in range(min(ITEMS, len(dataset)))]
        batch = (made or default_collate)(items) if items else None
    except UsageError:
        raise
    except Exception as error:
        raise UsageError(
            f"Reading {name} raised {type(error).__name__}: {error}; go through one batch by "
            "itself to see where."
        ) from error
    if not items:
        raise UsageError(f"{name} has no items: check the path or the filter that made it.")
    return batch


@dataclass(frozen=True)
class Rebatch:
    """Inputs and targets as the batch they were parted from.

    Attributes:
        kind: of the batch: a tuple, a list, a mapping or a dataclass; None for `ALONE`, where the
            whole batch is inputs and targets at once.
        key: of the targets in a mapping or a dataclass.
        spread: whether the inputs are several parts of a tuple.

    """

    kind: type | None
    key: str | None = None
    spread: bool = False

    def __call__(self, inputs: Any, targets: Any) -> Any:
        """The batch."""
        if self.kind is None:
            return inputs
        if self.key is not None:
            parts = {**inputs, self.key: targets}
            if self.kind is dict:
                return parts
            return self.kind(**parts) if is_dataclass(self.kind) else self.kind(parts)
        parts_in_order = [*(inputs if self.spread else [inputs]), targets]
        if hasattr(self.kind, "_fields"):
            return self.kind(*parts_in_order)
        return self.kind(parts_in_order)


def twice(item: Any) -> tuple[Any, Any]:
    """An item without a target, as an autoencoder's: its inputs are what it is compared with."""
    return item, item


def rebatch_of(batch: Any, target: str | None = None) -> Rebatch:
    """How a batch like this one is put together again.

    Args:
        batch: as the user's loader gives it.
        target: key of the targets, where it was declared.

    """
    if isinstance(batch, Mapping) or (is_dataclass(batch) and not isinstance(batch, type)):
        keys = list(batch) if isinstance(batch, Mapping) else [f.name for f in fields(batch)]
        found = [key for key in keys if key in TARGETS]
        key = target if target is not None else found[0] if len(found) == 1 else None
        return Rebatch(None) if key is None else Rebatch(type(batch), key)
    if isinstance(batch, tuple | list) and len(batch) >= 2:
        return Rebatch(type(batch), spread=len(batch) > 2)
    return Rebatch(None)


def parted(batch: Any, rebatch: Rebatch) -> tuple[Any, Any]:
    """Inputs and targets of a batch."""
    if rebatch.kind is None:
        return batch, batch
    return Parting(rebatch.key)(batch, "The first batch")


def count_of(batch: Any) -> int:
    """Items of a batch; zero where nothing tells."""
    if isinstance(batch, Tensor):
        return len(batch) if batch.ndim else 0
    parts = batch.values() if isinstance(batch, Mapping) else batch
    if is_dataclass(batch):
        parts = [getattr(batch, field.name) for field in fields(batch)]
    if isinstance(parts, str | bytes) or not hasattr(parts, "__iter__"):
        return 0
    return next((n for part in parts if (n := count_of(part))), 0)
