"""Processes that train one model together: the part that each takes of a batch, and what they tell
each other.

Every one of them goes through the same batches in the same order and takes its own part of each, so
that the parts together are the batch that one process would train on. Whatever decides how a
training goes on (a loss, a score, the time) is agreed by all of them.
"""

from collections.abc import Iterable, Sequence
from typing import Any, Literal

from torch import Tensor, nn

from recipe.data.single_items import Batch

Parallel = Literal["ddp", "fsdp"]
"""Every process holds the whole model, or a part of each of its layers."""


class RankLost(Exception):  # noqa: N818 - an event to handle, not a mistake
    """Another process of the training is gone, or does not answer."""


class Ranks:
    """One process that trains by itself: what it is told is what it says."""

    rank, world = 0, 1
    shards = False
    """Whether each process holds a part of the model only."""
    couples = False
    """Whether the processes need each other within a forward pass."""
    idle = False
    """Whether a batch has no item for this process, which goes along with one that does not
    count."""

    def prepared(self, model: nn.Module) -> nn.Module:
        """The model as this process trains it."""
        return model

    def parted(self, batches: Iterable[Batch]) -> Iterable[Batch]:
        """The part of this process of each batch."""
        return batches

    def total(self, tensor: Tensor) -> Tensor:
        """The sum over all processes, without gradient."""
        return tensor

    def of_all(self, value: Any) -> Sequence[Any]:
        """What each process says, in their order."""
        return [value]

    def own(self, batches: Iterable[Batch]) -> Iterable[Batch]:
        """Of batches that are evaluated, those that this process takes."""
        return batches

    def agreed(self, *, yes: bool) -> bool:
        """What the first process says."""
        return yes


ALONE = Ranks()


def is_part(value: Tensor) -> bool:
    """Whether other processes hold parts of this tensor too."""
    return hasattr(value, "full_tensor")


def whole_tensor(value: Tensor) -> Tensor:
    """A tensor of which other processes hold parts, brought together; all of them have to ask."""
    whole: Tensor = value.full_tensor() if is_part(value) else value  # type: ignore[attr-defined]
    return whole
