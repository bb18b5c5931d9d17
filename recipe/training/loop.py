"""One fit, readable from top to bottom."""

import math
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import AbstractContextManager
from functools import partial

import torch
from torch import Tensor, nn

from recipe.core import clock
from recipe.core.keys_and_seeds import derive_seed
from recipe.data.datasets import Splits
from recipe.data.single_items import Batch
from recipe.data.trees import Values
from recipe.experiment import Experiment
from recipe.models.building import build_model
from recipe.models.randomness import EpochRandomness, seeded
from recipe.training.epoch import AVERAGED, Epoch, RunningEpoch, Update, take_losses
from recipe.training.evaluation import evaluate
from recipe.training.execution_mode import PLAIN, ExecutionMode, thread_count
from recipe.training.monitors import ActivationMonitor, UpdateMonitor
from recipe.training.optimizers import build_optimizer, clear_gradients, set_lr, step, wants_closure
from recipe.training.parking import Parked, take_back
from recipe.training.plan import (
    activation_sample,
    epoch_batches,
    iterations_per_epoch,
    learns_nothing,
    looked_at_every,
    model_input,
    planned_rates,
    watched_iterations,
)
from recipe.training.rank_passes import passes_of
from recipe.training.ranks import ALONE, Ranks
from recipe.training.running_score import RunningScore
from recipe.training.user_update import own_update
from recipe.training.weight_averaging import RunningAverage, trained_parameters, with_weights

VALIDATION = 0.5
"""Of an iteration: what a forward pass over as many items takes, with room for what is added up."""


