"""A trial's place in a grid: known from the journal, in training, or written down."""

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, Protocol

from recipe.core.keys_and_seeds import key
from recipe.core.trials import Trial, TrialStatus
from recipe.notebook.journal import Journal
from recipe.search.checkpoints import Checkpoints
from recipe.search.halving import Standing, compared_losses, group_of
from recipe.search.open_trial import OpenTrial, TrialSpec
from recipe.training.early_stopping import TrainingRecord, score_at
from recipe.training.fingerprint import configuration

RUNG_LOSS = "rung_loss"
"""The curve of a trial that was compared with others: its losses up to there."""


def standing_of(trial: Trial, rung: float) -> Standing:
    """How a trial that has ended stood at a cut after `rung` epochs."""
    score = score_at(trial.curves, math.floor(rung))
    found: tuple[float, ...] | None
    if trial.rung == rung:
        found = tuple(loss for loss in trial.curves.get(RUNG_LOSS, ()) if loss is not None)
    else:
        # Without a record of that moment only one that had failed is known to be behind.
        found = None if trial.status == "finished" else ()
    return Standing(group_of(trial.params), score, found)


class TrialBook(Protocol):
    """Where trials are looked up and written down, and who hears of them."""

    @property
    def fingerprint(self) -> str:
        """Of experiment and data."""

    @property
    def seed(self) -> int:
        """Of the trainings."""

    @property
    def journal(self) -> Journal:
        """What is known already."""

    @property
    def counted(self) -> set[str]:
        """Keys of the trials whose epochs are booked."""

    @property
    def checkpoints(self) -> Checkpoints:
        """The weights that are kept."""

    @property
    def on_trial(self) -> Callable[[Trial, bool], None]:
        """Called with a trial that has ended, and whether the journal knew it."""

    def spend(self, epochs: float) -> None:
        """Book epochs."""

    def keep(self, trial: Trial, record: TrainingRecord) -> None:
        """Keep its weights, where they are wanted."""


class TrialRun(OpenTrial):
    """A trial on its way, in the process that has the journal."""

    def __init__(self, book: TrialBook, spec: TrialSpec, head: dict[str, Any], cohort: str) -> None:
        """Look the trial up in the journal; `head` are its step, round and number."""
        super().__init__(spec, head)
        self.book = book
        whole = key("trial", book.fingerprint, book.seed, configuration(spec.experiment))
        self.keys = {"stopped": key(whole, cohort)}
        self.whole = whole
        self.rung: float | None = None
        """Epochs after which it was compared with the others, and what was compared."""
        self.losses: tuple[float, ...] = ()
        self.trial = self._known()
        if self.trial is not None:
            if self.trial.key not in book.counted:
                book.spend(self.trial.trained)
                book.counted.add(self.trial.key)
            book.on_trial(self.trial, True)

    def _known(self) -> Trial | None:
        for name in (self.whole, self.keys["stopped"]):
            value = self.book.journal.get("trial", name)
            if value is not None:
                return Trial(**{**value, **self.head, "params": dict(self.spec.params)})
        return None

    def standing(self, rung: float, *, on_losses: bool) -> Standing:
        """How it stands at a cut after `rung` epochs; of a known trial, how it stood then.

        What it is compared by is written down with it: a resumed run makes the same cut.
        """
        if self.trial is not None:
            return standing_of(self.trial, rung)
        if self.record is not None and on_losses:
            self.rung = rung
            self.losses = compared_losses(self.record.losses + self.record.unfinished)
        score = self.record.score_at(math.floor(rung)) if self.record else None
        return Standing(group_of(self.spec.params), score, self.losses)

    def _write(self, status: TrialStatus, reason: str | None) -> None:
        record, book = self.record, self.book
        trial = Trial(
            key=self.keys.get(status, self.whole),
            **self.head,
            params=dict(self.spec.params),
            seed=book.seed,
            status=status,
            reason=reason,
            epochs=record.done if record else 0,
            part=record.part if record else 0.0,
            rung=self.rung,
            planned_epochs=self.epochs,
            seconds=record.seconds if record else 0.0,
            metric=self.spec.experiment.metric_name,
        )
        if record:
            curves: dict[str, Sequence[float | None]] = {
                **record.curves,
                "batch_loss": record.batch_losses(),
                **({} if self.rung is None else {RUNG_LOSS: self.losses}),
            }
            trial = replace(
                trial,
                val_score=record.best_score,
                val_loss=record.best_loss,
                best_epoch=record.best_epoch,
                curves={name: tuple(curves[name]) for name in sorted(curves)},
            )
            if trial.repeats is None:
                book.keep(trial, record)
            record.weights = dict
        book.journal.put("trial", trial.key, dict(vars(trial)))
        self.trial = trial
        if book.checkpoints.path(trial).exists():
            book.checkpoints.prune(trial)
        book.counted.add(trial.key)
        self.record = None  # a model, its gradients and the state of its optimizer
        book.on_trial(trial, False)
