"""Trials one after another, in this process."""

from collections.abc import Sequence

from recipe.core.errors import UNUSABLE, reason_of
from recipe.machine.memory import trim
from recipe.search.executor import OnProgress, Trainer
from recipe.search.trial_run import TrialRun
from recipe.training.fit import Fit


class SequentialExecutor:
    """One after another, in this process."""

    def __init__(
        self, runs: Sequence[TrialRun], trainer: Trainer, compared_after: Sequence[int]
    ) -> None:
        self.runs, self.trainer, self.compared_after = runs, trainer, compared_after

    def advance(self, until: float, on_progress: OnProgress) -> None:
        """See `Executor`."""
        for run in self.runs:
            if run.trial is None:
                self._train(run, until, on_progress)

    def _train(self, run: TrialRun, until: float, on_progress: OnProgress) -> None:
        try:
            fit = run.record
            if not isinstance(fit, Fit):
                experiment = run.spec.trained
                fit = run.record = self.trainer.fit(experiment, self.compared_after)
            fit.advance(until, lambda _: on_progress(run))
        except UNUSABLE as error:
            run.fail(reason_of(error))
        else:
            run.settle()
        if run.trial is not None:
            run.record = None

    def close(self) -> None:
        """Give the memory back."""
        trim()
