"""Runs the trials of a step: from the journal where it knows them, by training otherwise.

Trials of a run share initial weights and data order (their seed is the run's), so differences
between them come from the hyperparameters.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import torch

from recipe.budget import Meter
from recipe.errors import UsageError
from recipe.experiment import Experiment
from recipe.files import write_bytes
from recipe.journal import Journal
from recipe.keys import key
from recipe.results import Scalar, Trial
from recipe.training.data import Splits
from recipe.training.fingerprint import configuration
from recipe.training.fit import Fit, is_better, patience_for, score_at
from recipe.training.loop import Training

CHECKPOINTS = "checkpoints"


@dataclass(frozen=True)
class Spec:
    """A trial to run: what varies, and the experiment that has it set."""

    params: Mapping[str, Scalar]
    experiment: Experiment


@dataclass(frozen=True)
class Halving:
    """After `share` of the epochs, only the best `keep` of the trials go on."""

    share: float = 1 / 3
    keep: float = 0.5

    def rung(self, epochs: int) -> int:
        """Epochs until the cut."""
        return max(1, round(epochs * self.share))


@dataclass
class Runner:
    """Trains trials for the steps of one run."""

    journal: Journal
    folder: Path
    data: Splits
    device: torch.device
    seed: int
    fingerprint: str
    meter: Meter
    told: Callable[[Trial, bool], None]
    progress: Callable[[float, float, str], None]
    counted: set[str] = field(default_factory=set)
    """Keys of the trials whose epochs the meter has."""

    def run(
        self,
        step: str,
        round_: int,
        specs: Sequence[Spec],
        halving: Halving | None = None,
        *,
        first: int = 1,
    ) -> list[Trial]:
        """Train every spec, or look it up; one Trial per spec, in the same order.

        With `halving`, all trials train to the rung, then the better part goes on. A trial
        whose factory or training raises is `failed` with its reason; the others go on.
        """
        cohort = key([dict(spec.params) for spec in specs], halving and asdict(halving))
        slots = [
            _Slot(self, spec, {"step": step, "round": round_, "number": number}, cohort)
            for number, spec in enumerate(specs, first)
        ]
        if halving is not None and len(slots) > 1:
            longest = max(slot.epochs for slot in slots)
            rung = halving.rung(min(slot.epochs for slot in slots))
            later = max(1, math.ceil(len(slots) * halving.keep)) * (longest - rung)
            for slot in slots:
                slot.advance(rung, slots, later)
            self._cut(slots, rung, halving)
        for slot in slots:
            slot.advance(slot.epochs, slots, 0)
        return [slot.trial for slot in slots if slot.trial is not None]

    def _cut(self, slots: "list[_Slot]", rung: int, halving: Halving) -> None:
        scores = sorted((slot.score_at(rung) for slot in slots), key=_rank, reverse=True)
        bar = scores[max(1, math.ceil(len(scores) * halving.keep)) - 1]
        for slot in slots:
            score = slot.score_at(rung)
            if _rank(score) < _rank(bar):
                slot.end("stopped", f"in the lower part after {rung} epochs")

    def checkpoint(self, trial: Trial) -> Path:
        """Where a trial's best weights are kept, if they are."""
        return self.folder / CHECKPOINTS / f"{trial.key}.safetensors"

    def keep(self, trial: Trial, fit: Fit) -> None:
        """Save the snapshot when no trial of this run is better, and drop the one it beats."""
        from safetensors.torch import save

        known = [Trial(**value) for value in self.journal.values("trial")]
        if not fit.snapshot or any(_beats(other, trial) for other in known):
            return
        path = self.checkpoint(trial)
        path.parent.mkdir(exist_ok=True)
        write_bytes(path, save(fit.snapshot))

    def prune(self, best: Trial) -> None:
        """Remove the checkpoints of all trials but the best."""
        for path in (self.folder / CHECKPOINTS).glob("*.safetensors"):
            if path.stem != best.key:
                path.unlink(missing_ok=True)

    def weights(self, trial: Trial, experiment: Experiment) -> bytes:
        """The best epoch's weights of a trial; trained again when the file is gone."""
        from safetensors.torch import save

        path = self.checkpoint(trial)
        if path.exists():
            return path.read_bytes()
        fit = self.fit(experiment)
        fit.advance(trial.epochs)
        return save(fit.snapshot)

    def fit(self, experiment: Experiment) -> Fit:
        """A fresh fit of a resolved experiment under this run's seed."""
        training = Training(experiment, self.data, seed=self.seed, device=self.device)
        epochs = experiment.epochs or 1
        return Fit(training, epochs, patience_for(epochs))


