"""`python -m recipe.worker`: trains trials of a run that another process leads."""

import gc
import os
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch

from recipe.border.call_limit import limited_calls
from recipe.border.faults import usage_error
from recipe.border.surroundings import warnings_shown
from recipe.core.budget import Budget, parse_call_limit
from recipe.core.clock import working_until
from recipe.core.errors import raised
from recipe.data.datasets import Splits
from recipe.experiment import Experiment
from recipe.machine.exactness import exactly
from recipe.machine.memory import keep_freed_pages
from recipe.machine.places import Place
from recipe.machine.processes import Channel, ChannelClosed
from recipe.machine.worker_process import own_line
from recipe.models.pretrained import start_file
from recipe.search.open_trial import TrialSpec
from recipe.search.serving import Group, Service, group_of, serve
from recipe.training.execution_mode import ExecutionMode, mode_from_json
from recipe.training.fit import Fit, fresh_fit
from recipe.worker.building import Builder, Built


@dataclass(frozen=True)
class WorkerTrainer:
    """What a group of trials needs here; see `Trainer`."""

    data: Splits
    seed: int
    device: torch.device
    mode: ExecutionMode
    say: Callable[[str], None]
    out_of_time: Callable[[], bool]

    @property
    def seconds_left(self) -> float | None:
        """Of no use here: a worker's training asks whether it is `out_of_time`."""
        return None

    def fit(self, experiment: Experiment, compared_after: Sequence[int] = ()) -> Fit:
        """A fresh training of its own."""
        return fresh_fit(
            experiment, self.data, seed=self.seed, device=self.device, mode=self.mode.single,
            compared_after=compared_after, out_of_time=self.out_of_time,
        )  # fmt: skip


class Worker(Service):
    """Loads what it is told to, and trains trials of it."""

    def __init__(self, line: Channel, place: Place) -> None:
        super().__init__(line, self._group, self._within)
        self.device, self.threads = torch.device(place.device), place.threads
        self.folder: Path | None = None
        """Of the weights that trials begin with."""
        self.builder = Builder(place.name, self.device)
        self.built: Built | None = None
        self.end: float | None = None
        """When a budget of time is used up."""
        self.limits = ExitStack()

    def answer(self, message: dict[str, Any], payload: bytes) -> bool:
        """See `Service`."""
        if "begin" not in message:
            return super().answer(message, payload)
        try:
            self._set_up(message["begin"])
            self.built = None
            self.built = self.builder.build(message["begin"])
        except BaseException as error:  # noqa: BLE001 - the other end raises it
            fault = usage_error(error)
            self.line.send({"fault": str(fault)} if fault else {"crashed": raised(error)})
            return False
        gc.collect()
        gc.freeze()  # data and libraries, which no pass over garbage has to look at
        return True

    def _set_up(self, order: dict[str, Any]) -> None:
        """What holds in the leading process for as long as it runs, here too."""
        self.limits.close()
        if order["exact"]:
            self.limits.enter_context(exactly(self.device))
        budget = parse_call_limit(order["call_limit"] or "off")
        if isinstance(budget, Budget):
            self.limits.enter_context(limited_calls(budget, serve.__code__))

    @contextmanager
    def _within(self, message: dict[str, Any]) -> Iterator[None]:
        """The run's limits of time, as seconds from now: machines do not share a clock."""
        now, seconds, budget = time.monotonic(), message["seconds"], message["budget"]
        self.end = None if budget is None else now + budget
        torch.set_num_threads(min(message["threads"], self.threads))
        with working_until(None if seconds is None else now + seconds):
            yield

    def _group(self, message: dict[str, Any], payload: bytes) -> Group:
        if self.built is None:
            raise RuntimeError("no experiment was loaded")
        self._keep_starts(message["starts"], payload)
        base = replace(self.built.experiment, starts=self.folder)
        specs = [TrialSpec(params, base.with_params(params)) for params in message["params"]]
        trainer = WorkerTrainer(
            self.built.data, message["seed"], self.device, mode_from_json(message["mode"]),
            lambda text: self.line.send({"say": text}), self._out_of_time,
        )  # fmt: skip
        return group_of(specs, message["numbers"], trainer, message["compared_after"])

    def _out_of_time(self) -> bool:
        return self.end is not None and time.monotonic() >= self.end

    def _keep_starts(self, sizes: dict[str, int], content: bytes) -> None:
        """Weights of the run that trials begin with."""
        if sizes and self.folder is None:
            self.temporary = tempfile.TemporaryDirectory(prefix="recipe-worker-")
            self.folder = Path(self.temporary.name)
        for name, size in sizes.items():
            start_file(self.folder, name).write_bytes(content[:size])
            content = content[size:]


def _end_with(life: int) -> None:
    """End this process as soon as the one that started it is gone, whatever is being done."""

    def watch() -> None:
        os.read(life, 1)
        os.kill(os.getpid(), signal.SIGKILL)

    threading.Thread(target=watch, name="recipe-worker-life", daemon=True).start()


def main(line: str, life: str, *place: str) -> None:
    """Work until the process at the other end of the line is gone.

    Args:
        line: number of the file that it hears and answers on.
        life: number of a file that ends with that process.
        place: name, device and threads of where it works.

    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches all; the other end ends this one
    _end_with(int(life))
    keep_freed_pages()
    channel = Channel(own_line(line))
    name, device, threads = place
    worker = Worker(channel, Place(name, device, int(threads)))
    with warnings_shown(), worker.limits, suppress(ChannelClosed):
        serve(worker)


if __name__ == "__main__":
    main(*sys.argv[1:])
