"""`recipe.watch`: a training loop of the user's own, diagnosed while it runs."""

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import torch
from torch import nn

from recipe.core.errors import UsageError, raised
from recipe.core.evidence import Evidence, Scalar
from recipe.core.findings import Finding
from recipe.core.results import RunResult, StepResult
from recipe.watching import folder, hooks
from recipe.watching.findings import Judge
from recipe.watching.given import as_number, as_value, close_at_exit, loggers, to_stderr
from recipe.watching.listener import Listener
from recipe.watching.pace import SHARE, Pace

WORD = 500
"""Iterations behind which a loop that tells no validation is judged; later ever more."""


def watch(
    model: nn.Module, optimizer: Any = None, *, loss: Callable[..., Any] | None = None,
    epochs: int | None = None, metric: str = "score", name: str | None = None,
    out: str | Path = "reports", log: str | Sequence[str] = (), share: float = SHARE,
    say: Callable[[str], None] | None = None,
) -> "Watch":  # fmt: skip
    """Watch a training loop of your own.

        watch = recipe.watch(model, optimizer)
        for epoch in range(epochs):
            for x, y in loader:
                ...
                watch.step(loss)
            watch.val(loss=val_loss, score=accuracy)
        watch.close()

    Losses, rates, gradient norms, the ratio of updates to weights, dead and saturated units are
    measured, findings are said once, as soon as they are certain, and at the end a run folder with
    report, curves and journal is written. A loss that is not finite is traced to the operation that
    made it. Of a distributed training the first process watches.

    Args:
        model: what is trained, be it wrapped (DistributedDataParallel, torch.compile) or not.
        optimizer: a torch.optim.Optimizer, or a wrapper of one; without it gradients and updates
            are read between two calls of `step`.
        loss: a module or function of (outputs, targets): a NaN is then traced into it too.
        epochs: that are planned, where that is known.
        metric: what the score is called.
        name: of the run folder; by default the model's class.
        out: folder for run folders.
        log: where else curves and findings are written, as `--log` of a run: "tensorboard:DIR".
        share: of the time, that watching may take at most.
        say: is given each line; by default it goes to standard error.

    Raises:
        UsageError: model or optimizer is none.

    """
    return Watch(model, optimizer, loss=loss, epochs=epochs, metric=metric, name=name, out=out,
                 log=log, share=share, say=say)  # fmt: skip


