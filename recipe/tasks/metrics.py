"""Scores by name, as torchmetrics defines them, of the outputs of any task."""

import math
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import torch
from torch import Tensor

from recipe.core.errors import UsageError
from recipe.core.names import nearest, unknown
from recipe.tasks.base import SummedMetric, Task
from recipe.tasks.binary import Multilabel
from recipe.tasks.by_loss import ByLoss
from recipe.tasks.embedding import Embedding, recall_at
from recipe.tasks.metric_meters import MAKERS, Kind, Meter, read

ALIASES: Mapping[str, str] = {
    "map": "average_precision", "roc_auc": "auroc", "matthews": "mcc", "kappa": "cohen_kappa",
    "miou": "mean_iou",
}  # fmt: skip
LOWER = ("mae", "mse", "rmse", "mape", "mase", "perplexity")
"""Of which less is better: the score is minus these, and is called so."""
MINUS = "minus_"
OF_ONE_TASK = ("mase", "entity_f1")
"""What the task itself counts: `Task.own_metrics`."""
BY_NEIGHBOURS: Mapping[str, int] = {"recall_at_1": 1, "recall_at_5": 5, "recall_at_10": 10}
NAMES: tuple[str, ...] = (*MAKERS, *OF_ONE_TASK, *BY_NEIGHBOURS)


class Running(Protocol):
    """A score over many batches."""

    def add(self, outputs: Any, targets: Any) -> None:
        """Take in a batch."""

    def score(self) -> float:
        """Of all batches so far; NaN when there was none, or it is undefined."""


@dataclass(frozen=True)
class NamedMetric:
    """A metric by name for a task: higher is better, whatever it is.

    Raises:
        UsageError: there is none of this name for the task.

    """

    name: str
    """As `canonical` gives it."""
    task: Task

    def __post_init__(self) -> None:
        known = of_task(self.task)
        if self.name not in known:
            under = " under this loss" if isinstance(self.task, ByLoss) else ""
            raise UsageError(
                f"metric={self.name!r} is not defined for {self.task.name}{under}: "
                f"{'pass one of ' + ', '.join(known) + ', or' if known else 'pass'} a function of "
                "outputs and targets."
            )
        own = self.task.own_metrics().get(self.name)
        if own is not None and own.problem is not None:
            raise UsageError(f"metric={self.name!r} {own.problem}.")

    @property
    def __name__(self) -> str:
        """What the score is called."""
        return shown(self.name)

    def __call__(self, outputs: Tensor, targets: Tensor) -> float:
        """The score of all outputs and targets at once."""
        running = self.running()
        running.add(outputs, targets)
        return running.score()

    def running(self) -> Running:
        """Of this metric, with nothing taken in yet. Most keep sums alone; those that rank
        (auroc, average_precision, spearman, recall_at_k) keep what they rank.
        """
        sign = -1 if self.name in LOWER else 1
        if self.name in self.task.own_meters():
            running: Running = self.task.own_meters()[self.name]()
            return running
        if self.name in BY_NEIGHBOURS:
            return _Neighbours(self.task, BY_NEIGHBOURS[self.name])
        if (own := self.task.own_metrics().get(self.name)) is not None:
            return _Summed(own, sign)
        kind = kind_of(self.task)
        return _Metered(self.task, kind, MAKERS[self.name][kind], sign)


def canonical(name: str) -> str:
    """The name in `NAMES` that is meant: of an alias, or behind "minus_".

    Raises:
        UsageError: there is none.

    """
    plain = name.removeprefix(MINUS) if name.removeprefix(MINUS) in LOWER else name
    plain = ALIASES.get(plain, plain)
    if plain not in NAMES:
        every = (*NAMES, *ALIASES)
        raise UsageError(unknown("metric", name, every if nearest(name, every) else NAMES))
    return plain


def shown(name: str) -> str:
    """What the score of a metric is called: "minus_mae" where less of it is better."""
    return MINUS + name if name in LOWER else name


def of_task(task: Task) -> tuple[str, ...]:
    """The metrics that can be taken of a task's outputs."""
    if task.own_meters():
        return tuple(task.own_meters())
    if isinstance(task, ByLoss | Embedding):
        # Outputs are embeddings, or parameters of a distribution: no answers.
        labelled = isinstance(task, Embedding) or task.target_kind == "class index"
        return tuple(BY_NEIGHBOURS) if labelled and isinstance(task, ByLoss) else ()
    kind = kind_of(task)
    return (*(name for name, makers in MAKERS.items() if kind in makers), *task.own_metrics())


def kind_of(task: Task) -> Kind:
    """Which of torchmetrics' kinds a task is."""
    if task.target_kind == "class index":
        return "multiclass"
    if task.target_kind == "real":
        return "regression"
    return "multilabel" if isinstance(task, Multilabel) else "binary"


class _Metered:
    """By torchmetrics."""

    def __init__(self, task: Task, kind: Kind, make: Callable[[Tensor], Meter], sign: int) -> None:
        self._task, self._kind, self._make, self._sign = task, kind, make, sign
        self._meter: Meter | None = None

    def add(self, outputs: Any, targets: Any) -> None:
        scores, labels = read(self._task, self._kind, outputs.detach(), targets)
        if not labels.numel():  # none that counts
            return
        with warnings.catch_warnings():
            # Of memory, and of classes that do not occur: the score says so by being NaN.
            warnings.simplefilter("ignore")
            if self._meter is None:
                self._meter = self._make(scores)
            self._meter.update(scores, labels)

    def score(self) -> float:
        if self._meter is None:
            return math.nan
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return self._sign * float(self._meter.compute())


class _Summed:
    """From sums of the task's own."""

    def __init__(self, metric: SummedMetric, sign: int) -> None:
        self._metric, self._sign = metric, sign
        self._sums: Tensor | None = None

    def add(self, outputs: Any, targets: Any) -> None:
        sums = self._metric.sums(outputs.detach(), targets)
        self._sums = sums if self._sums is None else self._sums + sums

    def score(self) -> float:
        return math.nan if self._sums is None else self._sign * self._metric.score(self._sums)


class _Neighbours:
    """Of embeddings compared with each other, so of all of them together."""

    def __init__(self, task: Task, k: int) -> None:
        self._task, self._k = task, k
        self._parts: list[tuple[Tensor, Tensor]] = []

    def add(self, outputs: Any, targets: Any) -> None:
        self._parts.append((outputs.detach().clone(), targets))

    def score(self) -> float:
        if not self._parts or not isinstance(self._task, ByLoss):
            return math.nan
        outputs, targets = (torch.cat(parts) for parts in zip(*self._parts, strict=True))
        return recall_at(self._k, outputs, targets, self._task.declared)
