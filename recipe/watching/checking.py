"""The first steps of the recipe on copies of a model and its data, before a loop trains them."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import is_dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import torch
from torch import nn
from torch.utils.data import DataLoader, Dataset, IterableDataset, RandomSampler, Subset

from recipe.core.errors import UsageError
from recipe.core.findings import Finding
from recipe.core.results import StepResult
from recipe.engine.diagnosis import diagnose
from recipe.engine.opened import open_engine, small_steps
from recipe.experiment import Experiment
from recipe.frameworks.batches import count_of
from recipe.frameworks.modules import from_module
from recipe.plugin import registry
from recipe.watching.listener import Listener
from recipe.watching.untouched import untouched

MOST_ITEMS = 4000
"""Of a data set that are looked at; of a larger one as many at random."""


def checked(
    listener: Listener, loss: Callable[..., Any] | None, train: Any, val: Any,
    declared: Mapping[str, Any],
) -> tuple[tuple[StepResult, ...], tuple[Finding, ...]]:  # fmt: skip
    """Results of the steps, and the causes that they found.

    Args:
        listener: of the model and its optimizer, which stay as they are.
        loss: of outputs and targets; None for the usual one of the task.
        train: a DataLoader, a Dataset, a pair of arrays, or one batch.
        val: the same, or None.
        declared: more arguments of `Experiment`.

    Raises:
        UsageError: the data cannot be used.

    """
    model = listener.model
    with untouched(model, train, val), _gradients_kept(model), torch.enable_grad():
        single = _is_batch(train)
        experiment = _experiment(listener, loss, train, val, declared)
        steps = _run(experiment, next((p.device.type for p in model.parameters()), "cpu"))
    rules = tuple(dict.fromkeys(r for p in registry.load() for r in p.step.rules))
    marked, diagnosis = diagnose(steps, rules)
    order = {rule: place for place, rule in enumerate(diagnosis)}
    found = [f for step in marked for f in step.findings if f.counts and f.because is None]
    if single:  # a batch tells of the model, and next to nothing of data and validation
        found = [f for f in found if f.severity == "fail"]
    return marked, tuple(sorted(found, key=lambda f: order.get(f.rule, len(order))))


def _run(experiment: Experiment, device: str) -> tuple[StepResult, ...]:
    end = small_steps([plugin.step for plugin in registry.load()])
    with (
        TemporaryDirectory(prefix="recipe-", ignore_cleanup_errors=True) as folder,
        open_engine(
            "check", experiment, Path(folder), until=end, device=device, keep_going=True,
            verify_budget="off",
        ) as engine,
    ):  # fmt: skip
        engine.run()
        if engine.usage_error is not None:
            raise engine.usage_error
        return tuple(step for step in engine.results if step.status != "skip")


def _experiment(
    listener: Listener, loss: Callable[..., Any] | None, train: Any, val: Any,
    declared: Mapping[str, Any],
) -> Experiment:  # fmt: skip
    """Of what the user trains, with copies of the model."""
    beside: dict[str, Any] = {"train_loader": _data(train, "train")}
    if val is not None:
        beside["val_loader"] = _data(val, "val")
    if loss is not None:
        beside["criterion"] = loss
    if listener.optimizer is not None:
        beside["optimizer"] = listener.optimizer
    return from_module(
        listener.model, beside, type(listener.model).__name__, copied=True, **declared
    )


def _is_batch(data: Any) -> bool:
    if isinstance(data, DataLoader | Dataset):
        return False
    return isinstance(data, Mapping) or is_dataclass(data) or isinstance(data, tuple | list)


def _data(given: Any, part: str) -> Any:
    """Data as an experiment takes them, no more of them than a check needs.

    Raises:
        UsageError: they can be read only once, or are none.

    """
    if isinstance(given, DataLoader):
        return _fewer(given)
    if isinstance(given, IterableDataset):
        return given
    if isinstance(given, Dataset):
        return Subset(given, _some(len(given))) if _many(given) else given  # type: ignore[arg-type]
    if isinstance(given, tuple | list) and len(given) == 2 and all(map(torch.is_tensor, given)):
        return tuple(given)
    if _is_batch(given) and (count := count_of(given)):
        return _Items(given, count)
    if hasattr(given, "__next__"):
        raise UsageError(
            f"watch.check got an iterator as {part}, which can be read only once: pass the "
            "DataLoader itself, or one batch of it."
        )
    raise UsageError(
        f"watch.check got a {type(given).__name__} as {part}: pass a DataLoader, a Dataset, a pair "
        "of arrays, or one batch."
    )


def _many(data: Any) -> bool:
    return hasattr(data, "__len__") and len(data) > MOST_ITEMS


def _some(count: int) -> list[int]:
    order = torch.randperm(count, generator=torch.Generator().manual_seed(0))
    found: list[int] = order[:MOST_ITEMS].tolist()
    return found


def _fewer(loader: DataLoader[Any]) -> DataLoader[Any]:
    """A loader of the same items and batches in this process, of a large data set some items."""
    dataset = loader.dataset
    if isinstance(dataset, IterableDataset) or loader.batch_size is None:
        return loader
    if _many(dataset):
        dataset = Subset(dataset, _some(len(dataset)))  # type: ignore[arg-type]
    elif not loader.num_workers:
        return loader
    return DataLoader(
        dataset, loader.batch_size, shuffle=isinstance(loader.sampler, RandomSampler),
        collate_fn=loader.collate_fn, drop_last=loader.drop_last,
    )  # fmt: skip


class _Items(Dataset[Any]):
    """One batch, item by item."""

    def __init__(self, batch: Any, count: int) -> None:
        """Take a batch of so many."""
        self.batch, self.count = batch, count

    def __len__(self) -> int:
        return self.count

    def __getitem__(self, place: int) -> Any:
        if not 0 <= place < self.count:
            raise IndexError(place)
        return _taken(self.batch, place)


def _taken(batch: Any, place: int) -> Any:
    if isinstance(batch, Mapping):
        return {name: _taken(part, place) for name, part in batch.items()}
    if isinstance(batch, tuple | list):
        return tuple(_taken(part, place) for part in batch)
    return batch[place]


@contextmanager
def _gradients_kept(model: nn.Module) -> Iterator[None]:
    """What somebody accumulated stays as it is."""
    kept = [(p, p.grad) for p in model.parameters()]
    for p, _ in kept:
        p.grad = None
    try:
        yield
    finally:
        for p, grad in kept:
            p.grad = grad
