"""The processes that train trials together, as the process that leads sees them."""

import math
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from multiprocessing import Pipe
from multiprocessing.connection import wait
from pathlib import Path
from typing import Any

import torch

from recipe.core import clock
from recipe.core.errors import RecipeError, UsageError
from recipe.data.placing import splits_on
from recipe.machine import stalled
from recipe.machine.processes import LAST_WAIT, Channel, ChannelClosed, Child, can_fork, ready
from recipe.machine.stalled import Stillness
from recipe.search.rank_process import RankJob, in_fork
from recipe.training.fingerprint import user_modules

GRACE = 5.0
"""Seconds in which the others may say why one process was lost."""
Hear = Callable[[dict[str, Any]], None]


class TrialFailed(Exception):  # noqa: N818 - an event to handle, not a mistake
    """The trial cannot be trained, for this reason; the processes are of no use any more."""


class Team:
    """Processes that train the same trials, each its part of every batch."""

    def __init__(self, job: RankJob) -> None:
        """Start them.

        Args:
            job: what they train; where they meet is set here.

        """
        self.folder = tempfile.TemporaryDirectory(prefix="recipe-ranks-")
        meet = str(Path(self.folder.name) / "meet")
        self.job = replace(job, meet=meet)
        if can_fork(torch.device(job.devices[0])):
            self.children = [Child(in_fork(self.job, rank)) for rank in range(job.world)]
        else:
            file = self._written()
            self.children = [StartedChild(file, rank) for rank in range(job.world)]

    def _written(self) -> Path:
        """The job in a file, code of the user's included.

        Raises:
            UsageError: it cannot be written.

        """
        import cloudpickle

        file = Path(self.folder.name) / "job"
        job = replace(self.job, data=splits_on(self.job.data, torch.device("cpu")))
        first = job.experiments[0]
        for module in user_modules([first.model, first.loss, first.metric, first.augment,
                                    first.optimizer, first.schedule, first.task]):  # fmt: skip
            cloudpickle.register_pickle_by_value(module)
        try:
            file.write_bytes(cloudpickle.dumps(job))
        except Exception as error:
            raise UsageError(
                f"The experiment cannot be handed to other processes ({error}): leave out "
                "parallel=, or take open files, locks and the like out of the model, the loss and "
                "the data."
            ) from error
        return file

    def advance(self, trial: int, until: float, hear: Hear) -> tuple[dict[str, Any], bytes]:
        """Train a trial to `until` epochs.

        Returns:
            Its record, and the weights of its best epoch as safetensors.

        Raises:
            TrialFailed: with the reason.
            UsageError: code of the user's is wrong.
            RecipeError: ours is.

        """
        end = clock.seconds_left()
        limit = None if end == math.inf else time.monotonic() + end
        for child in self.children:
            with suppress(ChannelClosed):  # which is heard of below
                child.send({"trial": trial, "until": until, "until_time": limit})
        answers: dict[int, dict[str, Any]] = {}
        weights = b""
        while len(answers) < len(self.children):
            waiting = [c for k, c in enumerate(self.children) if k not in answers]
            for child in ready(waiting):
                rank = self.children.index(child)
                try:
                    message, payload = child.receive()
                except ChannelClosed:
                    message, payload = {"died": child.death()}, b""
                if "done" in message or "note" in message:
                    hear(message)
                    continue
                if "record" not in message:
                    self._fail(rank, message, answers)
                answers[rank] = message
                weights = payload or weights
        return answers[0]["record"], weights

    def _fail(self, rank: int, message: dict[str, Any], known: dict[int, dict[str, Any]]) -> None:
        """Say why the processes do not go on: one that was lost is the cause of what others say."""
        told = {**{k: {} for k in known}, rank: message}
        end = time.monotonic() + GRACE
        while not _is_cause(told) and len(told) < len(self.children):
            lines = {c.connection: k for k, c in enumerate(self.children) if k not in told}
            found = wait(list(lines), max(0.0, end - time.monotonic()))
            if not found:
                break
            for line in found:
                k = lines[line]  # type: ignore[index]  # only these are waited for
                try:
                    answer = self.children[k].receive()[0]
                except ChannelClosed:
                    answer = {"died": self.children[k].death()}
                if not ("done" in answer or "note" in answer):
                    told[k] = answer
        raise self._cause(told)

    def _cause(self, told: dict[int, dict[str, Any]]) -> Exception:
        of = f"of {len(self.children)}"
        for k, message in sorted(told.items()):
            if "died" in message:
                return TrialFailed(f"process {k + 1} {of}: {message['died']}")
        for message in told.values():
            if "fault" in message:
                return UsageError(message["fault"])
            if "crashed" in message:
                return RecipeError(message["crashed"])
            if "failed" in message:
                return TrialFailed(message["failed"])
        silent = [k + 1 for k in range(len(self.children)) if k not in told]
        if silent:
            who = f"process {silent[0]} {of}" if len(silent) == 1 else f"processes of {silent}"
            return TrialFailed(
                f"{who} did not answer the others for {self.job.patience:.0f} s: a call of its own "
                "does not come to an end, or somebody stopped it"
            )
        lost = next(m["lost"] for m in told.values() if "lost" in m)
        return TrialFailed(f"the {len(self.children)} processes lost each other ({lost})")

    def drop(self, trial: int) -> None:
        """Nothing more is wanted of a trial."""
        for child in self.children:
            with suppress(ChannelClosed):
                child.send({"drop": trial})

    def close(self) -> None:
        """End them."""
        for child in self.children:
            child.end()
        self.folder.cleanup()


def _is_cause(told: dict[int, dict[str, Any]]) -> bool:
    """Whether one of these says more than that another one was lost."""
    return any(message and "lost" not in message for message in told.values())


class _Started:
    """A process as `multiprocessing` shows one."""

    def __init__(self, process: "subprocess.Popen[bytes]") -> None:
        self.process, self.pid = process, process.pid

    def kill(self) -> None:
        self.process.kill()

    def join(self, seconds: float) -> None:
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(seconds)

    def is_alive(self) -> bool:
        return self.process.poll() is None

    @property
    def exitcode(self) -> int | None:
        return self.process.poll()


class StartedChild(Child):
    """A process that begins anew, for devices that no copy of this one can use."""

    def __init__(self, job: Path, rank: int) -> None:
        ours, theirs = Pipe()
        Channel.__init__(self, ours)
        command = [sys.executable, "-m", "recipe.search.rank_process"]
        paths = os.pathsep.join(path for path in sys.path if path)
        self.process = _Started(  # type: ignore[assignment]
            subprocess.Popen(  # noqa: S603 - this very program
                [*command, str(theirs.fileno()), str(job), str(rank)],
                pass_fds=[theirs.fileno()],
                env={**os.environ, "PYTHONPATH": paths},
            )
        )
        theirs.close()
        self.still = Stillness(self.process.pid or 0)
        self.given_up = False


def patience(call_limit: float) -> float:
    """Seconds after which a process that does not answer the others is given up: longer than one
    call of the user's code may take.
    """
    return max(stalled.LONGEST, call_limit + LAST_WAIT)
