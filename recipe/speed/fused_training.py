"""Many trials as one model: the same architecture with K sets of weights, trained at once.

The trials share initial weights, batches and random numbers, as they do one after another, and
differ in learning rate, schedule, weight decay and momentum. Weights stand as one matrix [K, P];
`vmap` of the functional model gives all losses, and one backward pass through their sum gives
each trial its own gradient, since no trial's loss depends on another's weights.
"""

import math
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial

import torch
from torch import Tensor
from torch.func import functional_call, vmap

from recipe.core.keys import derive_seed
from recipe.data.datasets import Splits
from recipe.experiment import Experiment
from recipe.models.building import Noise, build_model
from recipe.speed.fused_monitor import Watch
from recipe.speed.fused_optimizers import FUSED
from recipe.training.evaluation import evaluate, full_precision
from recipe.training.execution_mode import PLAIN, ExecutionMode, thread_count
from recipe.training.fit import Snapshot, copy_of
from recipe.training.loop import AVERAGED, Epoch
from recipe.training.monitors import activation_shares
from recipe.training.plan import (
    activation_sample,
    epoch_batches,
    iterations_per_epoch,
    model_input,
    planned_rates,
    watched_iterations,
)
from recipe.training.weight_averaging import Average, trained_parameters, with_weights


class CannotFuse(Exception):  # noqa: N818 - a reason, not an error
    """Why these trials have to be trained one by one."""


def fusable(experiment: Experiment) -> str | None:
    """Why trials of this experiment cannot be fused at all; None when they may be."""
    if experiment.update is not None:
        return "it brings its own update step"
    if not isinstance(experiment.optimizer, str):
        return "it brings its own optimizer"
    return None


def alike(experiment: Experiment) -> Experiment:
    """The experiment without what may vary inside a group: equal for trials of one group."""
    return replace(
        experiment, lr=None, weight_decay=None, momentum=None, schedule=None, warmup=0.0, epochs=1
    )


