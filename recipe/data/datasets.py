"""Data sets become tensors once; batches are then index operations.

A deterministic data set (the same index gives the same item twice) is decoded once, by worker
processes where that helps. A random one is read through a DataLoader in every epoch.
"""

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset, Subset

from recipe.core.errors import UsageError
from recipe.core.keys_and_seeds import derive_seed
from recipe.data.decoding import PARALLEL_FROM, Notify, decode
from recipe.data.disk_cache import MEMORY_SHARE, select_rows
from recipe.data.single_items import Batch, as_double, as_labels, as_tensor, randomness
from recipe.experiment import Experiment
from recipe.machine.memory import free_memory
from recipe.machine.processes import cores

DEFAULT_VAL_SHARE = 0.2
EVAL_BATCH, LEAST_EVAL = 512, 32


@dataclass(frozen=True)
class TensorData:
    """Inputs [n, ...] and targets [n, ...], on the training device where they fit there."""

    x: Tensor
    y: Tensor
    deterministic: bool = True
    device: torch.device | None = None
    """Where batches go, when that is not where the data is."""

    def __len__(self) -> int:
        """Number of items."""
        return len(self.x)

    def batches(
        self, size: int, generator: torch.Generator | None = None, *, shuffle: bool = False
    ) -> Iterator[Batch]:
        """One pass. A last batch of a single item is left out when others were not:
        batch normalisation cannot train on it.
        """
        n = len(self)
        if not shuffle:
            for start in range(0, n, size):
                if n - start > 1 or size == 1 or start == 0:
                    x = self.x[start : start + size].clone()
                    yield self._there(x, self.y[start : start + size])
            return
        order = torch.randperm(n, generator=generator).to(self.x.device)
        for start in range(0, n, size):
            index = order[start : start + size]
            if len(index) > 1 or size == 1 or start == 0:
                yield self._there(self.x[index], self.y[index])

    def _there(self, x: Tensor, y: Tensor) -> Batch:
        return (x, y) if self.device is None else (x.to(self.device), y.to(self.device))

    def eval_batches(self) -> Iterator[Batch]:
        """One pass in order over every item."""
        whole, rest = divmod(len(self), EVAL_BATCH)
        sizes = [EVAL_BATCH] * whole + ([rest] if rest else [])
        if whole and 0 < rest < LEAST_EVAL:  # of two items a loss may find nothing to compare
            sizes = [*sizes[:-2], EVAL_BATCH + rest]
        for x, y in zip(torch.split(self.x, sizes), torch.split(self.y, sizes), strict=True):
            # A model that works in place must not change the data.
            yield self._there(x.clone(), y)

    def sample(self, n: int, generator: torch.Generator) -> "TensorData":
        """`n` random items, or all of them in order when there are no more."""
        if n >= len(self):
            x, y = self._there(self.x.clone(), self.y)
        else:
            index = torch.randperm(len(self), generator=generator)[:n].to(self.x.device)
            x, y = self._there(self.x[index], self.y[index])
        return replace(self, x=x, y=y, device=None)


@dataclass(frozen=True)
class StreamData:
    """A random data set, read again in every epoch."""

    dataset: Dataset[Any]
    device: torch.device
    workers: int = 0
    deterministic: bool = False
    double: bool = False
    """Whether real values are given as float64."""
    rewritten: bool = False
    """Whether reading an item changes what the data set keeps."""

    def __len__(self) -> int:
        """Number of items."""
        return len(self.dataset)  # type: ignore[arg-type]

    def _load(self, dataset: Dataset[Any], size: int, **options: Any) -> Iterator[Batch]:
        loader: Iterable[Any] = DataLoader(dataset, size, num_workers=self.workers, **options)
        for item in loader:
            x, y = _pair(item, "train")
            if self.double:
                x, y = as_double(x), as_double(y)
            yield x.to(self.device), y.to(self.device)

    def batches(
        self, size: int, generator: torch.Generator | None = None, *, shuffle: bool = False
    ) -> Iterator[Batch]:
        """One pass; see TensorData.batches."""
        drop = len(self) > size and len(self) % size == 1
        return self._load(self.dataset, size, shuffle=shuffle, generator=generator, drop_last=drop)

    def eval_batches(self) -> Iterator[Batch]:
        """One pass in order over every item."""
        return self._load(self.dataset, EVAL_BATCH)

    def sample(self, n: int, generator: torch.Generator) -> TensorData:
        """`n` random items, drawn once and then fixed."""
        index = torch.randperm(len(self), generator=generator)[:n].tolist()
        pairs = list(self._load(Subset(self.dataset, index), EVAL_BATCH))
        x, y = (torch.cat(parts) for parts in zip(*pairs, strict=True))
        return TensorData(x, y, deterministic=False)


Data = TensorData | StreamData


@dataclass(frozen=True)
class Splits:
    """Training and validation data of a run."""

    train: Data
    val: Data


