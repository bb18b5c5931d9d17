"""Losses and tasks of outputs and targets that are trees."""

from collections.abc import Callable, Sequence
from typing import Any, ClassVar

from torch import Tensor

from recipe.data.trees import Tree, natural
from recipe.models.outputs import parts_of
from recipe.models.own_loss import LOGITS, LOSS
from recipe.tasks import Regression, Task
from recipe.tasks.base import Loss, TargetKind, counts_items
from recipe.tasks.by_loss import ByLoss


class Natural:
    """A function of the user's, which is given batches in the form that the user knows.

    Where the model returns a tensor in evaluation mode and more than that in training mode, as
    GoogLeNet does, a loss made for the latter may refuse the tensor: then `usual` is taken.
    """

    def __init__(self, function: Callable[..., Any], usual: Loss | None = None) -> None:
        """Take a loss, a metric or an augmentation."""
        self.function, self.usual = function, usual

    def __call__(self, *values: Any) -> Any:
        """What the function returns."""
        given = [natural(value) for value in values]
        if self.usual is None or not isinstance(given[0], Tensor):
            return self.function(*given)
        try:
            return self.function(*given)
        except Exception:  # noqa: BLE001 - it was made for more than a tensor
            return self.usual(*given)

    def __getattr__(self, name: str) -> Any:
        """What the function says of itself: its name, its `ignore_index`."""
        if name in ("function", "usual"):  # while a copy is being made
            raise AttributeError(name)
        return getattr(self.function, name)


class ModelLoss:
    """The loss that the model computed itself, which stands beside its outputs; of outputs alone
    the task's.
    """

    def __init__(self, usual: Loss) -> None:
        """`usual`: of outputs without a loss, such as made-up ones."""
        self.usual = usual

    def __call__(self, outputs: Any, targets: Any) -> Tensor:
        """Mean over the items."""
        if isinstance(outputs, Tree):
            mean: Tensor = outputs.value[LOSS].mean()
            return mean
        return self.usual(outputs, natural(targets))


class OfPart(Task):
    """A task that looks at one part of the outputs: the loss takes more than that."""

    takes_trees = True

    def __init__(self, task: Task, part: str | int) -> None:
        """Look at the part of this name."""
        self.task, self.part = task, part
        self.name, self.metric = task.name, task.metric  # type: ignore[misc]
        self.target_kind, self.tolerance = task.target_kind, task.tolerance  # type: ignore[misc]
        self.counts_by, self.ordered = task.counts_by, task.ordered  # type: ignore[misc]

    @property
    def plain(self) -> Task:
        """The task of the part."""
        return self.task

    def looked_at(self, outputs: Any) -> Any:
        """The part; a tensor is what it is."""
        found = parts_of(natural(outputs))[self.part] if isinstance(outputs, Tree) else outputs
        return self.task.looked_at(found)

    def loss(self, outputs: Any, targets: Tensor) -> Tensor:
        """Of the task."""
        return self.task.loss(self.looked_at(outputs), targets)

    def class_axis(self, outputs: Any, targets: Tensor) -> int:
        """Of the task."""
        return self.task.class_axis(self.looked_at(outputs), targets)

    @counts_items
    def sums(self, outputs: Any, targets: Tensor) -> Tensor:
        """Of the task."""
        return self.task.sums(self.looked_at(outputs), targets)

    def score(self, sums: Tensor) -> float:
        """Of the task."""
        return self.task.score(sums)

    def expected_initial_loss(
        self, targets: Tensor, n_outputs: int, bias: Tensor | None = None
    ) -> float:
        """Of the task."""
        return self.task.expected_initial_loss(targets, n_outputs, bias)

    def together(self, outputs: Sequence[Any]) -> Tensor:
        """Of the task."""
        return self.task.together([self.looked_at(each) for each in outputs])

    def counted(self, targets: Tensor) -> Tensor:
        """Of the task."""
        return self.task.counted(targets)

    def chance_score(self, targets: Tensor) -> float:
        """Of the task."""
        return self.task.chance_score(targets)

    def perfect_score(self, inputs: Any, targets: Tensor) -> float:
        """Of the task."""
        return self.task.perfect_score(inputs, targets)

    def score_error(self, score: float | None, items: int) -> float:
        """Of the task."""
        return self.task.score_error(score, items)

    def n_outputs(self, outputs: Any) -> int:
        """Of the task."""
        return self.task.n_outputs(self.looked_at(outputs))

    def shape_problem(self, outputs: Any, targets: Tensor) -> str | None:
        """Of the task."""
        return self.task.shape_problem(self.looked_at(outputs), targets)


class OfTrees(ByLoss, Regression):
    """Outputs or targets of which no score of ours is known: scored by the loss."""

    name = "trees"
    takes_trees = True
    target_kind: ClassVar[TargetKind] = "real"

    def __init__(self, declared: Loss, task: Task | None = None) -> None:
        """`task`: as it was declared."""
        super().__init__(declared)
        self._task = task
        if task is not None:
            self.name = task.name  # type: ignore[misc]
            self.separate_items = task.separate_items  # type: ignore[misc]

    @property
    def plain(self) -> Task:
        """The declared task."""
        return self if self._task is None else self._task

    def adapted(self, loss: Loss | None) -> Task:  # noqa: ARG002
        """As it is."""
        return self

    def n_outputs(self, outputs: Any) -> int:
        """Of a tensor, as of others; of a tree not known."""
        return super().n_outputs(outputs) if isinstance(outputs, Tensor) else 1


def beside_loss(task: Task, loss: Loss, logits: Any, y: Any) -> Task:
    """What scores a model whose loss only it knows: the task, by the logits beside that loss, where
    it can read them; else the loss.

    Args:
        task: declared.
        loss: of the model.
        logits: of some items, if there are any.
        y: their targets; None where the loss is of others than these.

    """
    readable = isinstance(y, Tensor) and logits is not None
    if readable and isinstance(logits, Tensor):
        readable = task.shape_problem(logits, y) is None
        if readable and task.target_kind == "class index":  # a class for every label, and not one
            readable = task.n_outputs(logits) > max(1, int(y.max()))
    return OfPart(task, LOGITS) if readable else OfTrees(loss, task)
