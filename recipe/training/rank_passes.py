"""Passes of one process of several that train one model together: forward and backward over its own
part of a batch, and the gradients of all parts added up to those of the whole.

What a part counts in the loss of the whole batch is known as in `micro_batches`; where it is not,
the loss is computed in every process from the outputs of all of them.
"""

from collections.abc import Callable
from typing import Any, Literal

import torch
from torch import Tensor, nn

from recipe.data.collating import IGNORED
from recipe.data.joining import split
from recipe.data.single_items import Batch
from recipe.data.trees import Tree, Values, every_tensor
from recipe.experiment import Experiment
from recipe.tasks.base import adds_up
from recipe.training.execution_mode import ExecutionMode
from recipe.training.fitting_passes import FittingPasses
from recipe.training.loss_shares import divisor_of, matches_elementwise, summed, weighed
from recipe.training.micro_batches import (
    COUNTS,
    Rewound,
    by_outputs,
    most_parts,
    own_count,
    part_sizes,
)
from recipe.training.rank_group import RankGroup
from recipe.training.ranks import Ranks
from recipe.training.tree_losses import ModelLoss

Weighing = Literal["counts", "sum", "outputs"]


class RankPasses(FittingPasses):
    """Of the part that this process takes of each batch."""

    def __init__(
        self, experiment: Experiment, model: nn.Module, mode: ExecutionMode, group: RankGroup
    ) -> None:
        super().__init__(experiment, model, mode, group.device)
        self.group = group
        self.trained = [p for p in model.parameters() if p.requires_grad]
        self.weighing: Weighing | None = None
        """How the parts of a batch make its loss: by what they count, as a sum, or by all outputs;
        None before the first batch."""
        self.count: Callable[[Any], float | Tensor] = len
        """Of targets: what the mean of a loss divides by."""
        self._share: float | Tensor = 1.0

    def gradients(self, x: Values, y: Values, clear: Callable[[], None]) -> tuple[Any, Tensor]:
        """See `FittingPasses`; of the loss, the part of this process."""
        self._find_weighing(x, y)
        self._share = self._share_of(y)
        # A pass in which others wait for this process cannot be tried again in more parts.
        self.whole = self.group.couples or self.weighing == "outputs"
        outputs, loss = super().gradients(x, y, clear)
        self.group.sum_gradients(self.trained, self._share)
        loss = loss.detach() / self._scale
        return outputs, loss / self.group.world if self.weighing == "outputs" else loss

    @property
    def _scale(self) -> int:
        """What a loss is multiplied by: a model in parts takes the mean of all gradients."""
        return self.group.world if self.group.shards else 1

    def loss_of(self, outputs: Values, y: Values) -> Tensor:
        """See `FittingPasses`; what the part of this process adds to the loss of the batch. Where
        that is not known, the loss of all outputs.
        """
        if self.weighing is None or not torch.is_grad_enabled():
            return super().loss_of(outputs, y)
        if self.weighing == "outputs":
            every, targets = self.group.gathered(outputs), self.group.gathered(y, IGNORED)
            return super().loss_of(every, targets) * self._scale
        return self._weighed(outputs, super().loss_of(outputs, y)) * self._scale

    def seen(self, outputs: Values, y: Values) -> Batch | None:
        """See `FittingPasses`: the part of this process, or all of it where a score is none of
        parts, which the first process then adds up.
        """
        if adds_up(self.experiment.resolved_task):
            return None if self.group.idle else (outputs.detach(), y)
        every = self.group.gathered(outputs.detach()), self.group.gathered(y, IGNORED)
        return None if self.group.rank else every

    def _weighed(self, outputs: Values, loss: Tensor) -> Tensor:
        """Times its share; where nothing counts in a part its loss is 0 / 0, which is kept from
        the gradients of the others.
        """
        share = self._share
        if isinstance(share, Tensor) and not isinstance(outputs, Tensor) and self.group.couples:
            return loss * share if bool(share) else _nothing(outputs)
        if not isinstance(share, Tensor) and not share:
            return _nothing(outputs)
        return weighed(outputs, loss, share)

    def _backward(self, x: Values, y: Values, clear: Callable[[], None]) -> tuple[Any, Tensor]:
        wanted = self.parts
        if self.group.couples:  # all of them make as many passes
            self.parts = min(wanted, most_parts(self.model, self.group.least))
        try:
            if self.weighing != "outputs" or self.parts == 1:
                return super()._backward(x, y, clear)
            clear()
            sizes = part_sizes(len(x), min(self.parts, most_parts(self.model, len(x))))
            return by_outputs(self, list(zip(split(x, sizes), split(y, sizes), strict=True)), y)
        finally:
            self.parts = wanted

    @torch.no_grad()
    def loss(self, x: Values, y: Values) -> Tensor:
        """See `FittingPasses`; of the loss, the part of this process."""
        self._find_weighing(x, y)
        if self.weighing != "outputs":
            return _times(super().loss(x, y), self._share_of(y))
        outputs = self.outputs(x)
        whole = super().loss_of(self.group.gathered(outputs), self.group.gathered(y, IGNORED))
        return whole / self.group.world

    def _share_of(self, y: Values) -> float | Tensor:
        """What the part of this process counts in the loss of the batch."""
        if self.weighing == "outputs":
            return 1.0
        if self.weighing == "sum":
            return 0.0 if self.group.idle else 1.0
        own = 0.0 if self.group.idle else self.count(y)
        counted = torch.as_tensor(own, dtype=torch.float32, device=self.device)
        return counted / self.group.total(counted)

    def _find_weighing(self, x: Values, y: Values) -> None:
        """By the first batch; the first process says it, so that all do the same."""
        if self.weighing is not None:
            return
        declared: Any = self.experiment.loss_function
        divisor = divisor_of(self.experiment)
        found: Weighing = "counts"
        place = 0
        if isinstance(declared, ModelLoss):
            sizes = part_sizes(len(x), 2)
            if self.group.least > 1:
                parts = list(zip(split(x, sizes), split(y, sizes), strict=True))
                place = own_count(self, parts, always=True)
        elif divisor is None or isinstance(y, Tree) or not self._matches(x, y):
            found = "outputs"
        elif divisor is summed:
            found = "sum"
        found, place = self.group.of_all((found, place))[0]
        own = isinstance(declared, ModelLoss) or divisor is None
        self.count = COUNTS[place] if own else divisor  # type: ignore[assignment]
        self.known_count = place
        self.weighing = found

    def _matches(self, x: Values, y: Values) -> bool:
        if self.experiment.loss is None:
            return True
        few = min(2, len(x))
        with torch.no_grad(), Rewound(self):
            outputs = self.outputs(x[:few].clone())
            return matches_elementwise(self.experiment, outputs, y[:few])


def _nothing(outputs: Values) -> Tensor:
    """Zero, on the way of the gradients."""
    floats = [t for t in every_tensor(outputs) if t.is_floating_point()]
    return torch.stack([t.sum() for t in floats]).sum() * 0.0


def _times(loss: Tensor, share: float | Tensor) -> Tensor:
    """A part of a loss: none where nothing counts in it, though that is 0 / 0."""
    if isinstance(share, Tensor):
        return torch.where(share > 0, loss.detach() * share.to(loss.dtype), share * 0)
    return loss.detach() * share if share else torch.zeros_like(loss)


def passes_of(
    experiment: Experiment, model: nn.Module, mode: ExecutionMode, device: torch.device,
    ranks: Ranks,
) -> FittingPasses:  # fmt: skip
    """Passes through the model of a training, by one process or several."""
    if isinstance(ranks, RankGroup):
        return RankPasses(experiment, model, mode, ranks)
    return FittingPasses(experiment, model, mode, device)