def load_splits(
    experiment: Experiment, device: torch.device, seed: int, notify: Notify | None = None
) -> Splits:
    """Decode the training data and find or cut off the validation data.

    Args:
        experiment: declares `train` and `val`.
        device: where tensors are kept.
        seed: of the split when `val` is a fraction.
        notify: told about progress as (done, total, what).

    Raises:
        UsageError: a data set is empty, unreadable or of an unknown kind.

    """
    train = load_data(experiment.train, "train", device, notify)
    val = experiment.val
    if val is None or isinstance(val, int | float):
        share = DEFAULT_VAL_SHARE if val is None else float(val)
        return _split(train, share, experiment, seed)
    return Splits(train, load_data(val, "val", device, notify))


def load_data(source: Any, name: str, device: torch.device, notify: Notify | None = None) -> Data:
    """Turn one declared source into data on `device`; see `load_splits`."""
    source = _called(source, name)
    if isinstance(source, tuple | list) and len(source) == 2 and all(map(_is_array, source)):
        x, y = (as_tensor(part, name) for part in source)
        if len(x) != len(y):
            raise UsageError(
                f"{name} has {len(x)} inputs but {len(y)} targets: pass one target per input."
            )
        _not_empty(len(x), name)
        return TensorData(_own(x, device), _own(as_labels(y), device))
    if not (hasattr(source, "__getitem__") and hasattr(source, "__len__")):
        raise UsageError(
            f"{name} is a {type(source).__name__}: pass a Dataset of (x, y) with a length, "
            "a pair of tensors, or a function that returns one."
        )
    _not_empty(len(source), name)
    if (kind := randomness(source, name)) != "none":
        workers = _workers(len(source))
        return StreamData(source, device, workers, rewritten=kind == "rewritten")
    x, y = decode(source, name, notify)
    if device.type != "cpu" and x.nbytes > MEMORY_SHARE * free_memory(device):
        return TensorData(x, y, device=device)
    return TensorData(x.to(device), y.to(device))


def _called(source: Any, name: str) -> Any:
    if not callable(source) or isinstance(source, Dataset):
        return source
    try:
        return source()
    except Exception as error:
        raise UsageError(
            f"The function given as {name} raised {type(error).__name__}: {error}; "
            "call it by itself to see where."
        ) from error


def _is_array(value: Any) -> bool:
    return isinstance(value, Tensor | np.ndarray) and value.ndim > 0


def _own(tensor: Tensor, device: torch.device) -> Tensor:
    """A copy on the device: the user's own tensor is never written to."""
    return tensor.to(device, copy=True)


def _not_empty(n: int, name: str) -> None:
    if n == 0:
        raise UsageError(f"{name} has no items: check the path or the filter that made it.")


def _pair(item: Any, name: str) -> Batch:
    if not isinstance(item, tuple | list) or len(item) != 2:
        raise UsageError(f"A batch of {name} is no pair (x, y): each item has to be one.")
    return as_tensor(item[0], name), as_tensor(item[1], name)


def _workers(n: int) -> int:
    return min(8, cores()) if n >= PARALLEL_FROM and hasattr(os, "fork") else 0


def _split(train: Data, share: float, experiment: Experiment, seed: int) -> Splits:
    n = len(train)
    held = round(n * share) if 0 < share < 1 else 0
    if not 0 < held < n:
        raise UsageError(
            f"val={share!r} of {n} training items leaves an empty part: "
            "pass a fraction in (0, 1), or validation data of its own."
        )
    order = _shuffled(train, experiment, derive_seed(seed, "split"))
    val, rest = torch.tensor(order[:held]), torch.tensor(order[held:])
    if isinstance(train, TensorData):
        val, rest = val.to(train.x.device), rest.to(train.x.device)
        return Splits(
            replace(train, x=select_rows(train.x, rest, "train"), y=train.y[rest]),
            replace(train, x=select_rows(train.x, val, "val"), y=train.y[val]),
        )
    return Splits(
        replace(train, dataset=Subset(train.dataset, rest.tolist())),
        replace(train, dataset=Subset(train.dataset, val.tolist())),
    )


def _shuffled(train: Data, experiment: Experiment, seed: int) -> list[int]:
    """A random order whose every stretch has about the class shares of the whole.

    Stratified where targets are classes: items are shuffled, numbered within their class, and
    sorted by their relative position in it.
    """
    generator = torch.Generator().manual_seed(seed)
    order: list[int] = torch.randperm(len(train), generator=generator).tolist()
    kind = experiment.resolved_task.target_kind
    if not isinstance(train, TensorData) or kind == "real" or train.y.numel() != len(train):
        return order
    labels = train.y.reshape(-1).tolist()
    counts: dict[Any, int] = {}
    for label in labels:
        counts[label] = counts.get(label, 0) + 1
    seen: dict[Any, int] = {}
    position = {}
    for index in order:
        label = labels[index]
        seen[label] = seen.get(label, 0) + 1
        position[index] = (seen[label] - 0.5) / counts[label]
    return sorted(order, key=position.__getitem__)
