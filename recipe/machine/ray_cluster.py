"""The workers of a Ray cluster. Ray schedules, places and notices lost nodes; here it is said what
a worker needs and what is told to the user.
"""

import math
import os
import socket
import sys
import time
from collections.abc import Container
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from recipe.core.errors import UsageError, in_a_line
from recipe.core.plain_text import in_one_line
from recipe.machine.processes import ChannelClosed, Peer, cores
from recipe.machine.ray_place import Carried, RayPlace
from recipe.machine.worker_process import WorkerPeer, tell

CODE = [
    "*", "!*/", "!*.py", "!*.toml", "!*.json", "!*.yaml", "!*.yml", "!*.txt",
    ".*/", "venv/", "env/", "site-packages/", "node_modules/", "__pycache__/", "reports/",
]  # fmt: skip
"""What a node gets of the folder where the command runs, as patterns of what it does not: code.
Data are read where they lie."""
LOOK_EVERY = 0.2
"""Seconds between two looks whether a worker is there."""
LONGEST_ANSWER = 10.0
"""Seconds until a cluster has to answer."""
LONGEST_START = 600.0
"""Seconds until the first worker of a cluster has to be there."""


@dataclass(frozen=True)
class Needs:
    """What workers on the cluster are to be."""

    device: str
    """What they train on, for PyTorch: `cpu` or `cuda`."""
    count: int
    share: float
    """Of a GPU that one of them takes."""


def connect(address: str, base: Path) -> None:
    """Join a cluster, or begin one here.

    Args:
        address: `local`, `auto` or that of a cluster.
        base: the folder of the command, whose code the nodes get.

    Raises:
        UsageError: Ray is missing, there is no such cluster, or it is of another environment.

    """
    try:
        import ray
    except ImportError as error:
        raise UsageError("--ray needs Ray: pip install 'training-recipe[ray]'.") from error
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    quiet = {"log_to_driver": False, "logging_level": "ERROR", "ignore_reinit_error": True}
    try:
        _answers(address)
        if address == "local":
            ray.init(address="local", num_cpus=cores(), include_dashboard=False, **quiet)
        else:
            code = {"working_dir": str(base), "excludes": CODE}
            ray.init(address=address, runtime_env=code, **quiet)
    except Exception as error:
        raise UsageError(_why_not(address, error)) from error


def _answers(address: str) -> None:
    """Raise OSError where nobody listens: Ray itself would try for minutes."""
    host, _, port = address.rpartition(":")
    if host and port.isdigit():
        socket.create_connection((host, int(port)), LONGEST_ANSWER).close()


def _why_not(address: str, error: Exception) -> str:
    said = in_one_line(str(error))
    if "ersion mismatch" in said:
        return (
            f"--ray {address}: this Python {sys.version.split()[0]} and its Ray are not those of "
            f"the cluster ({said[:300]}): run recipe in the environment that the cluster was "
            "started in."
        )
    if isinstance(error, OSError) or "connect" in said.lower():
        hint = (
            "start one with 'ray start --head', or say --ray local; one that wants a token needs "
            "RAY_AUTH_MODE=token here too"
        )
        return f"--ray {address}: no Ray cluster answers there: {hint}."
    return f"--ray {address} cannot be used ({in_a_line(error)}): see to the cluster."


def needs_of(device: str, devices: str | None, share: float) -> Needs:
    """What the cluster has room for.

    Args:
        device: `auto`, `cpu`, `cuda` or one GPU by number.
        devices: how many workers at most, or `all`; None for all.
        share: of a GPU that one worker takes.

    Raises:
        UsageError: it has nothing of that kind.

    """
    import ray

    if devices is not None and devices != "all" and not devices.isdigit():
        raise UsageError(
            f"--devices {devices} beside --ray: say how many workers, or leave it out for all."
        )
    alive = [node["Resources"] for node in ray.nodes() if node["Alive"]]
    gpus = sum(int(node.get("GPU", 0) / share + 1e-9) for node in alive)
    on_gpus = device != "cpu" and gpus > 0
    if device.startswith("cuda") and not gpus:
        raise UsageError(f"--device {device}: the Ray cluster has no GPU; leave the option out.")
    there = gpus if on_gpus else sum(int(node.get("CPU", 0)) for node in alive)
    if there < 1:
        raise UsageError("The Ray cluster has no processor to train on: add nodes to it.")
    count = there if devices in (None, "all") else min(int(str(devices)), there)
    return Needs("cuda" if on_gpus else "cpu", count, share)


class RayWorkers:
    """A worker for each place of the cluster; one that was lost is asked for anew."""

    def __init__(self, needs: Needs, base: Path, timeout: float) -> None:
        """Nothing is started yet.

        Args:
            needs: what the workers are.
            base: the folder of the command.
            timeout: seconds that a worker may stand still.

        """
        self.needs, self.base, self.timeout = needs, base, timeout
        self.width = needs.count
        self.at: list[RayPlace] = []
        self.number = 0

    def free(self, busy: Container[Peer], order: dict[str, Any]) -> WorkerPeer | None:
        """See `Workers`.

        Raises:
            UsageError: the cluster has no worker left, and gives none.

        """
        for peer in [peer for peer in self.at if not peer.is_alive() and peer not in busy]:
            self.end(peer)
        while len(self.at) < self.width:
            self.at.append(self._asked_for())
        until = time.monotonic() + LONGEST_START
        while True:
            idle = [peer for peer in self.at if peer not in busy]
            for peer in idle:
                if self._is_there(peer):
                    tell(peer, order)
                    return peer
            if len(idle) < len(self.at):
                return None
            if time.monotonic() > until:
                raise UsageError(
                    f"The Ray cluster gave no worker within {LONGEST_START:.0f} s: see whether "
                    "other jobs have all of it ('ray status')."
                )
            time.sleep(LOOK_EVERY)

    def _asked_for(self) -> RayPlace:
        import ray

        self.number += 1
        needs = self.needs
        taken = {"num_gpus": needs.share} if needs.device == "cuda" else {}
        actor = ray.remote(Carried).options(
            num_cpus=1, max_restarts=0, scheduling_strategy="SPREAD", **taken
        )
        limit = self.timeout if math.isfinite(self.timeout) else 1e9
        name = f"worker {self.number}"
        return RayPlace(actor.remote(name, needs.device, 1, str(self.base), limit), limit)

    def _is_there(self, peer: RayPlace) -> bool:
        import ray

        found, _ = ray.wait([peer.is_ready], timeout=0)
        if not found:
            return False
        try:
            ray.get(peer.is_ready)
        except ray.exceptions.RayError as error:
            self._refuse(error)
            peer.how = "its node was lost"
            return False
        return True

    @staticmethod
    def _refuse(error: Exception) -> None:
        said = in_one_line(str(error))
        if "No module named" in said or "ModuleNotFoundError" in said:
            what = said.partition("No module named")[2].strip(" '\"").split("'")[0] or "recipe"
            raise UsageError(
                f"A node of the Ray cluster has no {what}: install training-recipe in the "
                "environment that the cluster runs in, on every node."
            ) from error

    def release(self) -> None:
        """See `Workers`."""
        for peer in self.at:
            with suppress(ChannelClosed):
                peer.send({"drop": None})

    def end(self, peer: Peer) -> None:
        """See `Workers`."""
        peer.end()
        self.at = [each for each in self.at if each is not peer]

    def close(self) -> None:
        """See `Workers`; and leave the cluster."""
        import ray

        for peer in list(self.at):
            self.end(peer)
        ray.shutdown()
