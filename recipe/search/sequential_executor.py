"""Trials one after another, in this process."""

from collections.abc import Sequence

from recipe.core.errors import UNUSABLE
from recipe.machine.device import raise_if_lost
from recipe.machine.memory import trim
from recipe.machine.out_of_memory import give_back, is_out_of_memory, reason_of_failure
from recipe.search.executor import OnProgress, Trainer
from recipe.search.open_trial import OpenTrial
from recipe.training.fit import Fit
from recipe.training.parking import park_where_crowded

ATTEMPTS = 2
"""Times that a trial is begun which runs out of memory."""


class SequentialExecutor:
    """One after another, in this process."""

    def __init__(
        self, runs: Sequence[OpenTrial], trainer: Trainer, compared_after: Sequence[int]
    ) -> None:
        self.runs, self.trainer, self.compared_after = runs, trainer, compared_after

    def advance(self, until: float, on_progress: OnProgress) -> None:
        """See `Executor`."""
        for run in self.runs:
            if run.trial is None:
                self._train(run, until, on_progress)

    def _train(self, run: OpenTrial, until: float, on_progress: OnProgress) -> None:
        reason = self._advanced(run, until, on_progress)
        if reason is None:
            run.settle()
        else:
            run.fail(reason)
        if run.trial is not None:
            run.record = None
        elif isinstance(run.record, Fit):
            waiting = sum(each.trial is None for each in self.runs)
            park_where_crowded(run.record.training, waiting)

    def _advanced(self, run: OpenTrial, until: float, on_progress: OnProgress) -> str | None:
        """Train one; why that cannot be. Where memory ran out it is begun once more: what others
        left lying about is given back by then.
        """
        for attempt in range(1, ATTEMPTS + 1):
            try:
                fit = run.record
                if not isinstance(fit, Fit):
                    experiment = run.spec.trained
                    fit = run.record = self.trainer.fit(experiment, self.compared_after)
                fit.advance(until, lambda _: on_progress(run))
            except UNUSABLE as error:
                raise_if_lost(self.trainer.device)
                if attempt == ATTEMPTS or not is_out_of_memory(error):
                    return reason_of_failure(error)
            else:
                return None
            run.record = fit = None
            give_back(self.trainer.device)
        return None

    def close(self) -> None:
        """Give the memory back."""
        trim()
