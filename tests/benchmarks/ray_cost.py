"""What Ray costs a trial, and what a second node brings: trials of a small grid on a local cluster of
single-processor nodes.

    python tests/benchmarks/ray_cost.py [--write]

With --write the figures go to RAY.md beside this file. Every measurement is taken several times, in
turn; the median counts. The load of the machine is told with it: nodes share its processors with
whatever else runs.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from contextlib import closing, contextmanager
from multiprocessing import get_context
from pathlib import Path

import common
import torch

import sweeps
from lab import CPU, Lab
from placed import WAITING
from recipe.data.splitting import load_splits
from recipe.machine.ray_cluster import Needs, RayWorkers, connect
from recipe.search.open_trial import TrialSpec
from recipe.search.order import order_for
from recipe.search.placed import Placed
from recipe.sources.digits import digits
from recipe.training.fingerprint import fingerprint
from recipe.training.preparation import prepare

HERE = Path(__file__).parent
PAGE = HERE / "RAY.md"
ROUNDS = 5
SHORT, MANY = {"epochs": 1}, 24
"""Trials that take so little that what is around them shows."""
LONG, FEW = {"epochs": 40}, 8
"""Trials as long as they usually are with a small model."""


def specs(experiment, count, **params):
    cells = [{"lr": 0.01 * (k + 1), **params} for k in range(count)]
    return [TrialSpec(cell, experiment.with_params(cell)) for cell in cells]


@contextmanager
def nodes(count):
    environment = sweeps.environment()
    environment["PYTHONPATH"] += os.pathsep + str(common.ROOT / "tests" / "helpers")
    process = subprocess.Popen(
        [sys.executable, str(common.ROOT / "tests" / "helpers" / "ray_nodes.py"), str(count)], text=True,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        env=environment,
    )  # fmt: skip
    try:
        yield process.stdout.readline().strip()
    finally:
        process.stdin.close()
        process.wait()


class Bench:
    """Trials of an experiment in this process, or on workers."""

    def __init__(self, experiment=None, target="digits"):
        resolved = (experiment or digits()).resolved()
        declared = load_splits(resolved, CPU, 0)
        self.experiment, self.data = prepare(resolved, declared)
        self.order = order_for(
            self.experiment, self.data, (), target=target, named={}, epochs=None, seed=0,
            call_limit=None, exact=True, fingerprint=fingerprint(resolved, declared),
        ).to_json()  # fmt: skip

    def seconds(self, given, workers=None):
        """Wall time of these trials."""
        with tempfile.TemporaryDirectory() as folder, Lab(Path(folder) / "run") as lab:
            lab.runner.data = self.data
            if workers is not None:
                lab.runner.places = lambda runner, compared: Placed(
                    workers, lambda: self.order, runner, runner.meter, compared
                )
            began = time.perf_counter()
            trials = lab.run(given)
            assert all(trial.status == "finished" for trial in trials)
            return time.perf_counter() - began

    def all_in_turn(self, *measurements, beside=lambda: None):
        """Seconds of each, several times, and what `beside` gives between them."""
        taken, others = [[] for _ in measurements], []
        for _ in range(ROUNDS):
            for times, (given, workers) in zip(taken, measurements, strict=True):
                times.append(self.seconds(given, workers))
            others.append(beside())
        return *taken, others


_bench = None
"""Of a process of the reference."""


def _begin():
    global _bench
    torch.set_num_threads(1)
    _bench = Bench()
    _train(4)


def _train(count):
    return _bench.seconds(specs(_bench.experiment, count, **LONG))


class Reference:
    """What the machine itself gives a second process now: the same trials in processes that know
    nothing of each other.
    """

    def __init__(self):
        context = get_context("spawn")
        self.pool = ProcessPoolExecutor(2, mp_context=context, initializer=_begin)
        list(self.pool.map(_train, (1, 1)))

    def gain(self):
        began = time.perf_counter()
        self.pool.submit(_train, FEW // 2).result()
        alone = time.perf_counter() - began
        began = time.perf_counter()
        list(self.pool.map(_train, (FEW // 2, FEW // 2)))
        return 2 * alone / (time.perf_counter() - began)


def load():
    return os.getloadavg()[0]


def measured():
    bench = Bench()
    short, long = specs(bench.experiment, MANY, **SHORT), specs(bench.experiment, FEW, **LONG)
    before = load()
    with nodes(2) as address:
        connect(address, Path.cwd())
        two = RayWorkers(Needs("cpu", 2, 1.0), Path.cwd(), 60.0)
        with closing(two):
            bench.seconds(specs(bench.experiment, 4, **SHORT), two)  # both have loaded everything
            one = Narrow(two)
            alone, carried, _ = bench.all_in_turn((short, None), (short, one))
            reference = Reference()
            single, double, gains = bench.all_in_turn(
                (long, one), (long, two), beside=reference.gain
            )
            reference.pool.shutdown()
            waiting = Bench(WAITING, "placed:WAITING")
            calm = specs(waiting.experiment, FEW)
            waiting.seconds(calm[:2], two)
            waits, shared, _ = waiting.all_in_turn((calm, one), (calm, two))
    return {
        "waits": waits,
        "shared": shared,
        "alone": alone, "carried": carried, "single": single, "double": double, "gains": gains,
        "load": (before, load()),
    }  # fmt: skip


class Narrow:
    """One of several workers."""

    def __init__(self, workers):
        self.workers, self.width = workers, 1

    def free(self, busy, order):
        return None if busy else self.workers.free(busy, order)

    def __getattr__(self, name):
        return getattr(self.workers, name)


def page(found):
    middle = {name: statistics.median(times) for name, times in found.items() if name != "load"}
    overhead = (middle["carried"] - middle["alone"]) / MANY
    gain = statistics.median(
        one / two for one, two in zip(found["single"], found["double"], strict=True)
    )
    share = gain / middle["gains"]
    calm = middle["waits"] / middle["shared"]
    return f"""# Trials on a Ray cluster

