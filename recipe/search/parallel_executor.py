"""Trials side by side in forked processes."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import fields
from functools import partial
from typing import Any

from recipe.border.faults import usage_error
from recipe.core.errors import UNUSABLE, RecipeError, UsageError, raised
from recipe.machine.out_of_memory import hear_of_parts, reason_of_failure, tell_of_parts
from recipe.machine.processes import ATTEMPTS, Channel, ChannelClosed, Child, Children, ready
from recipe.search.executor import OnProgress, Trainer
from recipe.search.trial_run import TrialRun
from recipe.training.early_stopping import TrainingRecord
from recipe.training.fit import Fit


class ParallelExecutor:
    """Forked processes with a trial each, as many at a time as there are processors.

    A trial that pauses for a cut stays in its process, which waits; the process of a trial that
    has ended takes the next one, since a process that has trained before starts faster.
    """

    def __init__(
        self, runs: Sequence[TrialRun], trainer: Trainer, width: int, compared_after: Sequence[int]
    ) -> None:
        self.runs, self.trainer, self.width = runs, trainer, width
        self.compared_after = compared_after
        self.children = Children(self._serve)
        self.child_of: dict[TrialRun, Child] = {}
        self.attempts: dict[TrialRun, int] = dict.fromkeys(runs, 0)

    def advance(self, until: float, on_progress: OnProgress) -> None:
        """See `Executor`."""
        waiting = []
        for run in self.runs:
            if run.trial is not None:
                self._release(run)
            elif run.record is None or run.record.done < min(until, run.epochs):
                waiting.append(run)
        running: dict[Child, TrialRun] = {}
        while waiting or running:
            while waiting and len(running) < self.width:
                run = waiting.pop(0)
                child = self._child_for(run)
                with suppress(ChannelClosed):  # which is heard of below
                    child.send({"slot": self.runs.index(run), "until": until})
                running[child] = run
            for child in ready(running):
                run = running[child]
                try:
                    finished = self._hear(run, child, on_progress)
                except ChannelClosed:
                    finished = True
                    if self._begin_again(run, child):
                        waiting.insert(0, run)
                if finished:
                    del running[child]

    def _child_for(self, run: TrialRun) -> Child:
        child = self.child_of.get(run)
        if child is None:
            self.attempts[run] += 1
            child = self.child_of[run] = self.children.free()
        return child

    def _hear(self, run: TrialRun, child: Child, on_progress: OnProgress) -> bool:
        """Take in one message; True when the child has done what it was asked to."""
        message, payload = child.receive()
        if "fault" in message:
            raise UsageError(message["fault"])
        if "crashed" in message:
            raise RecipeError(f"Trial {run.head['number']}: {message['crashed']}")
        if "note" in message:
            tell_of_parts(message["note"], message["size"])
            return False
        if "done" in message:
            if run.record is None:
                run.record = TrainingRecord(run.epochs)
            done, part = message["done"], message["part"]
            if done + part > run.record.trained:  # not again when it was begun again
                run.record.done, run.record.part = done, part
                run.record.curves["train_loss"] = [message["loss"]]
                on_progress(run)
            return False
        run.record = _read_record(message["record"], payload) if message["record"] else None
        if "failed" in message:
            run.fail(message["failed"])
        run.settle()
        if run.trial is not None:
            self._release(run)
        return True

    def _release(self, run: TrialRun) -> None:
        """The trial has ended: its process may take another one."""
        child = self.child_of.pop(run, None)
        run.record = None
        if child is not None:
            self.children.rest(child)

    def _begin_again(self, run: TrialRun, child: Child) -> bool:
        """After a child died: whether the trial gets another one."""
        how = child.death()
        self.children.end(child)
        del self.child_of[run]
        if self.attempts[run] < ATTEMPTS:
            self.trainer.say(f"Trial {run.head['number']} is run again: {how}.")
            return True
        run.record = None
        run.fail(f"{how}, {ATTEMPTS} times; it may need more memory than there is")
        return False

    def _serve(self, line: Channel) -> None:
        """In the child: train as far as asked, report every epoch, then the whole record."""
        from safetensors.torch import save

        hear_of_parts(lambda text, size: line.send({"note": text, "size": size}))
        current: Fit | None = None
        number = -1
        while True:
            message, _ = line.receive()
            answer: dict[str, Any] = {}
            try:
                if message["slot"] != number:
                    number, current = message["slot"], None
                if current is None:
                    experiment = self.runs[number].spec.trained
                    current = self.trainer.fit(experiment, self.compared_after)
                current.advance(message["until"], lambda fit: line.send(_how_far(fit)))
            except UNUSABLE as error:
                answer = {"failed": reason_of_failure(error)}
            except ChannelClosed:
                raise
            except BaseException as error:  # noqa: BLE001 - the parent raises it
                fault = usage_error(error, self.runs[number].spec.trained.model)
                what = {"fault": str(fault)} if fault else {"crashed": raised(error)}
                line.send(what)
                return
            snapshot = current.weights() if current else {}
            record = current and {name: getattr(current, name) for name in RECORDED}
            line.send({**answer, "record": record}, save(snapshot) if snapshot else None)
            if answer:
                current, number = None, -1

    def close(self) -> None:
        """End all children."""
        self.children.close()


def _how_far(fit: Fit) -> dict[str, Any]:
    return {"done": fit.done, "part": fit.part, "loss": fit.train_loss}


RECORDED = tuple(f.name for f in fields(TrainingRecord) if f.name != "weights")


def _read_record(values: dict[str, Any], snapshot: bytes) -> TrainingRecord:
    from safetensors.torch import load

    return TrainingRecord(**values, weights=partial(load, snapshot) if snapshot else dict)
