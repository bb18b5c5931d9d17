"""How the trials of a grid get the machine: one by one, side by side, or fused into one model.

Which it is depends on the grid alone and not on what the journal already holds, so that a
resumed grid computes what an uninterrupted one does, bit for bit.
"""

from collections.abc import Callable, Sequence
from typing import Protocol

from recipe.machine.processes import can_fork
from recipe.search.distributed_executor import DistributedExecutor
from recipe.search.executor import Executor, Trainer
from recipe.search.fused_executor import FusedExecutor, fused_groups
from recipe.search.open_trial import OpenTrial
from recipe.search.parallel_executor import Carrier, Forked, ParallelExecutor
from recipe.search.sequential_executor import SequentialExecutor
from recipe.search.trial_run import TrialRun


class GridTrainer(Trainer, Protocol):
    """Who asks for a grid: how far it is, and where its trials may train."""

    @property
    def progress(self) -> Callable[[float, float, str, float | None], None]:
        """Told (done, total, what, loss)."""

    def spend(self, epochs: float) -> None:
        """Book epochs, or give them back."""

    def carrier(self, compared_after: Sequence[int]) -> Carrier | None:
        """Other processes for the trials, where some were named."""


class Executors:
    """All trials of a grid, each with the executor that trains it."""

    def __init__(
        self, runs: Sequence[TrialRun], trainer: GridTrainer, compared_after: Sequence[int] = ()
    ) -> None:
        self.runs, self.trainer = runs, trainer
        mode, compared = trainer.mode, compared_after
        fused = mode.sharing == "fused"
        groups: list[list[TrialRun]] = (
            fused_groups(runs, mode.width) if fused else [[run] for run in runs]
        )
        carrier: Carrier | None = trainer.carrier(compared)
        forks = mode.sharing == "processes" and can_fork(trainer.device)
        if carrier is None and forks and len(runs) > 1:
            carrier = Forked(groups, trainer, mode.width, compared)
        if runs and runs[0].spec.trained.parallel is not None:
            self.executors: list[Executor] = [DistributedExecutor(runs, trainer, compared)]
        elif carrier is not None:
            if len(groups) < min(carrier.width, len(runs)):
                trainer.say(_idle(carrier.width, len(groups), len(runs)))
            self.executors = [ParallelExecutor(groups, carrier, trainer.say)]
        elif fused:
            self.executors = [
                (FusedExecutor if len(group) > 1 else SequentialExecutor)(group, trainer, compared)
                for group in groups
            ]
        else:
            self.executors = [SequentialExecutor(runs, trainer, compared)]

    def advance(self, until: float, later: float = 0) -> None:
        """Train every trial to `until` epochs.

        Args:
            until: epochs, counted from the start.
            later: epochs expected beyond this stretch, for the time left.

        """
        parts: dict[OpenTrial, tuple[float, float]] = {
            run: (run.done, run.expected(until)) for run in self.runs
        }
        last = max(run.head["number"] for run in self.runs)
        done, total = (sum(numbers) for numbers in zip(*parts.values(), strict=True))

        def on_progress(run: OpenTrial) -> None:
            nonlocal done, total
            before, parts[run] = parts[run], (run.done, run.expected(until))
            done += parts[run][0] - before[0]
            total += parts[run][1] - before[1]
            self.trainer.spend(parts[run][0] - before[0])
            number = run.head["number"]
            what = f"trial {number} of {last}" if number else "the declared setting"
            loss = run.record.train_loss if run.record else None
            self.trainer.progress(done, total + later, what, loss)

        for executor in self.executors:
            executor.advance(until, on_progress)

    def close(self) -> None:
        """Give back what they hold."""
        for executor in self.executors:
            executor.close()


def _idle(width: int, groups: int, trials: int) -> str:
    idle, models = width - groups, "model" if groups == 1 else "models"
    return (
        f"{idle} of {width} workers stay{'s' * (idle == 1)} idle here: these {trials} trials train "
        f"as {groups} fused {models}, which was measured to be faster than one by one."
    )