A local cluster of single-processor nodes on one machine of {os.cpu_count()} processors; digits, its
MLP, float32, one trial at a time on each node. Medians of {ROUNDS} measurements taken in turn. Load
of the machine (tasks that run or wait, one minute) before and after: {found["load"][0]:.1f} and
{found["load"][1]:.1f}.

| what | seconds | smallest to largest |
|---|---|---|
| {MANY} trials of 1 epoch in this process | {line(found["alone"])} |
| the same on one node | {line(found["carried"])} |
| {FEW} trials of 40 epochs on one node | {line(found["single"])} |
| the same on two nodes | {line(found["double"])} |
| {FEW} trials of a second that wait instead of computing, on one node | {line(found["waits"])} |
| the same on two nodes | {line(found["shared"])} |

Overhead of a trial: **{1000 * overhead:.1f} ms**. Throughput of two nodes: **{gain:.2f} times** that
of one (median of the pairs). Two processes that know nothing of each other, measured in between, got
{middle["gains"]:.2f} times as much done as one ({min(found["gains"]):.2f} to \
{max(found["gains"]):.2f}): that is what this machine gave at the time, and two nodes got {share:.0%} of
it. Of trials that wait instead of computing, for which it has room, two nodes did **{calm:.2f} times**
as many as one: handing out trials holds up nobody.

Written by `python tests/benchmarks/ray_cost.py --write`.
"""


def line(times):
    return f"{statistics.median(times):.2f} | {min(times):.2f} to {max(times):.2f}"


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n", maxsplit=1)[0])
    parser.add_argument("--write", action="store_true", help="write RAY.md")
    given = parser.parse_args()
    torch.set_num_threads(1)
    text = page(measured())
    print(text)
    if given.write:
        PAGE.write_text(text, "utf-8")
