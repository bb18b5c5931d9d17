"""What a task knows: its loss, its score, a perfect score and the loss of a fresh model."""

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from copy import copy
from dataclasses import dataclass
from typing import Any, ClassVar, Literal, TypeVar

import torch
from torch import Tensor
from torch.func import vmap

from recipe.core.score_noise import standard_error

Loss = Callable[[Any, Any], Tensor]
Sums = TypeVar("Sums", bound=Callable[..., Tensor])
TargetKind = Literal["class index", "zero or one", "real"]


def wide(values: Tensor) -> Tensor:
    """`values` in float64, so that sums stay exact; in float32 on MPS, which has no float64."""
    return values.float() if values.device.type == "mps" else values.double()


def counts_items(sums: Sums) -> Sums:
    """Marks a task's `sums`: those of several batches at once are those of the batches added up.
    It is not so where the items of a batch are compared with each other.
    """
    sums.counts_items = True  # type: ignore[attr-defined]
    return sums


def adds_up(task: "Task") -> bool:
    """Whether the sums of several batches at once are those of the batches added up; see
    `counts_items`.
    """
    return all(getattr(type(each).sums, "counts_items", False) for each in (task, task.plain))


@dataclass(frozen=True)
class SummedMetric:
    """A metric that a task counts itself."""

    sums: Callable[[Tensor, Tensor], Tensor]
    """Of outputs and targets, a vector that adds up over batches."""
    score: Callable[[Tensor], float]
    """The metric, from the added-up sums."""
    problem: str | None = None
    """Why it cannot be counted, behind its name in a sentence."""


class Task(ABC):
    """A kind of learning problem.

    Scores are higher for better models and are computed from sums, so that they are exact over
    a data set that passes in batches of any size.
    """

    name: ClassVar[str]
    metric: ClassVar[str]
    """Name of the score."""
    target_kind: ClassVar[TargetKind]
    takes_trees: ClassVar[bool] = False
    """Whether outputs or targets may be trees of tensors."""
    tolerance: ClassVar[float] = 0.0
    """How far below perfect a memorised sample may score."""
    counts_by: ClassVar[str] = "items"
    """What shares of classes are counted by, in words: items, pixels or tokens."""
    separate_items: ClassVar[bool] = False
    """Whether a batch is a list of items that keep their sizes."""
    asks_model: ClassVar[bool] = False
    """Whether the loss is always the model's own."""
    left_out: tuple[float, ...] = ()
    """Targets that the declared loss leaves out, such as NaN for what is not known."""
    ordered: ClassVar[bool] = False
    """Whether items stand in the order of time: those held out then have to be the latest."""

    def own_meters(self) -> Mapping[str, Callable[[], Any]]:
        """Metrics by name that this task takes of outputs in its own way: each makes what has
        `add(outputs, targets)` and `score()`.
        """
        return {}

    def loss_problem(self) -> str | None:
        """Why nothing can be trained without a declared loss, in a sentence; None where it can."""
        return None

    @abstractmethod
    def loss(self, outputs: Any, targets: Any) -> Tensor:
        """Mean loss of a batch, a scalar."""

    def losses(self, outputs: Any, targets: Any) -> Tensor:
        """The mean loss [K] of each of K models with outputs [K, N, ...] on the same targets."""
        losses: Tensor = vmap(self.loss, (0, None))(outputs, targets)
        return losses

    def class_axis(self, outputs: Any, targets: Any) -> int:
        """The axis of `outputs` that the classes stand on: behind the batch, or the last one where
        only that fits the targets.
        """
        behind = outputs.shape[:1] + outputs.shape[2:] == targets.shape
        return 1 if behind or outputs.shape[:-1] != targets.shape else outputs.ndim - 1

    @abstractmethod
    def sums(self, outputs: Any, targets: Any) -> Tensor:
        """A vector that adds up over batches and from which `score` follows."""

    @abstractmethod
    def score(self, sums: Tensor) -> float:
        """The score from the added-up `sums`; NaN when it is undefined."""

    @abstractmethod
    def expected_initial_loss(
        self, targets: Any, n_outputs: int, bias: Tensor | None = None
    ) -> float:
        """The loss of a model that knows nothing yet.

        Args:
            targets: a sample of targets.
            n_outputs: classes, labels, or regression outputs.
            bias: a declared output bias [n_outputs], when the model starts with one.

        """

    @property
    def plain(self) -> "Task":
        """The task of what `looked_at` gives."""
        return self

    def looked_at(self, outputs: Any) -> Any:
        """The part of the outputs of a model that the score is made of."""
        return outputs

    def together(self, outputs: Sequence[Any]) -> Tensor:
        """Outputs that stand for what several models say together, from the outputs of each on the
        same items: the mean, or where outputs stand for probabilities, the mean of these.
        """
        return torch.stack(list(outputs)).mean(0)

    def counted(self, targets: Any) -> Tensor:
        """Which of the targets count, in their shape; the others are ignored by loss and score."""
        counted = torch.ones_like(targets, dtype=torch.bool)
        for value in self.left_out:
            counted &= ~targets.isnan() if math.isnan(value) else targets != value
        return counted

    def leaving_out(self, targets: tuple[float, ...]) -> "Task":
        """The same, whose score leaves out these targets."""
        if not targets:
            return self
        task = copy(self)
        task.left_out = targets
        return task

    def chance_score(self, targets: Any) -> float:  # noqa: ARG002
        """Score of the best constant prediction on these targets."""
        return 0.0

    def perfect_score(self, inputs: Any, targets: Any) -> float:  # noqa: ARG002
        """Score of a model that has memorised exactly these items."""
        return 1.0

    def score_error(self, score: float | None, items: int) -> float:
        """Standard error of this task's score over `items`; zero where it is not known."""
        if score is None:
            return 0.0
        return standard_error(score, items, shares=self.target_kind != "real")

    def n_outputs(self, outputs: Any) -> int:
        """Number of classes, labels or values per item, read off a batch of outputs."""
        return outputs.shape[1] if outputs.ndim > 1 else 1

    def shape_problem(self, outputs: Any, targets: Any) -> str | None:
        """Why a batch of outputs cannot be compared with its targets, or None."""
        if outputs.numel() != targets.numel():
            return (
                f"outputs of shape {list(outputs.shape)} against targets of shape "
                f"{list(targets.shape)}"
            )
        return None

    def targets_problem(self, targets: Any) -> str | None:  # noqa: ARG002
        """What is odd about targets that the model refused, in words, with what to do."""
        return None

    def own_metrics(self) -> Mapping[str, SummedMetric]:
        """By name, beside those of torchmetrics."""
        return {}

    def adapted(self, loss: Loss | None) -> "Task":  # noqa: ARG002
        """The task with its score fitted to what the declared loss wants as outputs."""
        return self