@dataclass
class _Running:
    """An epoch of all trials in training, which may pause between two iterations."""

    number: int
    updates: Iterator[tuple[Tensor, Tensor | None]]
    watch: Watch
    noise: Noise
    iterations: int
    losses: list[Tensor] = field(default_factory=list)
    sums: Tensor | None = None

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
            experiments: resolved, equal in what `alike` keeps.
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
        self.mode, self.task, self.loss_function = mode, lead.resolved_task, lead.loss_function
        self.iterations_per_epoch = iterations_per_epoch(data.train, lead.batch_size)
        self.model = mode.lay_out_model(build_model(lead, derive_seed(seed, "weights"), device))
        self.number = 0
        self._paused: _Running | None = None
        self.began = len(experiments)
        self.trials = list(range(self.began))
        """Which trial each row is of."""
        self._stack(len(experiments))
        self.compared_after = frozenset(compared_after)
        self.average = Average([self.weights]) if compared_after else None
        self._held: dict[str, Tensor] = {}
        """Of all trials at the start: the weights under "", and the buffers."""
        self._holding: set[int] = set()
        self.optimizer = FUSED[str(lead.optimizer)](experiments, self.weights)
        planned = rates or [planned_rates(e, data) for e in experiments]
        self.planned = [len(values) for values in planned]
        longest = max(self.planned)
        padded = [[*values, *[0.0] * (longest - len(values))] for values in planned]
        self.rates = torch.tensor(padded, device=device)

    def _stack(self, count: int) -> None:
        named = dict(self.model.named_parameters())
        trained = {name: p for name, p in named.items() if p.requires_grad}
        if not trained:
            raise CannotFuse("the model has no trainable parameters")
        if {p.dtype for p in trained.values()} != {torch.float32}:
            raise CannotFuse("its parameters are not all float32")
        self.shapes = {name: p.shape for name, p in trained.items()}
        self.sizes = [p.numel() for p in trained.values()]
        row = torch.cat([p.detach().reshape(-1) for p in trained.values()])
        self.weights = row.repeat(count, 1)
        every = dict(self.model.named_parameters(remove_duplicate=False))
        self.tied = len(every) > len(named)  # looking for ties costs more than a small layer
        self.fixed = {name: p.detach() for name, p in named.items() if name not in trained}
        self.buffers = {
            name: value.detach().unsqueeze(0).repeat(count, *[1] * value.ndim)
            for name, value in self.model.named_buffers()
        }

    @property
    def count(self) -> int:
        """Trials still in training."""
        return len(self.weights)

    def keep(self, rows: Sequence[int]) -> None:
        """Go on with these rows only."""
        index = torch.tensor(rows, device=self.device)
        self.weights = self.weights[index].contiguous()
        self.buffers = {name: value[index] for name, value in self.buffers.items()}
        self.rates = self.rates[index]
        self.planned = [self.planned[row] for row in rows]
        self.trials = [self.trials[row] for row in rows]
        self.optimizer.keep(index)
        if self.average is not None:
            self.average.values = [value[index] for value in self.average.values]
        if self._paused is not None:
            self._paused.keep(index)

    def hold(self, rows: Sequence[int]) -> None:
        """Keep the present weights of these rows, in place of what was kept of them."""
        now = {"": self.weights, **self.buffers}
        if not self._held:
            self._held = {
                n: value.new_empty(self.began, *value.shape[1:]) for n, value in now.items()
            }
        trials = [self.trials[row] for row in rows]
        self._holding.update(trials)
        for name, value in now.items():
            self._held[name][trials] = value[list(rows)]

    @torch.no_grad()
    def held(self, trial: int) -> Snapshot:
        """What was kept of a trial, by the names of the model's own state.

        Args:
            trial: its row at the start.

        """
        if trial not in self._holding:
            return {}
        self._load(trial, self._held[""], self._held)
        return copy_of(self.model)

    @torch.no_grad()
    def _load(self, row: int, weights: Tensor, buffers: Mapping[str, Tensor]) -> None:
        """Put one row of weights [K, P] and of buffers into the model."""
        parameters = self.views(weights)
        for name, p in self.model.named_parameters():
            if name in parameters:
                p.copy_(parameters[name][row])
        for name, buffer in self.model.named_buffers():
            buffer.copy_(buffers[name][row])

    def epoch(self, pause: int | None = None) -> list[Epoch]:
        """Train every trial for one epoch, or what is left of one that paused, and validate.

        Args:
            pause: pause, without validation, when so many iterations of the epoch are done.

        Returns:
            One result per row.

        """
        running = self._paused or self._begin(self.number)
        with self._running(running.noise):
            self._train(running, pause)
        if pause is not None and pause <= len(running.losses) < running.iterations:
            self._paused = running
            part = len(running.losses) / running.iterations
            return [
                epoch if epoch.diverged else Epoch(epoch.number, losses=epoch.losses, part=part)
                for epoch in self._sum_up(running)
            ]
        self._paused = None
        self.number += 1
        epochs = self._sum_up(running)
        with self._running(self._noise(running.number)):
            self._validate(epochs)
            if self.average is not None and self.number in self.compared_after:
                self._compare(self.average, epochs)
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
        watch = Watch(self)
        every = self.iterations_per_epoch
        stopped = False
        for number in range(math.ceil(iterations / every)):
            planned = range(number * every, min((number + 1) * every, iterations))
            watched = frozenset(i for i in planned if watch_every and (i + 1) % watch_every == 0)
            with self._running(self._noise(number)):
                for loss, _ in self._iterations(number, watched, watch):
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

    def _noise(self, epoch: int) -> Noise:
        return Noise(derive_seed(self.seed, "noise", epoch), self.device)

    @contextmanager
    def _running(self, noise: Noise) -> Iterator[None]:
        with warnings.catch_warnings(), thread_count(self.mode.threads):
            # An operation without a batched form is looped over: slower, and `speed` sees it.
            warnings.filterwarnings("ignore", message="There is a performance drop")
            with noise.running():
                yield

    def views(self, matrix: Tensor) -> dict[str, Tensor]:
        """The matrix [K, P] as one tensor [K, ...] per parameter."""
        parts = torch.split(matrix, self.sizes, 1)
        return {
            name: part.reshape(len(matrix), *shape)
            for (name, shape), part in zip(self.shapes.items(), parts, strict=True)
        }

    def _begin(self, number: int) -> _Running:
        first = number * self.iterations_per_epoch
        iterations = min(self.iterations_per_epoch, max(self.planned) - first)
        watched = frozenset(first + i for i in watched_iterations(iterations))
        watch = Watch(self)
        return _Running(
            number, self._iterations(number, watched, watch), watch, self._noise(number), iterations
        )

    def _train(self, running: _Running, pause: int | None) -> None:
        losses = running.losses
        while pause is None or len(losses) < pause:
            update = next(running.updates, None)
            if update is None:
                return
            loss, sums = update
            losses.append(loss)
            running.sums = sums if running.sums is None or sums is None else running.sums + sums

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
                epoch.figures["train_score"] = self.task.score(running.sums[row])
            epoch.figures |= running.watch.figures(row, first + len(epoch.losses))
            epochs.append(epoch)
        return epochs

    def _iterations(
        self, epoch: int, watched: frozenset[int], watch: Watch
    ) -> Iterator[tuple[Tensor, Tensor | None]]:
        """The updates of one epoch: losses [K] and sums of the score [K, ...]."""
        self.model.train()
        first = epoch * self.iterations_per_epoch
        batches = epoch_batches(self.experiment, self.data, self.seed, epoch)
        for i, (x, y) in enumerate(batches, first):
            if i >= self.rates.shape[1]:
                return
            views = self.views(self.weights)
            for view in views.values():
                view.requires_grad_()
            with self.mode.autocast(self.device):
                outputs = self._outputs(views, model_input(self.experiment, self.mode, x))
            outputs = full_precision(outputs)
            losses = self._losses(outputs, y)
            grad = self._gradient(losses.sum(), list(views.values()))
            self._clip(i, grad, watch)
            if i in watched:
                watch.before(i, grad)
            self.optimizer.step(self.weights, grad, self.rates[:, i, None])
            if self.average is not None:
                self.average.add([self.weights])
            if i in watched:
                watch.after()
            sums = None if self.experiment.metric else self._sums(outputs.detach(), y)
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

    def _losses(self, outputs: Tensor, y: Tensor) -> Tensor:
        """Every trial's loss [K] from outputs [K, N, ...]."""
        if self.experiment.loss is None:
            return self.task.losses(outputs, y)
        losses: Tensor = vmap(self.loss_function, (0, None))(outputs, y)
        return losses

    def _sums(self, outputs: Tensor, y: Tensor) -> Tensor:
        """The sums of every trial's score, [K, ...]."""
        sums: Tensor = vmap(self.task.sums, (0, None))(outputs, y)
        return sums

    def _clip(self, iteration: int, grad: Tensor, watch: Watch) -> None:
        """Each trial's gradient to at most `clip_norm`, as nn.utils.clip_grad_norm_ does."""
        limit = self.experiment.clip_norm
        if limit is not None:
            size = grad.norm(dim=1, keepdim=True)
            watch.clips(iteration, size[:, 0] > limit)
            grad.mul_((limit / (size + 1e-6)).clamp(max=1.0))

    @torch.no_grad()
    def _validate(self, epochs: list[Epoch]) -> None:
        self.model.eval()
        parameters, metric = self.views(self.weights), self.experiment.metric
        loss_sum: Tensor | None = None
        parts, targets, count = [], [], 0
        for x, y in self.data.val.eval_batches():
            outputs = self._outputs(parameters, self.mode.lay_out(x))
            loss = self._losses(outputs, y) * len(x)
            loss_sum = loss if loss_sum is None else loss_sum + loss
            count += len(x)
            parts.append(outputs if metric else self._sums(outputs, y))
            targets.append(y)
        if loss_sum is None:
            return
        scored = torch.cat(parts, 1) if metric else torch.stack(parts).sum(0)
        shares = self._activations(parameters)
        for row, (epoch, loss) in enumerate(zip(epochs, loss_sum.tolist(), strict=True)):
            if epoch.diverged:
                continue
            score = metric(scored[row], torch.cat(targets)) if metric else None
            epoch.figures["val_loss"] = loss / count
            epoch.figures["val_score"] = (
                self.task.score(scored[row]) if score is None else float(score)
            )
            epoch.figures |= {name: values[row] for name, values in shares.items()}

    def _compare(self, average: Average, epochs: list[Epoch]) -> None:
        """As `Training` does, row by row: it is seldom, and statistics of batch norm are read."""
        if self.number == max(self.compared_after):
            self.average = None
        for row, epoch in enumerate(epochs):
            if epoch.diverged:
                continue
            self._load(row, average.values[0], self.buffers)
            with with_weights(self, trained_parameters(self.model)) as model:
                score = evaluate(model, self.experiment, self.data.val, self.mode)[1]
            epoch.figures[AVERAGED] = score

    def _call(self, parameters: dict[str, Tensor], buffers: dict[str, Tensor], x: Tensor) -> Tensor:
        values = {**parameters, **buffers, **self.fixed}
        outputs: Tensor = functional_call(self.model, values, (x,), tie_weights=self.tied)
        if any(values[name] is not buffer for name, buffer in buffers.items()):
            raise CannotFuse("its forward pass replaces a buffer instead of changing it in place")
        return outputs

    def _outputs(self, parameters: dict[str, Tensor], x: Tensor) -> Tensor:
        """Of every trial, [K, N, ...]."""
        outputs: Tensor = vmap(self._call, (0, 0, None), randomness="same")(
            parameters, self.buffers, x
        )
        return outputs

    def _activations(self, parameters: dict[str, Tensor]) -> dict[str, list[float]]:
        x, _ = next(iter(self.data.val.eval_batches()))
        x = self.mode.lay_out(x[: activation_sample(self.data.train)])

        def shares(parameters: dict[str, Tensor], buffers: dict[str, Tensor]) -> dict[str, Tensor]:
            return activation_shares(partial(self._call, parameters, buffers), x)

        found = vmap(shares, randomness="same")(parameters, self.buffers)
        return {name: values.tolist() for name, values in found.items()}


def _finite_start(losses: list[float]) -> list[float]:
    """The losses before the first non-finite one."""
    for i, loss in enumerate(losses):
        if not math.isfinite(loss):
            return losses[:i]
    return losses
