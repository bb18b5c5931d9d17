"""Many trials as one model: the same architecture with K sets of weights, trained at once.

The trials share initial weights, batches and random numbers, as they do one after another, and
differ in learning rate, schedule, weight decay and momentum. Weights stand as one matrix [K, P];
`vmap` of the functional model gives all losses, and one backward pass through their sum gives
each trial its own gradient, since no trial's loss depends on another's weights.
"""

import math
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

import torch
from torch import Tensor

from recipe.core import clock
from recipe.core.keys_and_seeds import derive_seed
from recipe.data.datasets import Splits
from recipe.experiment import Experiment
from recipe.models.building import build_model
from recipe.models.randomness import EpochRandomness
from recipe.speed.fused_model import FusedModel
from recipe.speed.fused_monitor import FusedMonitor
from recipe.speed.fused_optimizers import FUSED
from recipe.speed.fused_scores import FusedScores
from recipe.speed.fusing import CannotFuse, fusable
from recipe.training.epoch import AVERAGED, Epoch
from recipe.training.evaluation import evaluate, full_precision
from recipe.training.execution_mode import PLAIN, ExecutionMode, thread_count
from recipe.training.loop import VALIDATION
from recipe.training.plan import (
    epoch_batches,
    iterations_per_epoch,
    model_input,
    planned_rates,
    watched_iterations,
)
from recipe.training.weight_averaging import RunningAverage, trained_parameters, with_weights


@dataclass
class _Running:
    """An epoch of all trials in training, which may pause between two iterations."""

    number: int
    updates: Iterator[tuple[Tensor, Tensor | None]]
    watch: FusedMonitor
    noise: EpochRandomness
    iterations: int
    losses: list[Tensor] = field(default_factory=list)
    sums: Tensor | None = None
    seconds: float = 0.0

    def keep(self, index: Tensor) -> None:
        """Go on with these rows only."""
        self.losses = [loss[index] for loss in self.losses]
        self.sums = None if self.sums is None else self.sums[index]
        self.watch.keep(index)


