"""What a step may use while it measures."""

import math
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, TypeVar

import torch

from recipe.core.budget import Meter
from recipe.core.chosen_model import Chosen
from recipe.core.clock import TimeUp, check, is_up, unless_late, working_until
from recipe.core.events import Message, Progress
from recipe.core.evidence import Evidence
from recipe.core.keys_and_seeds import derive_seed, key
from recipe.core.settings import Settings
from recipe.core.trials import Trial
from recipe.data.datasets import EVAL_BATCH, Splits, TensorData
from recipe.data.loading import ItemForm
from recipe.data.trees import Tree, Values
from recipe.experiment import Experiment
from recipe.models.building import build_model, channels_last_works
from recipe.plugin.allowance import PACE, Allowance
from recipe.plugin.rules import Rule
from recipe.search.checkpoints import Checkpoints
from recipe.search.halving import Halving
from recipe.search.open_trial import TrialSpec
from recipe.search.ranking import best_of
from recipe.search.runner import Runner
from recipe.search.short_training import ShortResult, ShortTraining, Stop, run_short
from recipe.tasks import Task
from recipe.training.execution_mode import PLAIN, ExecutionMode
from recipe.training.fingerprint import configuration
from recipe.training.plan import iterations_per_epoch

Found = TypeVar("Found")
MOST_BATCHES = 8
"""Batches of the largest size, a quarter of a gigabyte of outputs each, that are held at once."""


