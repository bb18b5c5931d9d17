"""Trains trials in another process than the one that decides about them, and answers to that.

The process that decides asks for a group of trials to be advanced; it hears how far they are, then
what their records are. Weights stay here until they are asked for: most trials are not among the
best. A group that pauses for a cut is held until it goes on.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, fields
from typing import Any

from recipe.border.faults import usage_error
from recipe.core.errors import raised
from recipe.core.trials import Trial, TrialStatus
from recipe.machine.out_of_memory import hear_of_parts
from recipe.machine.processes import Channel, ChannelClosed
from recipe.search.executor import Executor, Trainer
from recipe.search.fused_executor import FusedExecutor
from recipe.search.open_trial import OpenTrial, TrialSpec
from recipe.search.sequential_executor import SequentialExecutor
from recipe.training.early_stopping import Snapshot, TrainingRecord

RECORDED = tuple(f.name for f in fields(TrainingRecord) if f.name != "weights")


class RemoteTrial(OpenTrial):
    """A trial that another process decides about."""

    def __init__(self, spec: TrialSpec, head: Mapping[str, Any]) -> None:
        super().__init__(spec, head)
        self.kept: dict[str, Any] | None = None
        """The record of one that has ended."""
        self.reason: str | None = None
        """Why it could not be trained."""
        self.snapshot: Snapshot = {}

    def _write(self, status: TrialStatus, reason: str | None) -> None:
        if self.record is not None:
            self.kept, self.snapshot = _plain(self.record), self.record.weights()
        self.reason = reason if status == "failed" else None
        self.drop(status)

    def drop(self, status: TrialStatus = "stopped") -> None:
        """It is not trained any further."""
        self.record = None
        if self.trial is None:
            self.trial = Trial(
                key="", step="", round=0, number=0, params={}, seed=0, status=status, epochs=0,
                planned_epochs=self.epochs, seconds=0.0,
            )  # fmt: skip

    @property
    def answer(self) -> dict[str, Any]:
        """What is known of it, for the process that decides."""
        record = _plain(self.record) if self.record else self.kept
        return {"record": record, "failed": self.reason}

    def weights(self) -> Snapshot:
        """Of its best epoch."""
        return self.record.weights() if self.record else self.snapshot


def _plain(record: TrainingRecord) -> dict[str, Any]:
    return {name: getattr(record, name) for name in RECORDED}


@dataclass
class Group:
    """Trials that train as one model, or a single one, and how far they were asked to go."""

    trials: list[RemoteTrial]
    executor: Executor
    stages: int = 0
    """Stretches that are done."""

    def advance(self, stages: Sequence[Any], tell: Callable[[dict[str, Any]], None]) -> None:
        """Go through all stretches that are not done yet: (until, who has ended before it).

        One that begins anew goes through all of them: trials that end early leave the others
        another company, which shows in the last digit.
        """

        def on_progress(trial: OpenTrial) -> None:
            record = trial.record
            if record is not None and isinstance(trial, RemoteTrial):
                where = {"trial": self.trials.index(trial), "loss": record.train_loss}
                tell({"done": record.done, "part": record.part, **where})

        for until, ended in stages[self.stages :]:
            for index in ended:
                self.trials[index].drop()
            self.executor.advance(until, on_progress)
            self.stages += 1


def group_of(specs: Sequence[TrialSpec], numbers: Sequence[int], trainer: Trainer,
             compared_after: Sequence[int]) -> Group:  # fmt: skip
    """Fresh trials, fused where there are several."""
    trials = [RemoteTrial(s, {"number": n}) for s, n in zip(specs, numbers, strict=True)]
    kind = FusedExecutor if len(trials) > 1 else SequentialExecutor
    return Group(trials, kind(trials, trainer, compared_after))


Within = Callable[[dict[str, Any]], AbstractContextManager[object]]


@dataclass
class Service:
    """Answers one process, for as long as that is there."""

    line: Channel
    make: Callable[[dict[str, Any], bytes], Group]
    """Makes the group that a message asks for."""
    within: Within
    """What holds while it trains: how long it may take."""

    def __post_init__(self) -> None:
        self.held: dict[int, Group] = {}

    def answer(self, message: dict[str, Any], payload: bytes) -> bool:
        """Do what a message asks for; False where this process is of no use any more."""
        if "drop" in message:
            self._drop(message["drop"])
        elif "weights" in message:
            self._send_weights(*message["weights"])
        else:
            return self._advance(message, payload)
        return True

    def _drop(self, which: int | None) -> None:
        for number in list(self.held) if which is None else [which]:
            group = self.held.pop(number, None)
            if group is not None:
                group.executor.close()

    def _send_weights(self, number: int, trial: int) -> None:
        from safetensors.torch import save

        snapshot = self.held[number].trials[trial].weights() if number in self.held else {}
        self.line.send({"weights": bool(snapshot)}, save(snapshot) if snapshot else None)

    def _advance(self, message: dict[str, Any], payload: bytes) -> bool:
        number = message["group"]
        group: Group | None = None
        try:
            group = self.held.get(number)
            if group is None:
                group = self.held[number] = self.make(message, payload)
            with self.within(message):
                group.advance(message["stages"], self.line.send)
        except ChannelClosed:
            raise
        except BaseException as error:  # noqa: BLE001 - the parent raises it
            model = group.trials[0].spec.trained.model if group else None
            fault = usage_error(error, model)
            self.line.send({"fault": str(fault)} if fault else {"crashed": raised(error)})
            return False
        self.line.send({"trials": [trial.answer for trial in group.trials]})
        return True


def serve(service: Service) -> None:
    """Answer until the other end is gone, or this one is of no use."""
    line = service.line
    hear_of_parts(lambda text, size: line.send({"note": text, "size": size}))
    while service.answer(*line.receive()):
        pass
