"""A training with a record, advanced to any point of it."""

import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial

import torch
from torch import Tensor

from recipe.core.clock import TimeUp
from recipe.core.trials import TrialStatus
from recipe.data.datasets import Splits
from recipe.experiment import Experiment
from recipe.training.early_stopping import (
    Snapshot,
    TrainingRecord,
    out_of_budget,
    patience_for,
)
from recipe.training.execution_mode import ExecutionMode
from recipe.training.loop import Training
from recipe.training.plan import pause_in
from recipe.training.ranks import whole_tensor


def fresh_fit(
    experiment: Experiment,
    data: Splits,
    *,
    seed: int,
    device: torch.device,
    mode: ExecutionMode,
    compared_after: Sequence[int] = (),
    out_of_time: Callable[[], bool] | None = None,
) -> "Fit":
    """A fit of a resolved experiment that has its learning rate; nothing is trained yet.

    Args:
        experiment: what to train.
        data: where to train and validate.
        seed: of the run.
        device: where.
        mode: of a training that runs by itself.
        compared_after: epochs after which it is compared by its averaged weights.
        out_of_time: see `Fit`.

    """
    training = Training(
        experiment, data, seed=seed, device=device, mode=mode, compared_after=compared_after
    )
    epochs = experiment.epochs or 1
    return Fit(training, epochs, patience_for(epochs), out_of_time)


class Fit(TrainingRecord):
    """A training in this process with its record, advanced to any point of it."""

    def __init__(
        self,
        training: Training,
        planned: int,
        patience: int | None = None,
        out_of_time: Callable[[], bool] | None = None,
    ) -> None:
        """Nothing is trained yet.

        Args:
            training: what is advanced.
            planned: epochs.
            patience: epochs without a gain after which it stops.
            out_of_time: whether the time is used up, asked after each epoch: with it the training
                ends with what it has when that is so, or when `recipe.core.clock` cuts it off;
                without it the latter is a TimeUp.

        """
        super().__init__(planned, patience)
        self.training, self.out_of_time = training, out_of_time

    def stop(self, status: TrialStatus, reason: str) -> None:
        """See `TrainingRecord`; nothing of the training is left but its model."""
        super().stop(status, reason)
        self.training.close()

    def advance(self, until: float, on_epoch: Callable[["Fit"], None] | None = None) -> None:
        """Train until `until` epochs are done, or the fit ends by itself.

        A training that pauses in the middle of an epoch ends like one that never did, bit for bit.
        """
        while self.status is None and self.done < min(until, self.planned):
            start = time.perf_counter()
            pause = pause_in(until - self.done, self.training.iterations_per_epoch)
            try:
                epoch = self.training.epoch(pause)
            except TimeUp:
                if self.out_of_time is None:
                    raise
                self._cut_off()
                self.seconds += time.perf_counter() - start
                if on_epoch:
                    on_epoch(self)
                return
            if self.record(epoch):
                self.weights = partial(dict, snapshot_of(self.training.model))
            self.seconds += time.perf_counter() - start
            up = epoch.part == 1 and self.out_of_time is not None and self.out_of_time()
            if self.status is None and up:
                self.stop("stopped", f"the budget was used up after epoch {self.done}")
            if on_epoch:
                on_epoch(self)
            if epoch.part < 1:
                return

    def _cut_off(self) -> None:
        """End within an epoch. The first one is validated as far as it came: a model that is hardly
        trained is better than none.
        """
        part, first = self.training.begun, not self.done
        if first:
            with suppress(TimeUp):
                self._end_first()
        if self.status != "diverged":
            self.part = part
            self.stop("stopped", out_of_budget(self.trained))

    def _end_first(self) -> None:
        epoch = self.training.end_epoch()
        if epoch is not None and self.record(epoch):
            self.weights = partial(dict, snapshot_of(self.training.model))
        if epoch is not None and not epoch.diverged:
            self.done = 0  # it was not whole


@torch.no_grad()
def snapshot_of(model: torch.nn.Module) -> Snapshot:
    """The model's state on the CPU."""
    return {
        name: whole_tensor(value.detach()).to("cpu", copy=True).contiguous()
        for name, value in model.state_dict().items()
        if isinstance(value, Tensor)
    }