class Training:
    """A model in training: `epochs()` advances it one epoch at a time and may be left early,
    `epoch(pause)` also in the middle of one.

    Randomness of an epoch (order, augmentation, dropout) depends on the seed and the epoch
    alone, so trainings may be interleaved, and trials that share a seed see the same batches.
    """

    def __init__(
        self,
        experiment: Experiment,
        data: Splits,
        *,
        seed: int,
        device: torch.device,
        rates: Sequence[float] | None = None,
        mode: ExecutionMode = PLAIN,
        compared_after: Sequence[int] = (),
        ranks: Ranks = ALONE,
    ) -> None:
        """Build a fresh model and its optimizer.

        Args:
            experiment: resolved, with a learning rate.
            data: where to train and validate.
            seed: of the initial weights and of everything random afterwards.
            device: where to train.
            rates: learning rate of every iteration, instead of the experiment's schedule.
            mode: layout, precision and threads.
            compared_after: numbers of epochs after which the score of the averaged weights is
                measured too.
            ranks: the processes that train it together.

        """
        self.experiment, self.data, self.seed, self.device = experiment, data, seed, device
        self.mode, self.ranks = mode, ranks
        self.task = experiment.resolved_task
        self.iterations_per_epoch = iterations_per_epoch(data.train, experiment.batch_size)
        self.rates = planned_rates(experiment, data) if rates is None else rates
        self.still = False
        """Nothing is to be learnt: backward passes are left out."""
        self.lr = experiment.lr or 0.0
        model = build_model(experiment, derive_seed(seed, "weights"), device)
        self.model = ranks.prepared(mode.lay_out_model(model))
        self.passes = passes_of(experiment, self.model, mode, device, ranks)
        self.optimizer = build_optimizer(experiment, self.model, self.lr)
        self.wants_closure = wants_closure(self.optimizer)
        self.scores_training = experiment.metric is None and experiment.update is None
        """An own metric wants all items at once, an own update step shows no outputs."""
        self.monitor = UpdateMonitor(self.model)
        self.compared_after = frozenset(compared_after)
        self.averaged = trained_parameters(self.model)
        self.average = RunningAverage(self.averaged) if compared_after else None
        self.number = 0
        """Of the next epoch, or of the one that pauses."""
        self.parked: Parked | None = None
        self._running: RunningEpoch | None = None
        self._validation: float | None = None
        """Seconds that the last one took."""

    def epochs(self) -> Iterator[Epoch]:
        """Train to the end of the plan; a loss that is not finite ends it at once."""
        while self.number < self._planned_epochs:
            epoch = self.epoch()
            yield epoch
            if epoch.diverged:
                return

    def epoch(self, pause: int | None = None) -> Epoch:
        """Train and validate the next epoch, or what is left of one that paused.

        Args:
            pause: pause, without validation, when so many iterations of the epoch are done.

        Raises:
            TimeUp: `recipe.core.clock` leaves no more than a validation takes; the epoch pauses.

        """
        take_back(self)
        running = self._running = self._running or self._begin(self.number)
        with thread_count(self.mode.threads):
            with running.noise.running():
                self._train(running, pause)
            if running.epoch.part < 1:
                return running.epoch
            return self._ended(running)

    def end_epoch(self) -> Epoch | None:
        """Validate what was trained of an epoch that pauses, as if it were all of it; None where
        that is nothing.
        """
        running = self._running
        if running is None or not running.done:
            return None
        running.iterations, running.epoch.part = running.done, 1.0
        self._sum_up(running)
        with thread_count(self.mode.threads):
            return self._ended(running)

    def close(self) -> None:
        """Let go of an epoch that pauses: it refers to this training, and this to it, and a device
        that runs out of memory does not look for such circles.
        """
        if self._running is not None:
            self._running.updates.close()
            self._running = None

    @property
    def begun(self) -> float:
        """Share that is trained of an epoch that pauses."""
        return self._running.done / self._running.iterations if self._running else 0.0

    def _ended(self, running: RunningEpoch) -> Epoch:
        self.number, self._running = self.number + 1, None
        if not running.epoch.diverged:
            started = time.monotonic()
            with self._seeded(running.epoch.number):
                running.epoch.figures |= self._validate()
                if self.average is not None and self.number in self.compared_after:
                    running.epoch.figures |= self._compared(self.average)
            self._validation = time.monotonic() - started
        return running.epoch

    def _begin(self, number: int) -> RunningEpoch:
        iterations = min(
            self.iterations_per_epoch, len(self.rates) - number * self.iterations_per_epoch
        )
        return RunningEpoch(
            Epoch(number),
            self._iterations(number, watched_iterations(iterations)),
            EpochRandomness(self._noise_seed(number), self.device),
            iterations,
            RunningScore(self.task),
        )

    def losses(
        self, stop: Callable[[list[float]], bool], watch_every: int | None = None
    ) -> list[float]:
        """Train without validation and return each iteration's loss; where all rates are zero, by
        forward passes alone.

        Ends at the first non-finite loss, which is left out, or when `stop(losses)` is true.
        Every `watch_every` iterations the monitor reads gradients and updates.
        """
        self.still = learns_nothing(self.experiment, self.rates)
        losses: list[float] = []
        for number in range(self._planned_epochs):
            first = number * self.iterations_per_epoch
            watched = frozenset(
                i for i in range(self.iterations_per_epoch)
                if watch_every and (first + i + 1) % watch_every == 0
            )  # fmt: skip
            with thread_count(self.mode.threads), self._seeded(number):
                for loss, _ in self._iterations(number, watched):
                    clock.check()
                    value = self.ranks.total(loss).item()
                    if not math.isfinite(value):
                        return losses
                    losses.append(value)
                    if stop(losses):
                        return losses
        return losses

    @property
    def _planned_epochs(self) -> int:
        return math.ceil(len(self.rates) / self.iterations_per_epoch)

    def _noise_seed(self, epoch: int) -> int:
        others = [self.ranks.rank] if self.ranks.rank else []
        return derive_seed(self.seed, "noise", epoch, *others)

    def _seeded(self, epoch: int) -> AbstractContextManager[None]:
        return seeded(self._noise_seed(epoch), self.device)

    def _train(self, running: RunningEpoch, pause: int | None) -> None:
        epoch = running.epoch
        check_every = looked_at_every(self.device)
        pending: list[Tensor] = []
        began = time.monotonic() - running.seconds
        while pause is None or running.done < pause:
            running.seconds = time.monotonic() - began
            looks = running.done % check_every == 0 or self.ranks.world == 1
            if running.done < running.iterations and looks and self._time_is_up(running):
                take_losses(pending, epoch, self.ranks)
                raise clock.TimeUp
            update = next(running.updates, None)
            if update is None:
                break
            loss, answers = update
            running.done += 1
            pending.append(loss)
            if answers is not None:
                running.tally.add(*answers)
            if len(pending) >= check_every and not take_losses(pending, epoch, self.ranks):
                break
        going = take_losses(pending, epoch, self.ranks) and running.done < running.iterations
        if going and pause is not None and running.done >= pause:
            epoch.part = running.done / running.iterations
        else:
            epoch.part = 1.0
            self._sum_up(running)

    def _time_is_up(self, running: RunningEpoch) -> bool:
        return self.ranks.agreed(yes=clock.is_up(self._until_validated(running)))

    def _until_validated(self, running: RunningEpoch) -> float:
        """Seconds that the validation of an epoch takes, as far as is known."""
        if self._validation is not None:
            return self._validation
        if not running.done:
            return 0.0
        took = running.seconds / running.done
        return VALIDATION * took * len(self.data.val) / self.experiment.batch_size

    def _sum_up(self, running: RunningEpoch) -> None:
        epoch = running.epoch
        last = epoch.number * self.iterations_per_epoch + running.iterations - 1
        epoch.figures["lr"] = self.rates[last]
        if epoch.losses:
            epoch.figures["train_loss"] = sum(epoch.losses) / len(epoch.losses)
        if self.scores_training and not epoch.diverged:
            epoch.figures["train_score"] = running.tally.joined(self.ranks).score()
        epoch.figures |= self.monitor.flush()

    def _iterations(self, epoch: int, watched: frozenset[int]) -> Generator[Update]:
        """The updates of one epoch, until the planned rates are used up."""
        self.model.train()
        batches = self.ranks.parted(epoch_batches(self.experiment, self.data, self.seed, epoch))
        rates = self.rates[epoch * self.iterations_per_epoch :]
        for i, ((x, y), lr) in enumerate(zip(batches, rates, strict=False)):
            set_lr(self.optimizer, lr, self.lr)
            update = self._iteration(x, y, watch=i in watched)
            if self.average is not None:
                self.average.add(self.averaged)
            yield update

    def _iteration(self, x: Values, y: Values, *, watch: bool) -> Update:
        """One update; what it returns has no gradient."""
        x = model_input(self.experiment, self.mode, x)
        if self.experiment.update is not None:
            loss = self._own_update((x, y), watch=watch)
            return torch.as_tensor(loss).detach(), None
        if self.still:
            return self.passes.loss(x, y), None
        closure = self._evaluation(x, y) if self.wants_closure else None
        outputs, loss = self._gradients(x, y)
        if watch:
            self.monitor.before_step()
        step(self.optimizer, closure)
        if watch:
            self.monitor.after_step()
        return loss.detach(), self.passes.seen(outputs, y) if self.scores_training else None

    def _evaluation(self, x: Values, y: Values) -> Callable[[], float]:
        """How an optimizer may ask for the loss of this batch and its gradients."""
        kept = x.clone()  # the model may work in place

        def evaluate() -> float:
            return self.ranks.total(self._gradients(kept.clone(), y)[1]).item()

        return evaluate

    def _gradients(self, x: Values, y: Values) -> tuple[Values, Tensor]:
        """One pass forward and backward; outputs and loss."""
        found = self.passes.gradients(x, y, partial(clear_gradients, self.optimizer))
        if self.experiment.clip_norm is not None:
            limit = self.experiment.clip_norm
            self.monitor.clips(nn.utils.clip_grad_norm_(self.model.parameters(), limit), limit)
        return found

    def _own_update(self, batch: Batch, *, watch: bool) -> Tensor | float:
        hook = None
        if watch:
            hook = self.optimizer.register_step_pre_hook(lambda *_: self.monitor.before_step())
        try:
            return own_update(self.experiment, self.model, self.optimizer, batch)
        finally:
            if hook is not None:
                hook.remove()
                self.monitor.after_step()

    def _validate(self) -> dict[str, float]:
        monitor = ActivationMonitor(activation_sample(self.data.train))
        loss, score = evaluate(
            self.model, self.experiment, self.data.val, self.mode, monitor, ranks=self.ranks
        )
        shares = {name: share.item() for name, share in monitor.worst().items()}
        return {"val_loss": loss, "val_score": score} | shares

    def _compared(self, average: RunningAverage) -> dict[str, float]:
        """The score of the averaged weights; behind the last comparison nothing is averaged."""
        if self.number == max(self.compared_after):
            self.average = None
        with with_weights(self, average.values) as model:
            found = evaluate(model, self.experiment, self.data.val, self.mode, ranks=self.ranks)
            return {AVERAGED: found[1]}
