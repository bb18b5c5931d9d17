"""Trials of one architecture, trained as one model."""

import time
from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from typing import TypeVar

from recipe.core.clock import TimeUp
from recipe.core.errors import UNUSABLE
from recipe.machine.memory import trim
from recipe.machine.out_of_memory import give_back, is_out_of_memory
from recipe.search.executor import Executor, OnProgress, Trainer
from recipe.search.open_trial import OpenTrial
from recipe.search.sequential_executor import SequentialExecutor
from recipe.speed.fused_training import FusedTraining
from recipe.speed.fusing import CannotFuse, fusable, fusion_group
from recipe.training.early_stopping import TrainingRecord, out_of_budget, patience_for
from recipe.training.plan import pause_in

Each = TypeVar("Each", bound=OpenTrial)


class FusedExecutor:
    """Trials of one architecture, trained as one model.

    Trials that the journal knows train along, unwritten: the others then see the same company,
    and round to the same last digit, as in a run that was never interrupted.
    """

    def __init__(
        self, runs: Sequence[OpenTrial], trainer: Trainer, compared_after: Sequence[int]
    ) -> None:
        self.runs, self.trainer, self.compared_after = list(runs), trainer, compared_after
        self.rows: list[OpenTrial] = []
        self.training: FusedTraining | None = None
        self.instead: list[Executor] = []

    def advance(self, until: float, on_progress: OnProgress) -> None:
        """As of `Executor`; what cannot be fused is trained one by one, which is said once."""
        if not self.instead and any(run.trial is None for run in self.runs):
            narrower = False
            try:
                self._advance(until, on_progress)
            except (CannotFuse, *UNUSABLE) as error:
                narrower = is_out_of_memory(error)
                why = (str(error) or "no reason").splitlines()[0]
            else:
                return
            # Behind the except clause: the error holds the frames of the pass, these its memory.
            self._give_up()
            half = -(-len(self.runs) // 2)
            if narrower and half > 1:
                self.trainer.say(
                    f"Memory ran out with {len(self.runs)} trials as one model: {half} at a time."
                )
                groups = (self.runs[:half], self.runs[half:])
                self.instead = [
                    FusedExecutor(group, self.trainer, self.compared_after) for group in groups
                ]
            else:
                why = "memory ran out with two of them as one model" if narrower else why
                self.trainer.say(f"Trials run one by one: {why}.")
                alone = SequentialExecutor(self.runs, self.trainer, self.compared_after)
                self.instead = [alone]
        for executor in self.instead:
            executor.advance(until, on_progress)

    def _give_up(self) -> None:
        """Forget what was trained: it is trained again."""
        for run in self.runs:
            run.record = None  # which gives back its epochs as soon as it goes on
        self.training = None
        give_back(self.trainer.device)

    def _advance(self, until: float, on_progress: OnProgress) -> None:
        training = self.training or self._start()
        self._drop_ended()
        while any(run.record.done < until for run in self.rows if run.record):
            started = time.perf_counter()
            pause = pause_in(until - training.number, training.iterations_per_epoch)
            try:
                epochs = training.epoch(pause)
            except TimeUp:
                self._cut_off(training, on_progress)
                return
            seconds = (time.perf_counter() - started) / len(epochs)
            best = []
            for row, (run, epoch) in enumerate(zip(self.rows, epochs, strict=True)):
                if run.record is None:
                    continue
                if run.record.record(epoch):
                    best.append(row)
                run.record.seconds += seconds
                if run.trial is None:
                    on_progress(run)
            training.trials.hold(best)
            self._drop_ended()
            if any(epoch.part < 1 for epoch in epochs):
                return

    def _cut_off(self, training: FusedTraining, on_progress: OnProgress) -> None:
        """End all of them within an epoch; the first one is validated as far as it came."""
        part, first, epochs, best = training.begun, not training.number, [], []
        if first:
            with suppress(TimeUp):
                epochs = training.end_epoch()
        for row, (run, epoch) in enumerate(zip(self.rows, epochs, strict=False)):
            if run.record is not None and run.record.record(epoch):
                best.append(row)
        training.trials.hold(best)
        for run in self.rows:
            record = run.record
            if record is None or record.status == "diverged":
                continue
            record.done = 0 if first else record.done
            record.part = part
            record.stop("stopped", out_of_budget(record.trained))
            if run.trial is None:
                on_progress(run)
        self._drop_ended()

    def _start(self) -> FusedTraining:
        trainer = self.trainer
        experiments = [run.spec.trained for run in self.runs]
        self.training = FusedTraining(
            experiments, trainer.data, seed=trainer.seed, device=trainer.device,
            mode=trainer.mode.single, compared_after=self.compared_after,
        )  # fmt: skip
        self.rows = self.runs
        for row, run in enumerate(self.runs):
            run.record = TrainingRecord(
                run.epochs,
                patience_for(run.epochs),
                weights=partial(self.training.trials.held, row),
            )
        return self.training

    def _drop_ended(self) -> None:
        going = [k for k, s in enumerate(self.rows) if s.record and s.record.status is None]
        if len(going) == len(self.rows):
            return
        for run in self.rows:
            run.settle()
        self.rows = [self.rows[k] for k in going]
        if self.training is not None and going:
            self.training.keep(going)

    def close(self) -> None:
        """Give the memory back."""
        self.training = None
        for executor in self.instead:
            executor.close()
        trim()


def fused_groups(runs: Sequence[Each], width: int) -> list[list[Each]]:
    """Trials that can be fused, at most `width` together, and the others one each."""
    groups: list[list[Each]] = []
    for run in runs:
        experiment = run.spec.trained
        fits = (group for group in groups if len(group) < width
                and fusable(experiment) is None
                and fusion_group(group[0].spec.trained) == fusion_group(experiment))  # fmt: skip
        group = next(fits, None)
        if group is None:
            groups.append([run])
        else:
            group.append(run)
    return groups
