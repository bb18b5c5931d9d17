"""What tasks with an answer for every token have in common."""

from typing import ClassVar

from torch import Tensor
from torch.nn import functional as F

from recipe.tasks.base import counts_items
from recipe.tasks.classification import Classification


class TokenTask(Classification):
    """Outputs [N, T, C], targets [N, T] of class indices; -100 stands where none counts, such as
    behind the end of a short sequence.
    """

    answers: ClassVar[str] = "classes"
    """What the last axis of the outputs holds, as messages call it."""

    def loss(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """Cross-entropy averaged over all tokens that count."""
        return F.cross_entropy(outputs.flatten(0, -2), targets.flatten())

    @counts_items
    def sums(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """[tokens right, tokens counted]."""
        return super().sums(outputs.flatten(0, -2), targets.flatten())

    def class_axis(self, outputs: Tensor, targets: Tensor) -> int:  # noqa: ARG002
        """The last one, also of as many classes as there are tokens."""
        return outputs.ndim - 1

    @property
    def _axis_alone(self) -> int:
        return -1

    def n_outputs(self, outputs: Tensor) -> int:
        """The number of classes, or the size of the vocabulary."""
        return outputs.shape[-1]

    def shape_problem(self, outputs: Tensor, targets: Tensor) -> str | None:
        """Outputs need the shape of the targets and an axis of classes behind."""
        if outputs.ndim < 2 or outputs.shape[:-1] != targets.shape:
            return (
                f"outputs of shape {list(outputs.shape)} against tokens of shape "
                f"{list(targets.shape)}; expected {[*targets.shape, self.answers]}"
            )
        return None