class FusedTraining:
    """K trainings in lock step; `epoch()` advances all of them by one epoch, `epoch(pause)` by a
    part of one.
    """

    def __init__(
        self,
        experiments: Sequence[Experiment],
        data: Splits,
        *,
        seed: int,
        device: torch.device,
        rates: Sequence[Sequence[float]] | None = None,
        mode: ExecutionMode = PLAIN,
        compared_after: Sequence[int] = (),
    ) -> None:
        """Build one model and give every trial a copy of its weights.

        Args:
            experiments: resolved, equal in what `fusion_group` keeps.
            data: where to train and validate.
            seed: as of `Training`.
            device: where to train.
            rates: each trial's learning rate at every iteration, instead of its schedule.
            mode: layout and precision.
            compared_after: as of `Training`.

        Raises:
            CannotFuse: this experiment or model has to be trained one by one.

        """
        lead = experiments[0]
        if reason := fusable(lead):
            raise CannotFuse(reason)
        self.experiment, self.data, self.seed, self.device = lead, data, seed, device
        self.mode, self.scores = mode, FusedScores(lead)
        self.iterations_per_epoch = iterations_per_epoch(data.train, lead.batch_size)
        model = mode.lay_out_model(build_model(lead, derive_seed(seed, "weights"), device))
        self.trials = FusedModel(model, len(experiments))
        self.model = model
        self.number = 0
        self._paused: _Running | None = None
        self._validation: float | None = None
        self.compared_after = frozenset(compared_after)
        self.average = RunningAverage([self.trials.weights]) if compared_after else None
        self.optimizer = FUSED[str(lead.optimizer)](experiments, self.trials.weights)
        planned = rates or [planned_rates(e, data) for e in experiments]
        self.planned = [len(values) for values in planned]
        longest = max(self.planned)
        padded = [[*values, *[0.0] * (longest - len(values))] for values in planned]
        self.rates = torch.tensor(padded, device=device)

    @property
    def count(self) -> int:
        """Trials still in training."""
        return len(self.trials)

    def keep(self, rows: Sequence[int]) -> None:
        """Go on with these rows only."""
        index = torch.tensor(rows, device=self.device)
        self.trials.keep(index)
        self.rates = self.rates[index]
        self.planned = [self.planned[row] for row in rows]
        self.optimizer.keep(index)
        if self.average is not None:
            self.average.values = [value[index] for value in self.average.values]
        if self._paused is not None:
            self._paused.keep(index)

    def epoch(self, pause: int | None = None) -> list[Epoch]:
        """Train every trial for one epoch, or what is left of one that paused, and validate.

        Args:
            pause: pause, without validation, when so many iterations of the epoch are done.

        Returns:
            One result per row.

        """
        running = self._paused = self._paused or self._begin(self.number)
        with self._running(running.noise):
            self._train(running, pause)
        if pause is not None and pause <= len(running.losses) < running.iterations:
            part = len(running.losses) / running.iterations
            return [
                epoch if epoch.diverged else Epoch(epoch.number, losses=epoch.losses, part=part)
                for epoch in self._sum_up(running)
            ]
        return self._ended(running)

    def end_epoch(self) -> list[Epoch]:
        """As `Training.end_epoch`, one result per row."""
        running = self._paused
        if running is None or not running.losses:
            return []
        running.iterations = len(running.losses)
        return self._ended(running)

    @property
    def begun(self) -> float:
        """Share that is trained of an epoch that pauses."""
        return len(self._paused.losses) / self._paused.iterations if self._paused else 0.0

    def _ended(self, running: _Running) -> list[Epoch]:
        self._paused = None
        self.number += 1
        epochs = self._sum_up(running)
        started = time.monotonic()
        with self._running(self._noise(running.number)):
            self.scores.validate(self.trials, self.data, self.mode, epochs)
            if self.average is not None and self.number in self.compared_after:
                self._compare(self.average, epochs)
        self._validation = time.monotonic() - started
        return epochs

    def losses(
        self,
        iterations: int,
        watch_every: int | None = None,
        stop: Callable[[], bool] = lambda: False,
        cut: Callable[[list[float]], bool] = lambda _: False,
    ) -> list[tuple[list[float], dict[str, float]]]:
        """Train without validation, until `stop()` is true; a course counts up to where
        `cut(losses so far)` is true.

        Returns:
            Each trial's losses up to its first non-finite one, and the monitor's figures of every
            `watch_every`th iteration up to there.

        """
        batch_losses: list[Tensor] = []
        watch = FusedMonitor(self.trials)
        every = self.iterations_per_epoch
        stopped = False
        for number in range(math.ceil(iterations / every)):
            planned = range(number * every, min((number + 1) * every, iterations))
            watched = frozenset(i for i in planned if watch_every and (i + 1) % watch_every == 0)
            with self._running(self._noise(number)):
                for loss, _ in self._iterations(number, watched, watch):
                    clock.check()
                    batch_losses.append(loss)
                    stopped = stop() or len(batch_losses) == iterations
                    if stopped:
                        break
            if stopped:
                break
        results = []
        for k, row in enumerate(torch.stack(batch_losses, 1).tolist()):
            losses = _finite_start(row)
            end = next((n for n in range(1, len(losses) + 1) if cut(losses[:n])), None)
            last = len(losses) if end is None else end - 1
            results.append((losses[:end], watch.figures(k, last)))
        return results

    def _noise(self, epoch: int) -> EpochRandomness:
        return EpochRandomness(derive_seed(self.seed, "noise", epoch), self.device)

    @contextmanager
    def _running(self, noise: EpochRandomness) -> Iterator[None]:
        with warnings.catch_warnings(), thread_count(self.mode.threads):
            # An operation without a batched form is looped over: slower, and `speed` sees it.
            warnings.filterwarnings("ignore", message="There is a performance drop")
            with noise.running():
                yield

    def _begin(self, number: int) -> _Running:
        first = number * self.iterations_per_epoch
        iterations = min(self.iterations_per_epoch, max(self.planned) - first)
        watched = frozenset(first + i for i in watched_iterations(iterations))
        watch = FusedMonitor(self.trials)
        return _Running(
            number, self._iterations(number, watched, watch), watch, self._noise(number), iterations
        )

    def _train(self, running: _Running, pause: int | None) -> None:
        losses = running.losses
        began = time.monotonic() - running.seconds
        while pause is None or len(losses) < pause:
            running.seconds = time.monotonic() - began
            if len(losses) < running.iterations:
                clock.check(self._until_validated(running))
            update = next(running.updates, None)
            if update is None:
                return
            loss, sums = update
            losses.append(loss)
            running.sums = sums if running.sums is None or sums is None else running.sums + sums

    def _until_validated(self, running: _Running) -> float:
        """As `Training` estimates it."""
        if self._validation is not None or not running.losses:
            return self._validation or 0.0
        took = running.seconds / len(running.losses)
        return VALIDATION * took * len(self.data.val) / self.experiment.batch_size

    def _sum_up(self, running: _Running) -> list[Epoch]:
        epochs = []
        first = running.number * self.iterations_per_epoch
        for row, values in enumerate(torch.stack(running.losses, 1).tolist()):
            epoch = Epoch(running.number, losses=_finite_start(values))
            epoch.diverged = len(epoch.losses) < len(values)
            last = min(first + self.iterations_per_epoch, self.planned[row]) - 1
            epoch.figures["lr"] = self.rates[row, last].item()
            if epoch.losses:
                epoch.figures["train_loss"] = sum(epoch.losses) / len(epoch.losses)
            if running.sums is not None and not epoch.diverged:
                epoch.figures["train_score"] = self.scores.task.score(running.sums[row])
            epoch.figures |= running.watch.figures(row, first + len(epoch.losses))
            epochs.append(epoch)
        return epochs

    def _iterations(
        self, epoch: int, watched: frozenset[int], watch: FusedMonitor
    ) -> Iterator[tuple[Tensor, Tensor | None]]:
        """The updates of one epoch: losses [K] and sums of the score [K, ...]."""
        self.model.train()
        first = epoch * self.iterations_per_epoch
        batches = epoch_batches(self.experiment, self.data, self.seed, epoch)
        for i, (x, y) in enumerate(batches, first):
            if i >= self.rates.shape[1]:
                return
            views = self.trials.views(self.trials.weights)
            for view in views.values():
                view.requires_grad_()
            with self.mode.autocast(self.device):
                outputs = self.trials.outputs(views, model_input(self.experiment, self.mode, x))
            outputs = full_precision(outputs)
            losses = self.scores.losses(outputs, y)
            grad = self._gradient(losses.sum(), list(views.values()))
            self._clip(i, grad, watch)
            if i in watched:
                watch.before(i, grad)
            self.optimizer.step(self.trials.weights, grad, self.rates[:, i, None])
            if self.average is not None:
                self.average.add([self.trials.weights])
            if i in watched:
                watch.after()
            sums = None if self.experiment.metric else self.scores.sums(outputs.detach(), y)
            yield losses.detach(), sums

    def _gradient(self, loss: Tensor, views: list[Tensor]) -> Tensor:
        """The gradients as one matrix [K, P].

        Raises:
            CannotFuse: a parameter has none; one by one its optimizer would leave it alone.

        """
        grads = torch.autograd.grad(loss, views, allow_unused=True)
        parts = [grad.reshape(self.count, -1) for grad in grads if grad is not None]
        if len(parts) < len(views):
            raise CannotFuse("the loss does not reach all of its parameters")
        return torch.cat(parts, 1)

    def _clip(self, iteration: int, grad: Tensor, watch: FusedMonitor) -> None:
        """Each trial's gradient to at most `clip_norm`, as nn.utils.clip_grad_norm_ does."""
        limit = self.experiment.clip_norm
        if limit is not None:
            size = grad.norm(dim=1, keepdim=True)
            watch.clips(iteration, size[:, 0] > limit)
            grad.mul_((limit / (size + 1e-6)).clamp(max=1.0))

    def _compare(self, average: RunningAverage, epochs: list[Epoch]) -> None:
        """As `Training` does, row by row: it is seldom, and statistics of batch norm are read."""
        if self.number == max(self.compared_after):
            self.average = None
        for row, epoch in enumerate(epochs):
            if epoch.diverged:
                continue
            self.trials.load(row, average.values[0], self.trials.buffers)
            with with_weights(self, trained_parameters(self.model)) as model:
                score = evaluate(model, self.experiment, self.data.val, self.mode)[1]
            epoch.figures[AVERAGED] = score


def _finite_start(losses: list[float]) -> list[float]:
    """The losses before the first non-finite one."""
    for i, loss in enumerate(losses):
        if not math.isfinite(loss):
            return losses[:i]
    return losses
