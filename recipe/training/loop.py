"""One fit, readable from top to bottom."""

import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn

from recipe.errors import RecipeError, UsageError
from recipe.experiment import Experiment
from recipe.keys import derive_seed
from recipe.training.data import Batch, Data, Splits, TensorData
from recipe.training.models import build_model, channels_last_works, place, seeded
from recipe.training.monitors import UpdateMonitor, activation_figures
from recipe.training.optimizers import build_optimizer, set_lr
from recipe.training.schedules import rates as schedule_rates

WATCHED_PER_EPOCH = 4
"""Iterations of an epoch at which gradients and updates are read."""
CHECK_EVERY = 16
"""Iterations between looks at the loss on an accelerator, where each look waits for it."""
ACTIVATION_SAMPLE = 256


@dataclass
class Epoch:
    """What one epoch measured, by curve name; `losses` holds every iteration's batch loss."""

    number: int
    figures: dict[str, float] = field(default_factory=dict)
    losses: list[float] = field(default_factory=list)
    diverged: bool = False


class Training:
    """A model in training: `epochs()` advances it one epoch at a time and may be left early.

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
    ) -> None:
        """Build a fresh model and its optimizer.

        Args:
            experiment: resolved, with a learning rate.
            data: where to train and validate.
            seed: of the initial weights and of everything random afterwards.
            device: where to train.
            rates: learning rate of every iteration, instead of the experiment's schedule.

        """
        if experiment.lr is None or experiment.epochs is None or experiment.schedule is None:
            raise RecipeError("Training needs a resolved experiment with a learning rate.")
        self.experiment, self.data, self.seed, self.device = experiment, data, seed, device
        self.task = experiment.resolved_task
        self.loss_function = experiment.loss_function
        self.lr = experiment.lr
        self.model = build_model(experiment, derive_seed(seed, "weights"), device)
        self.optimizer = build_optimizer(experiment, self.model, self.lr)
        self.channels_last = isinstance(data.train, TensorData) and channels_last_works(
            self.model, data.train.x
        )
        per_epoch = iterations_per_epoch(data.train, experiment.batch_size)
        self.iterations_per_epoch = per_epoch
        self.rates = (
            rates
            if rates is not None
            else schedule_rates(
                self.lr, experiment.schedule, experiment.warmup, experiment.epochs * per_epoch
            )
        )
        self.monitor = UpdateMonitor(self.model)

    def epochs(self) -> Iterator[Epoch]:
        """Train to the end of the plan; a loss that is not finite ends it at once."""
        for number in range(self._planned_epochs):
            epoch = Epoch(number)
            with self._seeded(number):
                self._train(epoch)
            if not epoch.diverged:
                with self._seeded(number):
                    epoch.figures |= self._validate()
            yield epoch
            if epoch.diverged:
                return

    def losses(
        self, stop: Callable[[list[float]], bool], watch_every: int | None = None
    ) -> list[float]:
        """Train without validation and return each iteration's loss.

        Ends at the first non-finite loss, which is left out, or when `stop(losses)` is true.
        Every `watch_every` iterations the monitor reads gradients and updates.
        """
        losses: list[float] = []
        for number in range(self._planned_epochs):
            first = number * self.iterations_per_epoch
            watched = frozenset(
                i for i in range(self.iterations_per_epoch)
                if watch_every and (first + i + 1) % watch_every == 0
            )  # fmt: skip
            with self._seeded(number):
                for loss, _ in self._iterations(number, watched):
                    value = loss.item()
                    if not math.isfinite(value):
                        return losses
                    losses.append(value)
                    if stop(losses):
                        return losses
        return losses

    @property
    def _planned_epochs(self) -> int:
        return math.ceil(len(self.rates) / self.iterations_per_epoch)

    def _seeded(self, epoch: int) -> AbstractContextManager[None]:
        return seeded(derive_seed(self.seed, "noise", epoch), self.device)

    def _train(self, epoch: Epoch) -> None:
        watched = _spread(self.iterations_per_epoch, WATCHED_PER_EPOCH)
        check_every = 1 if self.device.type == "cpu" else CHECK_EVERY
        pending: list[Tensor] = []
        sums: Tensor | None = None
        for loss, batch_sums in self._iterations(epoch.number, watched):
            pending.append(loss)
            if batch_sums is not None:
                sums = batch_sums if sums is None else sums + batch_sums
            if len(pending) >= check_every and not _take(pending, epoch):
                break
        _take(pending, epoch)
        last = min((epoch.number + 1) * self.iterations_per_epoch, len(self.rates)) - 1
        epoch.figures["lr"] = self.rates[last]
        if epoch.losses:
            epoch.figures["train_loss"] = sum(epoch.losses) / len(epoch.losses)
        if sums is not None and not epoch.diverged:
            epoch.figures["train_score"] = self.task.score(sums)
        epoch.figures |= self.monitor.flush()

    def _iterations(
        self, epoch: int, watched: frozenset[int]
    ) -> Iterator[tuple[Tensor, Tensor | None]]:
        """The updates of one epoch, until the planned rates are used up."""
        self.model.train()
        generator = torch.Generator().manual_seed(derive_seed(self.seed, "order", epoch))
        batches = self.data.train.batches(
            self.experiment.batch_size, generator, shuffle=self.experiment.shuffle
        )
        rates = self.rates[epoch * self.iterations_per_epoch :]
        for i, ((x, y), lr) in enumerate(zip(batches, rates, strict=False)):
            set_lr(self.optimizer, lr, self.lr)
            yield self._iteration(x, y, watch=i in watched)

    def _iteration(self, x: Tensor, y: Tensor, *, watch: bool) -> tuple[Tensor, Tensor | None]:
        """One update; returns the loss and the sums of the score, both without gradient."""
        x = self._prepare(x, augment=True)
        if self.experiment.update is not None:
            loss = self._own_update((x, y), watch=watch)
            return torch.as_tensor(loss).detach(), None
        outputs = self.model(x)
        loss = self.loss_function(outputs, y)
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        if self.experiment.clip_norm is not None:
            nn.utils.clip_grad_norm_(self.model.parameters(), self.experiment.clip_norm)
        if watch:
            self.monitor.before_step()
        self.optimizer.step()
        if watch:
            self.monitor.after_step()
        sums = None if self.experiment.metric else self.task.sums(outputs.detach(), y)
        return loss.detach(), sums

    def _own_update(self, batch: Batch, *, watch: bool) -> Tensor | float:
        if self.experiment.update is None:
            raise RecipeError("No update step was declared.")
        hook = None
        if watch:
            hook = self.optimizer.register_step_pre_hook(lambda *_: self.monitor.before_step())
        try:
            return self.experiment.update(self.model, self.optimizer, batch)
        except Exception as error:
            raise UsageError(
                f"The update step raised {type(error).__name__}: {error} ({place(error)}); it is "
                "called as update(model, optimizer, (x, y)) and returns the loss."
            ) from error
        finally:
            if hook is not None:
                hook.remove()
                self.monitor.after_step()

    def _prepare(self, x: Tensor, *, augment: bool) -> Tensor:
        if augment and self.experiment.augment is not None:
            x = self.experiment.augment(x)
        return x.contiguous(memory_format=torch.channels_last) if self.channels_last else x

    @torch.no_grad()
    def _validate(self) -> dict[str, float]:
        loss, score = self.evaluate(self.data.val)
        figures = {"val_loss": loss, "val_score": score}
        sample, _ = next(iter(self.data.val.eval_batches()))
        return figures | activation_figures(
            self.model, self._prepare(sample[:ACTIVATION_SAMPLE], augment=False)
        )

    def evaluate(self, data: Data) -> tuple[float, float]:
        """Mean loss and score on `data` in evaluation mode; NaN where undefined."""
        return evaluate(self.model, self.experiment, data, channels_last=self.channels_last)


@torch.no_grad()
def evaluate(
    model: nn.Module, experiment: Experiment, data: Data, *, channels_last: bool = False
) -> tuple[float, float]:
    """Mean loss and score of `model` on `data` in evaluation mode; NaN where undefined."""
    model.eval()
    task, loss_function, metric = (
        experiment.resolved_task, experiment.loss_function, experiment.metric,
    )  # fmt: skip
    loss_sum, count = 0.0, 0
    sums: Tensor | None = None
    kept: list[Batch] = []
    for x, y in data.eval_batches():
        outputs = model(x.contiguous(memory_format=torch.channels_last) if channels_last else x)
        loss_sum += loss_function(outputs, y).item() * len(x)
        count += len(x)
        if metric is not None:
            kept.append((outputs, y))
        else:
            batch = task.sums(outputs, y)
            sums = batch if sums is None else sums + batch
    if metric is not None:
        outputs, targets = (torch.cat(parts) for parts in zip(*kept, strict=True))
        score = float(metric(outputs, targets))
    else:
        score = task.score(sums) if sums is not None else math.nan
    return loss_sum / max(1, count), score


def iterations_per_epoch(data: Data, batch_size: int) -> int:
    """Batches of one pass, as `batches` yields them: a last single item is left out."""
    n = len(data)
    whole, rest = divmod(n, batch_size)
    return max(1, whole + (rest > 1 or (rest == 1 and n == 1)))


def _spread(n: int, count: int) -> frozenset[int]:
    """At most `count` indices spread over range(n), the last one among them."""
    count = min(n, count)
    return frozenset(round((k + 1) * n / count) - 1 for k in range(count))


def _take(pending: list[Tensor], epoch: Epoch) -> bool:
    """Move pending losses into the epoch up to the first non-finite one; False when it came."""
    if not pending:
        return not epoch.diverged
    losses = torch.stack([loss.float().reshape(()) for loss in pending]).tolist()
    pending.clear()
    for loss in losses:
        if not math.isfinite(loss):
            epoch.diverged = True
            return False
        epoch.losses.append(loss)
    return True
