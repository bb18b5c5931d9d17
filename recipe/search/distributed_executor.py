"""Trials one after another, each trained by several processes together."""

import time
from collections.abc import Sequence
from functools import partial
from typing import Any

from recipe.border.call_limit import seconds_allowed
from recipe.core.budget import Budget
from recipe.machine.out_of_memory import tell_of_parts
from recipe.search.executor import OnProgress, Trainer
from recipe.search.rank_process import RankJob
from recipe.search.rank_team import Team, TrialFailed, patience
from recipe.search.trial_run import TrialRun
from recipe.training.early_stopping import Snapshot, TrainingRecord
from recipe.training.rank_devices import devices_of


class DistributedExecutor:
    """One trial after another. Trials that pause for a cut are held by the processes; where these
    were lost, they begin anew.
    """

    def __init__(
        self, runs: Sequence[TrialRun], trainer: Trainer, compared_after: Sequence[int]
    ) -> None:
        self.runs, self.trainer, self.compared_after = runs, trainer, compared_after
        self.team: Team | None = None

    def advance(self, until: float, on_progress: OnProgress) -> None:
        """See `Executor`."""
        for number, run in enumerate(self.runs):
            if run.trial is not None:
                if self.team is not None:
                    self.team.drop(number)
            elif run.record is None or run.record.done < min(until, run.epochs):
                self._train(number, run, until, on_progress)

    def _train(self, number: int, run: TrialRun, until: float, on_progress: OnProgress) -> None:
        self.team = self.team or Team(self._job())
        hear = partial(_hear, run, on_progress)
        try:
            record, weights = self.team.advance(number, until, hear)
        except TrialFailed as reason:
            self.close()
            run.record = None
            run.fail(str(reason))
            return
        except BaseException:
            self.close()
            raise
        run.record = TrainingRecord(
            **record, weights=partial(_loaded, weights) if weights else dict
        )
        run.settle()

    def _job(self) -> RankJob:
        experiments = [run.spec.trained for run in self.runs]
        kind = experiments[0].parallel
        if kind is None:
            raise TypeError("nothing is to be trained by several processes")
        left, allowed = self.trainer.seconds_left, seconds_allowed()
        return RankJob(
            kind, devices_of(experiments[0], self.trainer.device), "", patience(allowed),
            experiments, self.trainer.data, self.trainer.seed, self.trainer.mode,
            self.compared_after, None if left is None else time.monotonic() + left,
            Budget(allowed, "seconds") if allowed else None,
        )  # fmt: skip

    def close(self) -> None:
        """End the processes."""
        if self.team is not None:
            self.team.close()
            self.team = None


def _hear(run: TrialRun, on_progress: OnProgress, message: dict[str, Any]) -> None:
    if "note" in message:
        tell_of_parts(message["note"], message["size"])
    elif run.hear(message):
        on_progress(run)


def _loaded(weights: bytes) -> Snapshot:
    from safetensors.torch import load

    return load(weights)
