"""A `DataLoader` of the user's, taken apart: its data set, and how it makes batches."""

from dataclasses import dataclass
from typing import Any

from torch.utils.data import (
    DataLoader,
    IterableDataset,
    RandomSampler,
    SequentialSampler,
    default_collate,
)

from recipe.core.errors import UsageError
from recipe.data.order import Order


@dataclass(frozen=True)
class LoaderParts:
    """What a `DataLoader` was made of."""

    dataset: Any
    batch_size: int | None
    collate: Any
    """Its own function; None where batches are stacked in PyTorch's way."""
    order: Order
    shuffle: bool
    said: str
    """What is made of it, in a sentence."""


def take_apart(loader: DataLoader[Any], name: str) -> LoaderParts:
    """The parts of a loader, for a recipe that makes its own batches of the same items.

    Its random order is replaced, so that trials see the same batches; a weighted sampler and one
    of whole batches are kept.

    Raises:
        UsageError: it yields single items.

    """
    if loader.batch_size is None and loader.batch_sampler is None:
        raise UsageError(
            f"{name} is a DataLoader with batch_size=None, which yields single items: give it a "
            "batch size, or pass its data set."
        )
    sampler: Any = getattr(loader.batch_sampler, "sampler", None)
    own_batches = loader.batch_size is None
    plain = isinstance(sampler, RandomSampler | SequentialSampler)
    collate = None if loader.collate_fn is default_collate else loader.collate_fn
    order = Order(
        sampler=None if own_batches or plain or _draws_itself(loader) else sampler,
        batch_sampler=loader.batch_sampler if own_batches else None,
        drop_last=loader.drop_last and not own_batches,
    )
    shuffle = isinstance(sampler, RandomSampler) or own_batches
    size = (
        loader.batch_size if not own_batches else getattr(loader.batch_sampler, "batch_size", None)
    )
    return LoaderParts(
        loader.dataset, size, collate, order, shuffle, _said(loader, name, order, shuffle=shuffle)
    )


def _draws_itself(loader: DataLoader[Any]) -> bool:
    """Whether the data set is a stream, which no sampler draws from."""
    return isinstance(loader.dataset, IterableDataset)


def _said(loader: DataLoader[Any], name: str, order: Order, *, shuffle: bool) -> str:
    kept = type(order.batch_sampler or order.sampler).__name__
    how = (
        f"its {kept} is kept" if order.batch_sampler is not None or order.sampler is not None
        else "its random order is replaced by one that all trials share" if shuffle
        else "items are trained on in their order, as it says"
    )  # fmt: skip
    if name != "train":
        return f"{name}: from the DataLoader ({type(loader.dataset).__name__}), in its order."
    size = f"batches of {loader.batch_size}, " if loader.batch_size else ""
    return f"{name}: from the DataLoader ({size}{type(loader.dataset).__name__}); {how}."
