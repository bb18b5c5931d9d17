"""Data sets become tensors once; batches are then index operations.

A deterministic data set (the same index gives the same item twice) is decoded once, by worker
processes where that helps. A random one is read through a DataLoader in every epoch.
"""

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset, Subset

from recipe.errors import UsageError
from recipe.experiment import Experiment
from recipe.keys import derive_seed

DEFAULT_VAL_SHARE = 0.2
PROBED_ITEMS = 32
"""Items read twice to see whether the data set is deterministic: a flip with probability one half
hides from a handful of them."""
PARALLEL_FROM = 2_000
"""Items from which starting worker processes is faster than decoding here."""
EVAL_BATCH = 512

Batch = tuple[Tensor, Tensor]
Notify = Callable[[float, float, str], None]


@dataclass(frozen=True)
class TensorData:
    """Inputs [n, ...] and targets [n, ...] in memory, on the training device."""

    x: Tensor
    y: Tensor
    deterministic: bool = True

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
                    yield self.x[start : start + size].clone(), self.y[start : start + size]
            return
        order = torch.randperm(n, generator=generator).to(self.x.device)
        for start in range(0, n, size):
            index = order[start : start + size]
            if len(index) > 1 or size == 1 or start == 0:
                yield self.x[index], self.y[index]

    def eval_batches(self) -> Iterator[Batch]:
        """One pass in order over every item."""
        for x, y in zip(
            torch.split(self.x, EVAL_BATCH), torch.split(self.y, EVAL_BATCH), strict=True
        ):
            yield x.clone(), y  # a model that works in place must not change the data

    def sample(self, n: int, generator: torch.Generator) -> "TensorData":
        """`n` random items, or all of them in order when there are no more."""
        if n >= len(self):
            return replace(self, x=self.x.clone())
        index = torch.randperm(len(self), generator=generator)[:n].to(self.x.device)
        return replace(self, x=self.x[index], y=self.y[index])


@dataclass(frozen=True)
class StreamData:
    """A random data set, read anew in every epoch."""

    dataset: Dataset[Any]
    device: torch.device
    workers: int = 0
    deterministic: bool = False

    def __len__(self) -> int:
        """Number of items."""
        return len(self.dataset)  # type: ignore[arg-type]

    def _load(self, dataset: Dataset[Any], size: int, **options: Any) -> Iterator[Batch]:
        loader: Iterable[Any] = DataLoader(dataset, size, num_workers=self.workers, **options)
        for item in loader:
            x, y = _pair(item, "train")
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
    train = load(experiment.train, "train", device, notify)
    val = experiment.val
    if val is None or isinstance(val, int | float):
        share = DEFAULT_VAL_SHARE if val is None else float(val)
        return _split(train, share, experiment, seed)
    return Splits(train, load(val, "val", device, notify))


def load(source: Any, name: str, device: torch.device, notify: Notify | None = None) -> Data:
    """Turn one declared source into data on `device`; see `load_splits`."""
    source = _called(source, name)
    if isinstance(source, tuple | list) and len(source) == 2 and all(map(_is_array, source)):
        x, y = (_tensor(part, name) for part in source)
        if len(x) != len(y):
            raise UsageError(
                f"{name} has {len(x)} inputs but {len(y)} targets: pass one target per input."
            )
        _not_empty(len(x), name)
        return TensorData(_own(x, device), _own(_labels(y), device))
    if not (hasattr(source, "__getitem__") and hasattr(source, "__len__")):
        raise UsageError(
            f"{name} is a {type(source).__name__}: pass a Dataset of (x, y) with a length, "
            "a pair of tensors, or a function that returns one."
        )
    _not_empty(len(source), name)
    if not _deterministic(source, name):
        return StreamData(source, device, _workers(len(source)))
    return _decode(source, name, device, notify)


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


def _tensor(value: Any, name: str) -> Tensor:
    if isinstance(value, Tensor):
        tensor = value.detach()
    elif isinstance(value, np.ndarray) and value.dtype.kind in "biufc":
        tensor = torch.from_numpy(np.require(value, requirements=("C", "W")))
    elif isinstance(value, int | float | np.number | np.bool_):
        tensor = torch.tensor(value)
    else:
        raise UsageError(
            f"{name} holds a {type(value).__name__} where a tensor or number is needed: "
            "add a transform such as ToTensor to the data set."
        )
    if tensor.ndim == 0:
        tensor = tensor.reshape(())
    return tensor.float() if tensor.dtype == torch.float64 else tensor


