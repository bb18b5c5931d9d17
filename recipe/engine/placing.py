"""Where the trials of a run are trained: here, in workers on this machine, or on a cluster."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from recipe.core.errors import UsageError
from recipe.core.option_definitions import BY_NAME
from recipe.core.settings import Settings
from recipe.data.datasets import Splits
from recipe.engine.run_setup import Started
from recipe.experiment import Experiment
from recipe.machine.places import Place
from recipe.machine.ray_cluster import RayWorkers, connect, needs_of
from recipe.machine.worker_process import LocalWorkers, WorkerProcess, Workers
from recipe.search.order import Repair, order_for
from recipe.search.parallel_executor import Carrier
from recipe.search.placed import Placed
from recipe.search.runner import Runner

FROM_PYTHON = (
    "--devices and --ray need an experiment that other processes can load: write it into a file "
    "and name that, as in 'recipe run experiment.py --devices 2'; an object of this process "
    "cannot be sent to them."
)


@dataclass
class Placing:
    """The workers of a run, and how they come to its experiment."""

    workers: Workers | None = None
    declared: dict[str, Any] = field(default_factory=dict)
    """What an order holds of the declared experiment."""
    repairs: dict[str, tuple[Repair, ...]] = field(default_factory=dict)
    """By fingerprint, how an experiment came out of the declared one."""
    elsewhere: bool = False
    """Whether trials train on another kind of device than this process has."""

    def repaired(self, before: str, after: str, repair: Repair | None) -> None:
        """Note how one experiment came out of another."""
        if repair is not None and before in self.repairs:
            self.repairs[after] = (*self.repairs[before], repair)

    def places(
        self, experiment: Experiment, data: Splits, name: str
    ) -> Callable[[Runner, Sequence[int]], Carrier] | None:
        """What gives a runner its workers; None where it trains here."""
        workers, repairs = self.workers, self.repairs.get(name)
        if workers is None or repairs is None:
            return None
        orders: list[dict[str, Any]] = []

        def order() -> dict[str, Any]:
            if not orders:
                orders.append(order_for(experiment, data, repairs, **self.declared).to_json())
            return orders[0]

        return lambda runner, compared: Placed(workers, order, runner, runner.meter, compared)

    def close(self) -> None:
        """Stop the workers."""
        if self.workers is not None:
            self.workers.close()


def placing(started: Started, settings: Settings, target: str | None, base: Path) -> Placing:
    """The workers that the settings ask for; none is started yet.

    Args:
        started: the run.
        settings: resolved options.
        target: how the command line names the experiment.
        base: where relative paths begin.

    Raises:
        UsageError: the experiment cannot be loaded by another process.

    """
    if not started.places and settings.ray is None:
        return Placing()
    if started.experiment.parallel is not None:
        raise UsageError(
            "--devices and --ray train a trial on each device, parallel= and --parallel one trial "
            "on several: leave one of them out."
        )
    if target is None and settings.data is None:
        raise UsageError(FROM_PYTHON)
    timeout = settings.worker_seconds
    elsewhere = False
    if settings.ray is None:
        places = [_launch(place, base, timeout) for place in started.places]
        workers: Workers = LocalWorkers(places)
    else:
        connect(settings.ray, base)
        needs = needs_of(settings.device, settings.devices, settings.gpu_share or 1.0)
        workers = RayWorkers(needs, base, timeout)
        elsewhere = needs.device != started.device.type
    plain = settings.to_dict()
    declared = {
        "target": target if settings.data is None else None,
        "named": {name: plain[name] for name in BY_NAME if name in plain},
        "epochs": settings.epochs,
        "seed": settings.seed,
        "call_limit": settings.budgets["call_limit"],
        "exact": settings.exact,
        "fingerprint": started.fingerprint,
    }
    return Placing(workers, declared, {started.fingerprint: ()}, elsewhere)


def _launch(place: Place, base: Path, timeout: float) -> Callable[[], WorkerProcess]:
    return lambda: WorkerProcess(place, base, timeout)
