"""Passes forward and backward of a training: in as few parts of a batch as memory has room for."""

from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar

import torch
from torch import Tensor, nn

from recipe.border.in_place import with_place_of_write
from recipe.data.joining import join, split
from recipe.data.single_items import Batch
from recipe.data.trees import Values, every_tensor
from recipe.experiment import Experiment
from recipe.machine.out_of_memory import give_back, is_out_of_memory, tell_of_parts
from recipe.models.building import batch_norms
from recipe.training.evaluation import full_precision
from recipe.training.execution_mode import ExecutionMode
from recipe.training.micro_batches import Before, backward_in_parts, most_parts, part_sizes

Found = TypeVar("Found")


class FittingPasses:
    """A model that batches pass through. The number of parts doubles whenever memory runs out."""

    def __init__(
        self, experiment: Experiment, model: nn.Module, mode: ExecutionMode, device: torch.device
    ) -> None:
        self.experiment, self.model, self.mode, self.device = experiment, model, mode, device
        self.loss_function = experiment.loss_function
        self.called = torch.compile(model) if mode.compiled else model
        self.parts = experiment.accumulate
        self.known_count: int | None = None
        self.whole = False
        """Whether memory that runs out is an error, as where sizes are tried."""
        self._largest = 0
        """Numbers in the largest batch that went through."""

    def outputs(self, x: Values) -> Values:
        """Of inputs [n, ...], with gradient."""
        with self.mode.autocast(self.device):
            outputs = self.called(x)
        whole: Values = full_precision(outputs)
        return whole

    def seen(self, outputs: Values, y: Values) -> Batch | None:
        """What the score of a batch is made of, without gradient."""
        return outputs.detach(), y

    def loss_of(self, outputs: Values, y: Values) -> Tensor:
        """Mean loss of outputs and targets, a scalar."""
        return self.loss_function(outputs, y)

    def gradients(self, x: Values, y: Values, clear: Callable[[], None]) -> tuple[Any, Tensor]:
        """One pass forward and backward, in more parts where memory runs out.

        Args:
            x: inputs [n, ...].
            y: targets [n, ...].
            clear: sets the gradients to nothing.

        Returns:
            Outputs and loss of the batch; its gradients are those of the weights now.

        """
        return self._fitted(x, lambda given: self._backward(given, y, clear), clear)

    @torch.no_grad()
    def loss(self, x: Values, y: Values) -> Tensor:
        """Of a pass forward, in more parts where memory runs out."""
        return self._fitted(x, lambda given: self._loss(given, y), lambda: None)

    def _fitted(
        self, x: Values, compute: Callable[[Values], Found], clear: Callable[[], None]
    ) -> Found:
        """What `compute` gives, tried again in more parts where memory runs out.

        A pass that was broken off leaves marks: random numbers drawn, running statistics, inputs
        that were written into. What they were is kept for a batch that is larger than all before,
        which is where memory runs out.
        """
        size, began = sum(tensor.numel() for tensor in every_tensor(x)), self.parts
        before = Before(self, x) if size > self._largest else None
        versions = _versions(x)
        while True:
            try:
                found = with_place_of_write(partial(compute, x))
            except Exception as error:
                written = before is None and versions != _versions(x)
                if not is_out_of_memory(error) or not self._can_part(len(x)) or written:
                    raise
            else:
                break
            # Behind the except clause: the error holds the frames of the pass, these its memory.
            clear()
            give_back(self.device)
            self.parts = min(2 * self.parts, most_parts(self.model, len(x)))
            if before is not None:
                x = before.again()
        self._largest = max(size, self._largest)
        if self.parts > began:
            self._say(len(x))
        return found

    def _can_part(self, n: int) -> bool:
        return not self.whole and self.parts < most_parts(self.model, n)

    def _backward(self, x: Values, y: Values, clear: Callable[[], None]) -> tuple[Any, Tensor]:
        if self.parts > 1:
            clear()
            return backward_in_parts(self, x, y, self.parts)
        outputs = self.outputs(x)
        loss = self.loss_of(outputs, y)
        clear()
        loss.backward()  # type: ignore[no-untyped-call]
        return outputs, loss

    def _loss(self, x: Values, y: Values) -> Tensor:
        sizes = part_sizes(len(x), self.parts)
        return self.loss_of(join([self.outputs(part) for part in split(x, sizes)]), y)

    def _say(self, n: int) -> None:
        each = part_sizes(n, self.parts)[0]
        same = "the updates stay the same"
        if batch_norms(self.model):
            same += f", but batch normalisation sees {each} items at a time"
        tell_of_parts(
            f"Memory ran out at a batch of {n}: it goes through the model in {self.parts} parts of "
            f"{each}, whose gradients are added up, so {same}.",
            each,
        )


def _versions(x: Values) -> list[int]:
    """How often each tensor was written into."""
    return [tensor._version for tensor in every_tensor(x)]  # noqa: SLF001 - autograd's own count
