"""One of the processes that train the trials of a grid together, and what it answers.

On a processor it is a copy of the process that leads (a fork). A process that has used a GPU cannot
be copied: there it begins anew, and is given the experiment and its data.
"""

import ctypes
import os
import signal
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import torch

from recipe.border.call_limit import limited_calls
from recipe.border.faults import usage_error
from recipe.core.budget import Budget
from recipe.core.clock import working_until
from recipe.core.errors import UNUSABLE, raised
from recipe.data.datasets import Splits
from recipe.data.placing import splits_on
from recipe.experiment import Experiment
from recipe.machine.memory import keep_freed_pages
from recipe.machine.out_of_memory import hear_of_parts, reason_of_failure
from recipe.machine.processes import Channel, ChannelClosed
from recipe.search.serving import RECORDED
from recipe.training.early_stopping import patience_for
from recipe.training.execution_mode import ExecutionMode
from recipe.training.fit import Fit
from recipe.training.loop import Training
from recipe.training.rank_group import RankGroup
from recipe.training.ranks import Parallel, RankLost

_PR_SET_PDEATHSIG = 1


@dataclass(frozen=True)
class RankJob:
    """What the processes train together."""

    kind: Parallel
    devices: Sequence[str]
    """Of each process."""
    meet: str
    """A file by which they find each other."""
    patience: float
    """Seconds after which one that does not answer is given up."""
    experiments: Sequence[Experiment]
    data: Splits
    seed: int
    mode: ExecutionMode
    compared_after: Sequence[int]
    end: float | None
    """When a budget of time is used up, by the clock of this machine."""
    call_limit: Budget | None = None

    @property
    def world(self) -> int:
        """How many processes there are."""
        return len(self.devices)


@dataclass
class Rank:
    """Trains as it is told, together with the others."""

    job: RankJob
    rank: int
    line: Channel
    fits: dict[int, Fit] = field(default_factory=dict)
    """Trials that are not done, by their number in the grid."""

    def serve(self) -> None:
        """Answer until the process that leads is gone, or this one is of no use."""
        device = torch.device(self.job.devices[self.rank])
        hear_of_parts(lambda text, size: self.line.send({"note": text, "size": size}))
        try:
            self.group = RankGroup(
                self.rank, self.job.world, self.job.kind, device, meet=self.job.meet,
                patience=self.job.patience,
            )  # fmt: skip
            self.data = splits_on(self.job.data, device)
        except BaseException as error:  # noqa: BLE001 - the process that leads says it
            self.line.send(said_of_error(error))
            return
        going = True
        while going:
            going = self._answer(self.line.receive()[0])

    def _answer(self, message: dict[str, Any]) -> bool:
        number = message.get("drop")
        if number is not None:
            self.fits.pop(number, None)
            return True
        number = message["trial"]
        try:
            with working_until(message["until_time"]):
                fit = self.fits.get(number) or self._begin(number)
                fit.advance(message["until"], self._tell if self.rank == 0 else None)
        except ChannelClosed:
            raise
        except BaseException as error:  # noqa: BLE001 - the process that leads says it
            self.line.send(said_of_error(error, self.job.experiments[number]))
            return False
        self._report(fit)
        if fit.status is not None:
            del self.fits[number]
        return True

    def _begin(self, number: int) -> Fit:
        job, experiment = self.job, self.job.experiments[number]
        training = Training(
            experiment, self.data, seed=job.seed, device=self.group.device, mode=job.mode.single,
            compared_after=job.compared_after, ranks=self.group,
        )  # fmt: skip
        epochs = experiment.epochs or 1
        fit = self.fits[number] = Fit(training, epochs, patience_for(epochs), self._out_of_time)
        return fit

    def _out_of_time(self) -> bool:
        end = self.job.end
        return self.group.agreed(yes=end is not None and time.monotonic() >= end)

    def _tell(self, fit: Fit) -> None:
        self.line.send({"done": fit.done, "part": fit.part, "loss": fit.train_loss})

    def _report(self, fit: Fit) -> None:
        from safetensors.torch import save

        if self.rank:
            self.line.send({"record": None})
            return
        snapshot = fit.weights()
        record = {name: getattr(fit, name) for name in RECORDED}
        self.line.send({"record": record}, save(snapshot) if snapshot else None)


def said_of_error(error: BaseException, experiment: Experiment | None = None) -> dict[str, Any]:
    """What the process that leads is told of an error: that another process was lost, that a trial
    cannot be trained, that code of the user's is wrong, or that ours is.
    """
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, RankLost):
            return {"lost": str(cause)}
        cause = cause.__cause__ or cause.__context__
    if isinstance(error, UNUSABLE):
        return {"failed": reason_of_failure(error)}
    fault = usage_error(error, experiment.model if experiment else None)
    return {"fault": str(fault)} if fault else {"crashed": raised(error)}


def in_fork(job: RankJob, rank: int) -> Callable[[Channel], None]:
    """What a forked process runs."""

    def serve(line: Channel) -> None:
        Rank(job, rank, line).serve()

    return serve


def main(line: str, job: str, rank: str) -> None:
    """Run as a process of its own, `python -m recipe.search.rank_process`.

    Args:
        line: number of the file that it hears and answers on.
        job: file of the job, as `pickle` reads it.
        rank: number of this process.

    """
    import pickle

    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches all; the leader ends this one
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    keep_freed_pages()
    channel = Channel(Connection(os.dup(int(line))))
    found: RankJob = pickle.loads(Path(job).read_bytes())  # noqa: S301 - written by the leader
    torch.set_num_threads(max(1, torch.get_num_threads() // found.world))
    with suppress(ChannelClosed), limited_calls(found.call_limit, Rank.serve.__code__):
        Rank(found, int(rank), channel).serve()


if __name__ == "__main__":
    main(*sys.argv[1:])