@dataclass
class Context:
    """The experiment, its data, what earlier steps measured, and the means to train."""

    experiment: Experiment
    """Resolved: every default is filled in; `lr` is None when no baseline was declared."""
    data: Splits
    device: torch.device
    settings: Settings
    runner: Runner
    meter: Meter
    emit: Callable[[Any], None]
    step: str = ""
    rules: Sequence[Rule] = ()  # of this step
    round: int = 1
    plan: Mapping[str, Any] = field(default_factory=dict)
    """Changes that a `goto` asked for, merged over the rounds so far."""
    measured: dict[str, Evidence] = field(default_factory=dict)
    trials: list[Trial] = field(default_factory=list)
    """Every trial so far, oldest first."""
    baseline_trial: Trial | None = None
    data_mended: bool = False
    """Whether a remedy changed training and validation data: they are not the declared ones."""
    chosen: Chosen | None = None
    """The model to use, as the last step that chose one says."""
    reference: Trial | None = None
    """What gains are told over where no setting is declared: a simple one that a step names."""

    @property
    def task(self) -> Task:
        """The experiment's task."""
        return self.experiment.resolved_task

    @property
    def seed(self) -> int:
        """The run's seed."""
        return self.settings.seed

    def seed_for(self, *parts: Any) -> int:
        """A seed for this step's own use."""
        return derive_seed(self.seed, self.step, *parts)

    def evidence(self, step: str) -> Evidence | None:
        """What an earlier step measured in its last round; None when it did not run."""
        return self.measured.get(step)

    @property
    def pace(self) -> float | None:
        """Seconds that an epoch of a trial takes: as measured when the way to train was found, or
        as it has been so far, whichever is longer (a resumed run reuses epochs in no time).
        """
        iteration: float | None = self.runner.journal.get(PACE, self.runner.fingerprint)
        batches = iterations_per_epoch(self.data.train, self.experiment.batch_size)
        found = None if iteration is None else iteration * batches
        return max((pace for pace in (found, self.meter.pace) if pace), default=None)

    @property
    def epochs_left(self) -> float | None:
        """Epochs that the rest of the budget pays for; None without a budget, or where it is one of
        time and nobody knows how long an epoch takes.
        """
        left = self.meter.left
        if self.settings.budget is None or left is None or self.settings.budget.unit == "epochs":
            return left
        return left / self.pace if self.pace else None

    def in_time(self, what: str, make: Callable[[], Found], takes: float = 0.0) -> Found | None:
        """What `make` gives; None where the time of the run does not suffice, and a line that says
        so.

        Args:
            what: is left out then.
            make: looks at something, or trains.
            takes: seconds in which nobody can stop it, about: it is given up when they are over.

        """
        try:
            check(before=takes)
            return unless_late(make) if takes else make()
        except TimeUp:
            self.meter.leave_out(f"{self.step}: {what}")
            return None

    @property
    def late(self) -> bool:
        """Whether the time of what is being done is used up."""
        return is_up()

    @contextmanager
    def within(self, share: float, least: float = 0.0) -> Iterator[None]:
        """Work inside is cut off by TimeUp when it has taken this share of what is left of a budget
        of time, though not before so many seconds.
        """
        left = self.meter.left if self.meter.limits_time else None
        seconds = math.inf if left is None else max(least, share * left)
        with working_until(time.monotonic() + seconds):
            yield

    def lasts(self, epochs: float) -> float:
        """Seconds that so many epochs of a trial take; 0 where nobody knows."""
        return epochs * (self.pace or 0.0)

    def allow(self, share: float, *, only_time: bool = False) -> Allowance:
        """A share of what is left of the budget, for the step to spend; with `only_time` no budget
        of epochs limits it.
        """
        per_epoch = iterations_per_epoch(self.data.train, self.experiment.batch_size)
        pace: float | None = self.runner.journal.get(PACE, self.runner.fingerprint)
        return Allowance(self.meter, share, per_epoch, pace, self.decide, only_time)

    def decide(self, name: str, make: Callable[[], int]) -> int:
        """A number that follows from how much time is left: the same again in a resumed run."""
        budget = self.settings.budget
        if budget is None or budget.unit == "epochs":
            return make()
        label = key(
            "decision", name, self.step, self.round, dict(self.plan), str(budget), self.seed,
            self.runner.fingerprint, configuration(self.experiment),
        )  # fmt: skip
        known: int | None = self.runner.journal.get("decision", label)
        if known is None:
            known = make()
            self.runner.journal.put("decision", label, known)
        return known

    @property
    def checkpoints(self) -> Checkpoints:
        """The weights that the run keeps."""
        return self.runner.checkpoints

    def progress(self, done: float, total: float, what: str) -> None:
        """Tell the user how far this step is."""
        self.emit(Progress(done, total, what))

    def say(self, text: str) -> None:
        """Tell the user something that is no finding."""
        self.emit(Message(text))

    def run_trials(
        self,
        params: Sequence[Mapping[str, Any]],
        halving: Halving | None = None,
        *,
        first: int = 1,
        rivals: Sequence[Trial] = (),
        **plan: Any,
    ) -> list[Trial]:
        """Train the experiment once per set of parameters.

        Args:
            params: what varies between the trials; also shown in the notebook.
            halving: end the lower part of them early.
            first: number of the first trial.
            rivals: earlier trials that count as theirs where the lower part is found.
            plan: hyperparameters that all of them share, such as epochs=5.

        """
        cells = [{**cell, **plan} for cell in params]
        specs = [TrialSpec(cell, self.experiment.with_params(cell)) for cell in cells]
        trials = self.runner.run(self.step, self.round, specs, halving, first=first, rivals=rivals)
        self.trials += trials
        return trials

    def repeat(self, trials: Sequence[Trial], seeds: int, *, first: int) -> list[list[Trial]]:
        """Train the settings of these trials again, in full, from `seeds` fresh seeds, the same
        for all of them: what differs between two seeds is luck.

        Args:
            trials: whose settings.
            seeds: how many.
            first: number of the first of them.

        Returns:
            For each seed the trials, in the order of those that they repeat.

        """
        found = []
        for index in range(seeds):
            runner = replace(self.runner, seed=derive_seed(self.seed, "repeat", self.round, index))
            specs = [TrialSpec(t.params, self.experiment_of(t), repeats=t.key) for t in trials]
            number = first + index * len(trials)
            found.append(runner.run(self.step, self.round, specs, first=number))
        self.trials += [trial for each in found for trial in each]
        return found

    def set_aside(self, trials: Sequence[Trial]) -> None:
        """Let none of these trials be the best of the run."""
        keys = {trial.key for trial in trials}
        self.trials[:] = [
            replace(trial, set_aside=True) if trial.key in keys else trial for trial in self.trials
        ]

    def run_short(
        self,
        shorts: Sequence[ShortTraining],
        stop: Stop,
        on_done: Callable[[int], None] = lambda _: None,
    ) -> list[ShortResult]:
        """Short trainings without validation, together where the machine is faster that way;
        booked as spent. See `recipe.search.short_training`.
        """
        courses = run_short(self.runner, shorts, stop, on_done)
        for short, course in zip(shorts, courses, strict=True):
            self.spend(len(course.losses) * short.cost)
        return courses

    @cached_property
    def careful_mode(self) -> ExecutionMode:
        """How to train where every digit is judged: float32, in the layout that is fast."""
        train = self.data.train
        if self.settings.exact or not isinstance(train, TensorData):
            return PLAIN
        model = build_model(self.experiment, 0, self.device)
        return ExecutionMode(channels_last=channels_last_works(model, train.x))

    def most_items(self, wanted: int) -> int:
        """So many items of which all outputs may be held at once, or fewer where these are many."""
        size = self.data.train.eval_size
        return wanted if size >= EVAL_BATCH else min(wanted, size)

    @property
    def holds_many_outputs(self) -> bool:
        """Whether the outputs of a few models for all validation items would not fit into memory:
        a vocabulary for every token, classes for every pixel.
        """
        batches = len(self.data.val) / self.data.val.eval_size
        return self.data.val.eval_size < EVAL_BATCH and batches > MOST_BATCHES

    @property
    def item_form(self) -> ItemForm:
        """How items of the declared data become batches."""
        return ItemForm.of(self.experiment)

    @property
    def val_targets(self) -> Values:
        """Targets of the validation data; of one that is read anew each time, those of a batch."""
        val = self.data.val
        return val.y if isinstance(val, TensorData) else next(iter(val.eval_batches()))[1]

    def val_answers(self, targets: Values) -> int:
        """How many answers the validation score is the mean of: tokens of sequences without those
        that do not count, or the items.

        Args:
            targets: of all validation items, or of a sample of them.

        """
        items = len(self.data.val)
        if self.task.target_kind != "class index" or isinstance(targets, Tree):
            return items
        return items * int(self.task.counted(targets).sum()) // max(1, len(targets))

    def train_baseline(self) -> Trial | None:
        """Trial zero: the declared setting as it is; None when none was declared."""
        if self.experiment.has_baseline and self.baseline_trial is None:
            declared = {"lr": self.experiment.lr, "weight_decay": self.experiment.weight_decay}
            (self.baseline_trial,) = self.run_trials([declared], first=0)
        return self.baseline_trial

    def refer_to(self, trial: Trial) -> None:
        """Where no setting is declared, tell gains over this trial; it is listed once more, as
        number zero.
        """
        if not self.experiment.has_baseline:
            (self.reference,) = self.run_trials([trial.params], first=0)

    def experiment_of(self, trial: Trial) -> Experiment:
        """The resolved experiment that a trial trained."""
        return self.experiment.with_params(trial.params)

    def on_features(self, trial: Trial) -> bool:
        """Whether it trained a head alone on kept features: its epochs cost next to nothing."""
        return self.runner.keeps_features(self.experiment_of(trial))

    def recall(self, trial: Trial) -> None:
        """Take in a trial of a step that is reused instead of run."""
        self.trials.append(trial)
        self.runner.counted.add(trial.key)
        if trial.number == 0 and self.experiment.has_baseline:
            self.baseline_trial = trial
        elif trial.number == 0:
            self.reference = trial

    def spend(self, iterations: float) -> None:
        """Book training that is no trial."""
        batch = self.experiment.batch_size
        self.meter.spend(iterations / iterations_per_epoch(self.data.train, batch))

    def score_error(self, trial: Trial | None) -> float:
        """Standard error of a trial's score; 0 where nobody knows it."""
        return self.task.score_error(trial.val_score if trial else None, len(self.data.val))

    @property
    def best_whole(self) -> Trial | None:
        """The best trial so far that was planned for the declared length or more."""
        return best_of([trial for trial in self.trials if self.checkpoints.is_full_length(trial)])

    @property
    def best_trial(self) -> Trial | None:
        """The best trial so far, the baseline included. A short one that leads those of full length
        by no more than the standard error of its score was lucky: then it is the best of these.
        """
        best, whole = best_of(self.trials), self.best_whole
        if best is None or whole is None or best.val_score is None or whole.val_score is None:
            return best
        lead = best.val_score - whole.val_score
        return whole if lead <= self.score_error(best) else best
