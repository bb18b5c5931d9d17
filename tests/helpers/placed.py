"""Experiments for worker processes, which load them as `placed:NAME`, and a lab that uses some."""

import ctypes
import os
import signal
import time
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import torch

from lab import CPU, EXPERIMENT, Lab, make
from recipe.data.splitting import load_splits
from recipe.machine.places import Place
from recipe.machine.worker_process import LocalWorkers, WorkerProcess
from recipe.search.open_trial import TrialSpec
from recipe.search.order import order_for
from recipe.search.placed import Placed
from recipe.training.fingerprint import fingerprint
from recipe.training.preparation import prepare

FLAGS = "PLACED_FLAGS"
"""Names a folder in which a fault that comes once leaves a file."""


def hurt(kind):
    if kind == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    elif kind == "stop":
        os.kill(os.getpid(), signal.SIGSTOP)
    elif kind == "abort":
        os.abort()
    elif kind == "segfault":
        ctypes.string_at(0)
    elif kind == "exit":
        os._exit(0)
    elif kind == "memory":
        raise MemoryError


class Hurt(torch.nn.Module):
    """Does what it is told at its first pass in training, every time or once."""

    def __init__(self, kind, once):
        super().__init__()
        self.kind, self.once = kind, once

    def forward(self, x):
        if self.training and self.kind:
            flag = Path(os.environ[FLAGS]) / self.kind
            if not self.once or not flag.exists():
                flag.touch()
                hurt(self.kind)
        return x


def hurting(width=16, kind="", once=False):
    return torch.nn.Sequential(Hurt(kind, once), *make(width))


HURTING = replace(EXPERIMENT, model=hurting)


class Waits(torch.nn.Module):
    """Takes its time without a processor."""

    def forward(self, x):
        if self.training:
            time.sleep(0.03)
        return x


def waiting():
    return torch.nn.Sequential(Waits(), *make())


WAITING = replace(EXPERIMENT, model=waiting)
"""A trial lasts about a second, however busy the machine is."""


def random_data():
    return torch.randn(64, 4), torch.randint(0, 3, (64,))


RANDOM = replace(EXPERIMENT, train=random_data)


def specs(*cells, experiment=EXPERIMENT):
    return [TrialSpec(cell, experiment.with_params(cell)) for cell in cells]


class Pool:
    """Workers that have loaded one of these experiments, for several labs."""

    def __init__(self, name="EXPERIMENT", count=2, timeout=60.0):
        experiment = {"EXPERIMENT": EXPERIMENT, "HURTING": HURTING, "RANDOM": RANDOM}[name]
        module = "lab" if name == "EXPERIMENT" else "placed"
        places = [Place(f"worker {n}", "cpu", 1) for n in range(1, count + 1)]
        launch = [lambda place=p: WorkerProcess(place, Path.cwd(), timeout) for p in places]
        self.workers = LocalWorkers(launch)
        resolved = experiment.resolved()
        declared = load_splits(resolved, CPU, 0)
        ready, data = prepare(resolved, declared)
        self.order = order_for(
            ready, data, (), target=f"{module}:{name}", named={}, epochs=None, seed=0,
            call_limit=None, exact=False, fingerprint=fingerprint(resolved, declared),
        ).to_json()  # fmt: skip

    def close(self):
        self.workers.close()


@contextmanager
def placed(folder, pool):
    """A lab whose trials train in workers."""
    with Lab(folder) as lab:
        lab.said, lab.workers = [], pool.workers
        lab.runner.say = lab.said.append
        lab.runner.places = lambda runner, compared: Placed(
            pool.workers, lambda: pool.order, runner, runner.meter, compared
        )
        yield lab
