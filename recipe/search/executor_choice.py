"""How the trials of a grid get the machine: one by one, side by side, or fused into one model.

Which it is depends on the grid alone and not on what the journal already holds, so that a
resumed grid computes what an uninterrupted one does, bit for bit.
"""

from collections.abc import Sequence

from recipe.search.distributed_executor import DistributedExecutor
from recipe.search.executor import Executor, Trainer
from recipe.search.fused_executor import FusedExecutor, fused_groups
from recipe.search.parallel_executor import ParallelExecutor
from recipe.search.sequential_executor import SequentialExecutor
from recipe.search.trial_run import TrialRun


class Executors:
    """All trials of a grid, each with the executor that trains it."""

    def __init__(
        self, runs: Sequence[TrialRun], trainer: Trainer, compared_after: Sequence[int] = ()
    ) -> None:
        self.runs, self.trainer = runs, trainer
        mode, compared = trainer.mode, compared_after
        if runs and runs[0].spec.trained.parallel is not None:
            self.executors: list[Executor] = [DistributedExecutor(runs, trainer, compared)]
        elif mode.sharing == "processes" and len(runs) > 1:
            self.executors = [ParallelExecutor(runs, trainer, mode.width, compared)]
        elif mode.sharing == "fused":
            groups = fused_groups(runs, mode.width)
            kinds = (FusedExecutor if len(group) > 1 else SequentialExecutor for group in groups)
            self.executors = [
                kind(group, trainer, compared) for kind, group in zip(kinds, groups, strict=True)
            ]
        else:
            self.executors = [SequentialExecutor(runs, trainer, compared)]

    def advance(self, until: float, later: float = 0) -> None:
        """Train every trial to `until` epochs.

        Args:
            until: epochs, counted from the start.
            later: epochs expected beyond this stretch, for the time left.

        """
        parts = {run: (run.done, run.expected(until)) for run in self.runs}
        last = max(run.head["number"] for run in self.runs)
        done, total = (sum(numbers) for numbers in zip(*parts.values(), strict=True))

        def on_progress(run: TrialRun) -> None:
            nonlocal done, total
            before, parts[run] = parts[run], (run.done, run.expected(until))
            done += parts[run][0] - before[0]
            total += parts[run][1] - before[1]
            self.trainer.spend(parts[run][0] - before[0])
            what = f"trial {run.head['number']} of {last}"
            loss = run.record.train_loss if run.record else None
            self.trainer.progress(done, total + later, what, loss)

        for executor in self.executors:
            executor.advance(until, on_progress)

    def close(self) -> None:
        """Give back what they hold."""
        for executor in self.executors:
            executor.close()