class _Slot:
    """A trial on its way: known from the journal, in training, or done."""

    def __init__(self, runner: Runner, spec: Spec, head: dict[str, Any], cohort: str) -> None:
        self.runner, self.spec, self.head = runner, spec, head
        self.epochs = spec.experiment.epochs or 1
        whole = key("trial", runner.fingerprint, runner.seed, configuration(spec.experiment))
        self.keys = {"stopped": key(whole, cohort)}
        self.whole = whole
        self.fit: Fit | None = None
        self.trial: Trial | None = self._known()
        if self.trial is not None:
            if self.trial.key not in runner.counted:
                runner.meter.epochs += self.trial.epochs
                runner.counted.add(self.trial.key)
            runner.told(self.trial, True)

    def _known(self) -> Trial | None:
        for name in (self.whole, self.keys["stopped"]):
            value = self.runner.journal.get("trial", name)
            if value is not None:
                return Trial(**{**value, **self.head, "params": dict(self.spec.params)})
        return None

    def score_at(self, epoch: int) -> float | None:
        """The best score so far; of a known trial as it stood then."""
        if self.trial is not None:
            return score_at(self.trial.curves.get("val_score", ()), epoch)
        return self.fit.score_at(epoch) if self.fit else None

    def advance(self, until: int, slots: "list[_Slot]", later: int) -> None:
        """Train on, and write the trial down when it has ended.

        `later`: epochs expected beyond this stretch, for the time left.
        """
        if self.trial is not None:
            return
        what = f"trial {self.head['number']} of {len(slots)}"

        def told(_: Fit) -> None:
            self.runner.meter.epochs += 1
            done = sum(slot.done for slot in slots)
            total = sum(min(until, slot.epochs) if slot.trial is None else slot.done
                        for slot in slots) + later  # fmt: skip
            self.runner.progress(done, total, what)

        try:
            if self.fit is None:
                self.fit = self.runner.fit(self.spec.experiment)
            self.fit.advance(until, told)
        except (UsageError, RuntimeError, ValueError, TypeError) as error:
            self._write("failed", str(error))
            return
        if self.fit.status is not None:
            self._write(self.fit.status, self.fit.reason)

    @property
    def done(self) -> int:
        """Epochs that were trained."""
        if self.trial is not None:
            return self.trial.epochs
        return self.fit.done if self.fit else 0

    def end(self, status: Any, reason: str) -> None:
        """Stop a trial that is still in training."""
        if self.trial is None and self.fit is not None:
            self.fit.stop(status, reason)
            self._write(status, reason)

    def _write(self, status: Any, reason: str | None) -> None:
        fit, runner = self.fit, self.runner
        trial = Trial(
            key=self.keys.get(status, self.whole),
            **self.head,
            params=dict(self.spec.params),
            seed=runner.seed,
            status=status,
            reason=reason,
            epochs=fit.done if fit else 0,
            planned_epochs=self.epochs,
            seconds=fit.seconds if fit else 0.0,
            metric=self.spec.experiment.metric_name,
        )
        if fit:
            curves: dict[str, Sequence[float | None]] = {
                **fit.curves,
                "batch_loss": fit.batch_losses(),
            }
            trial = replace(
                trial,
                val_score=fit.best_score,
                val_loss=fit.best_loss,
                best_epoch=fit.best_epoch,
                curves={name: tuple(curves[name]) for name in sorted(curves)},
            )
            runner.keep(trial, fit)
        runner.journal.put("trial", trial.key, asdict(trial))
        self.trial, self.fit = trial, None
        if runner.checkpoint(trial).exists():
            runner.prune(trial)
        runner.counted.add(trial.key)
        runner.told(trial, False)


def _rank(score: float | None) -> float:
    return -math.inf if score is None else score


def _beats(other: Trial, trial: Trial) -> bool:
    return is_better(other.val_score, other.val_loss, trial.val_score, trial.val_loss)


def best_of(trials: Sequence[Trial]) -> Trial | None:
    """The trial with the best score (ties: lower loss, then earlier); None when none has one."""
    best: Trial | None = None
    for trial in trials:
        if trial.val_score is None and trial.val_loss is None:
            continue
        if best is None or _beats(trial, best):
            best = trial
    return best
