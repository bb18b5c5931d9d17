"""Trials of a grid in workers that have loaded the experiment themselves, from text alone."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

import torch

from recipe.core import clock
from recipe.core.budget import Meter
from recipe.machine.processes import Peer
from recipe.machine.worker_process import WorkerPeer, Workers
from recipe.models.pretrained import SCRATCH, start_file
from recipe.search.executor import Trainer
from recipe.search.trial_run import TrialRun


class Placed:
    """The workers of a run as a carrier for the trials of one grid."""

    def __init__(
        self,
        workers: Workers,
        order: Callable[[], dict[str, Any]],
        trainer: Trainer,
        meter: Meter,
        compared_after: Sequence[int],
    ) -> None:
        """Nothing is started yet.

        Args:
            workers: of the run.
            order: what they have to load; always the same object for the same experiment.
            trainer: whose mode and seed hold.
            meter: of the run, which may limit the time.
            compared_after: see `Fit`.

        """
        self.workers, self.order, self.trainer, self.meter = workers, order, trainer, meter
        self.compared_after = list(compared_after)

    @property
    def width(self) -> int:
        """See `Carrier`."""
        return self.workers.width

    def free(self, busy: Mapping[Peer, object]) -> WorkerPeer | None:
        """See `Carrier`."""
        return self.workers.free(busy, self.order())

    def describe(self, runs: Sequence[TrialRun], index: int) -> tuple[dict[str, Any], bytes | None]:
        """See `Carrier`."""
        mode = self.trainer.mode
        processes = mode.sharing == "processes"  # each on one thread, as forked ones
        starts, payload = _starts(runs)
        message = {
            "group": index,
            "params": [dict(run.spec.params) for run in runs],
            "numbers": [run.head["number"] for run in runs],
            "seed": self.trainer.seed,
            "mode": asdict(mode),
            "threads": 1 if processes else torch.get_num_threads(),
            "compared_after": self.compared_after,
            "starts": starts,
            "seconds": _finite(clock.seconds_left()),
            "budget": self.meter.left if self.meter.limits_time else None,
        }
        return message, payload

    def rest(self, child: Peer) -> None:
        """See `Carrier`: a worker takes trials beside those that it holds."""

    def end(self, child: Peer) -> None:
        """See `Carrier`."""
        self.workers.end(child)

    def release(self) -> None:
        """See `Carrier`."""
        self.workers.release()


def _finite(seconds: float) -> float | None:
    return seconds if math.isfinite(seconds) else None


def _starts(runs: Sequence[TrialRun]) -> tuple[dict[str, int], bytes | None]:
    """Weights of the run that trials begin with: names and sizes, and all of them in a row."""
    files = {}
    for run in runs:
        name = run.spec.experiment.begin_from
        if name is not None and name != SCRATCH:
            files[name] = start_file(run.spec.experiment.starts, name)
    contents = {name: file.read_bytes() for name, file in files.items() if file.is_file()}
    sizes = {name: len(content) for name, content in contents.items()}
    return sizes, b"".join(contents.values()) if contents else None
