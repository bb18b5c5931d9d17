"""A trial that is being trained, in whichever process: its record, and how it ends."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from recipe.core.evidence import Scalar
from recipe.core.trials import Trial, TrialStatus
from recipe.experiment import Experiment

if TYPE_CHECKING:
    from recipe.training.early_stopping import TrainingRecord


@dataclass(frozen=True)
class TrialSpec:
    """A trial to run: what varies, and the experiment that has it set."""

    params: Mapping[str, Scalar]
    experiment: Experiment
    repeats: str | None = None
    """Key of the trial that it repeats from another seed."""
    inner: Experiment | None = None
    """What is trained to the same effect: the head alone, on kept features."""

    @property
    def trained(self) -> Experiment:
        """What is trained."""
        return self.inner or self.experiment


class OpenTrial(ABC):
    """What executors train. Its record may be trained beside a trial that is already known, where
    others in one fused model need it to be there.
    """

    def __init__(self, spec: TrialSpec, head: Mapping[str, Any]) -> None:
        """Nothing is trained yet; `head` are the trial's step, round and number."""
        self.spec, self.head = spec, head
        self.epochs = spec.experiment.epochs or 1
        self.record: TrainingRecord | None = None
        self.trial: Trial | None = None
        """What came of it, once it has ended."""

    @property
    def done(self) -> float:
        """Epochs that were trained, parts included."""
        if self.trial is not None:
            return self.trial.trained
        return self.record.trained if self.record else 0

    def expected(self, until: float) -> float:
        """Epochs that it will have trained when all were trained to `until`."""
        ended = self.trial is not None or (self.record is not None and self.record.status)
        return self.done if ended else min(until, self.epochs)

    def hear(self, message: Mapping[str, Any]) -> bool:
        """Take in how far another process trained it, from its `done`, `part` and `loss`; whether
        that is further than before, which it is not where it was begun again.
        """
        from recipe.training.early_stopping import TrainingRecord

        if self.record is None:
            self.record = TrainingRecord(self.epochs)
        done, part = message["done"], message["part"]
        if done + part <= self.record.trained:
            return False
        self.record.done, self.record.part = done, part
        self.record.curves["train_loss"] = [message["loss"]]
        return True

    def end(self, status: TrialStatus, reason: str) -> None:
        """Stop a training that is still going on."""
        if self.record is not None and self.record.status is None:
            self.record.stop(status, reason)
            self.settle()

    def fail(self, reason: str) -> None:
        """It cannot be trained."""
        if self.trial is None:
            self._write("failed", reason)

    def settle(self) -> None:
        """Write the trial down if it has ended and is not known yet."""
        if self.trial is None and self.record is not None and self.record.status is not None:
            self._write(self.record.status, self.record.reason)

    @abstractmethod
    def _write(self, status: TrialStatus, reason: str | None) -> None:
        """Write down how it ended: `trial` is there afterwards."""