def _own(tensor: Tensor, device: torch.device) -> Tensor:
    """A copy on the device: the user's own tensor is never written to."""
    return tensor.to(device, copy=True)


def _labels(y: Tensor) -> Tensor:
    """Small integer types as int64, the one that losses index by."""
    return y.long() if y.dtype in (torch.int8, torch.int16, torch.int32) else y


def _not_empty(n: int, name: str) -> None:
    if n == 0:
        raise UsageError(f"{name} has no items: check the path or the filter that made it.")


def _item(dataset: Any, index: int, name: str) -> Batch:
    try:
        item = dataset[index]
    except Exception as error:
        raise UsageError(
            f"{name}[{index}] raised {type(error).__name__}: {error}; "
            "read that item by itself to see where."
        ) from error
    if not isinstance(item, tuple | list) or len(item) != 2:
        raise UsageError(
            f"{name}[{index}] is a {type(item).__name__}: each item has to be a pair (x, y)."
        )
    return _tensor(item[0], name), _tensor(item[1], name)


def _pair(item: Any, name: str) -> Batch:
    if not isinstance(item, tuple | list) or len(item) != 2:
        raise UsageError(f"A batch of {name} is no pair (x, y): each item has to be one.")
    return _tensor(item[0], name), _tensor(item[1], name)


def _deterministic(dataset: Any, name: str) -> bool:
    n = len(dataset)
    for index in sorted({round(i * (n - 1) / (PROBED_ITEMS - 1)) for i in range(PROBED_ITEMS)}):
        first, second = _item(dataset, index, name), _item(dataset, index, name)
        for a, b in zip(first, second, strict=True):
            if a.shape != b.shape or not torch.equal(a.nan_to_num(), b.nan_to_num()):
                return False
    return True


def _workers(n: int) -> int:
    return min(8, os.cpu_count() or 1) if n >= PARALLEL_FROM and hasattr(os, "fork") else 0


class _Checked(Dataset[Batch | UsageError]):
    """Items as checked tensors; a complaint is an item too, since a worker that raises adds its
    traceback to the message.
    """

    def __init__(self, dataset: Any, name: str) -> None:
        self.dataset, self.name = dataset, name

    def __len__(self) -> int:
        return len(self.dataset)

    def __getitem__(self, index: int) -> Batch | UsageError:
        try:
            return _item(self.dataset, index, self.name)
        except UsageError as error:
            return error


def _decode(dataset: Any, name: str, device: torch.device, notify: Notify | None) -> TensorData:
    n = len(dataset)
    loader: Iterable[Batch | UsageError] = DataLoader(
        _Checked(dataset, name),
        batch_size=256,
        num_workers=_workers(n),
        collate_fn=partial(_stack, name=name),
    )
    xs, ys, done = [], [], 0
    for batch in loader:
        if isinstance(batch, UsageError):
            raise batch
        x, y = batch
        xs.append(x)
        ys.append(y)
        done += len(x)
        if notify:
            notify(done, n, f"decoding {name}")
    for parts, what in ((xs, "inputs"), (ys, "targets")):
        _same_shape(name, what, [part.shape[1:] for part in parts])
    return TensorData(torch.cat(xs).to(device), _labels(torch.cat(ys)).to(device))


def _stack(items: list[Batch | UsageError], name: str) -> Batch | UsageError:
    pairs = []
    for item in items:
        if isinstance(item, UsageError):
            return item
        pairs.append(item)
    xs, ys = zip(*pairs, strict=True)
    try:
        _same_shape(name, "inputs", [x.shape for x in xs])
        _same_shape(name, "targets", [y.shape for y in ys])
    except UsageError as error:
        return error
    return torch.stack(xs), torch.stack(ys)


def _same_shape(name: str, what: str, shapes: Iterable[Sequence[int]]) -> None:
    found = sorted({tuple(shape) for shape in shapes})
    if len(found) > 1:
        few = " and ".join(str(list(shape)) for shape in found[:2])
        raise UsageError(
            f"The {what} of {name} differ in shape ({few}): resize or pad them to one shape."
        )


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
            TensorData(train.x[rest], train.y[rest]), TensorData(train.x[val], train.y[val])
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
