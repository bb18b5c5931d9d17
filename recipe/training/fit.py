"""A training with a record, advanced to any point of it."""

import time
from collections.abc import Callable
from functools import partial

import torch
from torch import Tensor

from recipe.training.early_stopping import Snapshot, TrainingRecord
from recipe.training.loop import Training
from recipe.training.plan import pause_in


class Fit(TrainingRecord):
    """A training in this process with its record, advanced to any point of it."""

    def __init__(
        self,
        training: Training,
        planned: int,
        patience: int | None = None,
        out_of_time: Callable[[], bool] = lambda: False,
    ) -> None:
        """Nothing is trained yet; `out_of_time` is asked after each epoch."""
        super().__init__(planned, patience)
        self.training, self.out_of_time = training, out_of_time

    def advance(self, until: float, on_epoch: Callable[["Fit"], None] | None = None) -> None:
        """Train until `until` epochs are done, or the fit ends by itself.

        A training that pauses in the middle of an epoch ends like one that never did, bit for bit.
        """
        while self.status is None and self.done < min(until, self.planned):
            start = time.perf_counter()
            pause = pause_in(until - self.done, self.training.iterations_per_epoch)
            epoch = self.training.epoch(pause)
            if self.record(epoch):
                self.weights = partial(dict, snapshot_of(self.training.model))
            self.seconds += time.perf_counter() - start
            if self.status is None and epoch.part == 1 and self.out_of_time():
                self.stop("stopped", f"the budget was used up after epoch {self.done}")
            if on_epoch:
                on_epoch(self)
            if epoch.part < 1:
                return


@torch.no_grad()
def snapshot_of(model: torch.nn.Module) -> Snapshot:
    """The model's state on the CPU."""
    return {
        name: value.detach().to("cpu", copy=True).contiguous()
        for name, value in model.state_dict().items()
        if isinstance(value, Tensor)
    }