class Watch:
    """A training that is watched; see `watch`. It never changes the training: a watched loop gives
    the same losses, bit for bit.
    """

    def __init__(
        self, model: nn.Module, optimizer: Any = None, *, loss: Callable[..., Any] | None = None,
        epochs: int | None = None, metric: str = "score", name: str | None = None,
        out: str | Path = "reports", log: str | Sequence[str] = (), share: float = SHARE,
        say: Callable[[str], None] | None = None, told: bool = False,
    ) -> None:  # fmt: skip
        """See `watch`; `told` where a callback of a framework says when batches begin."""
        if not isinstance(model, nn.Module):
            raise UsageError(
                f"recipe.watch got a {type(model).__name__}: pass the torch.nn.Module that you "
                "train."
            )
        inner = hooks.innermost(optimizer)
        if optimizer is not None and inner is None:
            raise UsageError(
                f"recipe.watch got a {type(optimizer).__name__} as optimizer: pass the "
                "torch.optim.Optimizer that you train with, or leave it out."
            )
        self.result: RunResult | None = None
        self.closed = not hooks.speaks()
        """It is over, or another process of a distributed training watches."""
        self.epochs, self.metric, self.say = epochs, metric, say or to_stderr
        self.loss = loss
        self.checks: tuple[StepResult, ...] = ()
        self._began = time.monotonic()
        self._judging = 0.0
        """Seconds that the last judgement took; and, in `_writing`, the last lines of the journal.
        """
        self._writing = 0.0
        self._next_word = WORD
        """The iteration behind which a loop that tells no validation is judged."""
        if self.closed:
            return
        self.judge = Judge()
        on_cpu = all(p.device.type == "cpu" for p in model.parameters())
        clock = time.thread_time if on_cpu else time.perf_counter
        self.listener = Listener(model, inner, loss, Pace(share, clock), self.failed, self._broken,
                                 told)  # fmt: skip
        self.notebook = folder.Notebook(Path(out), name or type(self.model).__name__)
        began = clock()
        self.judge.judge(Evidence())  # what is done once is done before training begins
        self._judging = clock() - began
        self.loggers = loggers(log, self.say)
        self.loggers.start(self.notebook.folder.name)
        self.loggers.begin("training", self._settings())
        self.listener.listen()
        close_at_exit(self)

    @property
    def model(self) -> nn.Module:
        """The user's module, without what is around it."""
        return self.listener.model

    def step(self, loss: Any, batch: Any = None) -> None:
        """Tell the loss of an iteration: a number, or a tensor with one.

        Args:
            loss: of the batch, before it is divided for accumulation; `backward` may have been
                called or not.
            batch: inputs and targets: for a NaN to be traced exactly where `loss=` is a function,
                whose calls nobody sees, and in loops so fast that calls of the model are not kept.

        Raises:
            UsageError: it is no number.

        """
        if self.closed or (batch is None and self.listener.quick(loss)):
            return
        pace = self.listener.pace
        began = pace.clock() if pace.timing else None
        number = as_number(loss)
        try:
            self.listener.stepped(loss, number, batch)
            if began is not None:
                pace.time(pace.clock() - began)
            if self.listener.record.iterations >= self._next_word:
                self._word()
        except Exception as error:  # noqa: BLE001 - see `failed`
            self.failed(error)

    def val(
        self, *, loss: Any = None, score: Any = None, train_score: Any = None, **more: Any
    ) -> None:
        """Tell what a validation measured, at the end of an epoch or whenever there was one.

        Args:
            loss: mean over the validation items.
            score: higher is better.
            train_score: the same on training items.
            more: other curves to keep, by name.

        Raises:
            UsageError: one of them is no number.

        """
        if self.closed:
            return
        given = {"val_loss": loss, "val_score": score, "train_score": train_score, **more}
        values = {n: as_value(n, v) for n, v in given.items() if v is not None}
        try:
            self._validated(values)
        except Exception as error:  # noqa: BLE001 - see `failed`
            self.failed(error)

    def begin(self, *args: Any, **kwargs: Any) -> None:
        """For callbacks: the model is going to be called with this, or with a batch of it."""
        self._tell_listener(lambda: self.listener.begin(args, kwargs))

    def forward_done(self) -> None:
        """For callbacks: that call is over."""
        self._tell_listener(lambda: self.listener.close_activations())  # noqa: PLW0108 - see below

    def before_update(self) -> None:
        """For callbacks: gradients are there, weights are still as they were."""
        self._tell_listener(lambda: self.listener.before_update())  # noqa: PLW0108

    def after_update(self, lr: float | None = None) -> None:
        """For callbacks: the weights were updated, at this rate."""
        self._tell_listener(lambda: self.listener.after_update(lr))

    def _tell_listener(self, told: Callable[[], None]) -> None:
        """Where there is a listener: a process that does not watch has none."""
        if not self.closed:
            try:
                told()
            except Exception as error:  # noqa: BLE001 - see `failed`
                self.failed(error)

    def check(self, train: Any, val: Any = None, **declared: Any) -> tuple[Finding, ...]:
        """Run the first steps of the recipe on copies of model and data, before training begins.

        Args:
            train: a DataLoader, a Dataset, a pair of arrays, or one batch.
            val: the same, to validate on; by default a part of `train` is held out.
            declared: more arguments of `recipe.Experiment`, such as task= or metric=.

        Returns:
            What was found, causes first.

        Raises:
            UsageError: the data cannot be used.

        """
        if self.closed:
            return ()
        from recipe.watching.checking import checked

        self.checks, causes = checked(self.listener, self.loss, train, val, declared)
        for f in self.judge.fresh(causes):
            self._tell(f, "before training")
        if not causes:
            self.say("recipe: before training: nothing found")
        return causes

    def close(self, *, interrupted: bool = False) -> RunResult | None:
        """Take the hooks away, and write the run folder.

        Returns:
            What was found; None in a process that does not watch.

        """
        if not self.closed:
            self._release()
            try:
                self._finish(interrupted=interrupted)
            except Exception as error:  # noqa: BLE001 - see `failed`
                self.failed(error)
        return self.result

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:  # fmt: skip
        self.close(interrupted=kind is not None)

    def _validated(self, values: dict[str, float]) -> None:
        listener = self.listener
        record, pace = listener.record, listener.pace
        listener.flush()
        listener.rate()
        record.point(values)
        began = pace.clock()
        self.notebook.note(folder.POINT, str(record.points), record.last())
        self.loggers.point(record.points, record.last())
        pace.spent += pace.clock() - began
        self._speak_if_paid()
        if pace.pays(self._writing):
            started = time.perf_counter()  # writing takes next to nothing of the processor's time
            self.notebook.write()
            self._writing = time.perf_counter() - started
            pace.spent += self._writing

    def _word(self) -> None:
        """Judge the losses alone, where no validation is told."""
        iterations = self.listener.record.iterations
        self._next_word = iterations + max(WORD, iterations // 4)
        if not self.listener.record.points:
            self.listener.flush()
            self._speak_if_paid()

    def _speak_if_paid(self) -> None:
        pace = self.listener.pace
        if pace.pays(self._judging):
            began = pace.clock()
            self._speak()
            self._judging = pace.clock() - began
            pace.spent += self._judging

    def _broken(self) -> None:
        self._speak(sure=True)

    def _speak(self, *, sure: bool = False) -> None:
        evidence = self.listener.record.evidence(self._known(), growing=True)
        record = self.listener.record
        epoch = f"epoch {record.points}, " if record.points else ""
        for f in self.judge.certain(evidence, sure=sure):
            self._tell(f, f"{epoch}iteration {record.iterations}")

    def _tell(self, f: Finding, where: str) -> None:
        self.notebook.note(folder.FOUND, f.rule, {"at": where, "message": f.message})
        self.loggers.found([f])
        self.say(f"recipe: {where}: {f.severity}: {f.rule}: {f.message} -> {f.advice}")

    def _known(self) -> dict[str, Scalar]:
        """Scalars about the run, by their names in evidence."""
        known: dict[str, Scalar] = {"metric": self.metric, "best_planned_epochs": self.epochs}
        known |= {f"best_{name}": value for name, value in self._settings().items()}
        listener = self.listener
        if listener.origin is not None and listener.record.diverged:
            known |= {"nan_iteration": listener.wild_at, **listener.origin.scalars()}
        return {name: value for name, value in known.items() if value is not None}

    def _settings(self) -> dict[str, Scalar]:
        optimizer = self.listener.optimizer
        if optimizer is None:
            return {}
        decay = float(optimizer.param_groups[0].get("weight_decay", 0.0))
        return {"optimizer": type(optimizer).__name__.lower(), "weight_decay": decay}

    def _finish(self, *, interrupted: bool) -> None:
        record = self.listener.record
        self.listener.end()
        evidence = record.evidence(self._known(), growing=False)
        for f in self.judge.certain(evidence, sure=True):
            self._tell(f, "at the end")
        self.loggers.end("diverged" if record.diverged else "finished")
        self.loggers.close()
        params: dict[str, Scalar] = {"lr": record.highest_lr or None, **self._settings()}
        device = next((p.device for p in self.model.parameters()), torch.device("cpu"))
        ended = folder.Ended(
            record, evidence, self.judge.judge(evidence), params, self.checks, self.metric,
            time.monotonic() - self._began, device, interrupted,
        )  # fmt: skip
        self.result = folder.write(self.notebook, self.judge, ended)
        self.say(f"recipe: {self.result.verdict}: {self.result.folder}/report.md")

    def failed(self, error: Exception) -> None:
        """A training never fails because it is watched: an error of ours ends the watch."""
        self._release()
        self.notebook.journal.close()
        self.say(f"recipe: the watch ended: {raised(error)}. Training goes on.")

    def _release(self) -> None:
        self.closed = True
        self.listener.release()
