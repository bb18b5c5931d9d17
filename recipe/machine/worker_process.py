"""Worker processes, which get text alone and load the experiment themselves: one for each place."""

import os
import subprocess
import sys
from collections.abc import Callable, Container, Sequence
from contextlib import suppress
from multiprocessing.connection import Connection, Pipe
from pathlib import Path
from typing import Any, Protocol

from recipe.core.errors import UsageError
from recipe.machine import stalled
from recipe.machine.places import Place
from recipe.machine.processes import LAST_WAIT, ChannelClosed, Peer, how_it_ended
from recipe.machine.stalled import Stillness

MODULE = "recipe.worker"
"""What a worker runs: it is told the numbers of two open files, that on which it hears and answers
and one that ends with this process; then what describes its place.
"""

STDERR = 2
SHORTLY = 0.5
"""Seconds that a worker is given to end by itself, which it does at once when it has no work."""


class WorkerPeer(Peer):
    """A worker, wherever it is."""

    begun: object = None
    """The order that it was sent last."""

    def is_alive(self) -> bool:
        """Whether it may take work."""
        raise NotImplementedError

    def leave(self) -> None:
        """Let it end by itself, if it does so soon."""


class WorkerProcess(WorkerPeer):
    """A worker process on this machine."""

    def __init__(self, place: Place, folder: Path, longest: float) -> None:
        """Start it.

        Args:
            place: where it trains.
            folder: its working directory, where relative paths begin.
            longest: seconds that it may stand still.

        Raises:
            UsageError: this system has no such processes.

        """
        if os.name != "posix":
            raise UsageError("Worker processes need Linux or macOS: leave out --devices.")
        ours, theirs = Pipe()
        super().__init__(ours)
        self.place, self.longest, self.given_up = place, longest, False
        reading, self.life = os.pipe()
        files = (theirs.fileno(), reading)
        self.process = subprocess.Popen(  # noqa: S603 - our own module
            [sys.executable, "-m", MODULE, *map(str, files), *place.described],
            pass_fds=files,
            cwd=folder,
            env={**os.environ, "PYTHONPATH": _path(), **place.environment},
            stdin=subprocess.DEVNULL,
            stdout=STDERR,  # what the user's code prints is no result
        )
        theirs.close()
        os.close(reading)
        self.still = Stillness(self.process.pid)

    def is_alive(self) -> bool:
        """See `WorkerPeer`."""
        return self.process.poll() is None

    def leave(self) -> None:
        """See `WorkerPeer`."""
        self.connection.close()
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(SHORTLY)

    def end(self) -> None:
        """See `Peer`."""
        self.connection.close()
        self.process.kill()
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(LAST_WAIT)
        with suppress(OSError):
            os.close(self.life)

    def look(self) -> bool:
        """See `Peer`."""
        if self.given_up:
            self.connection.close()
            return True
        if self.still.seconds() > self.longest:
            self.given_up = True
            self.process.kill()
        return False

    def death(self) -> str:
        """See `Peer`."""
        if self.given_up:
            return stalled.in_words(self.longest)
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(LAST_WAIT)
        return how_it_ended(self.process.poll() or 0)


def _path() -> str:
    """Where this process finds modules, for another one."""
    return os.pathsep.join(each for each in sys.path if each)


class Workers(Protocol):
    """Workers that are there for the whole run."""

    @property
    def width(self) -> int:
        """How many may train at a time."""

    def free(self, busy: Container[Peer], order: dict[str, Any]) -> WorkerPeer | None:
        """One that is not busy and has this order; None where there is none now."""

    def release(self) -> None:
        """Let them forget the trials that they hold."""

    def end(self, peer: Peer) -> None:
        """Stop one: another one takes its place when it is needed."""

    def close(self) -> None:
        """Stop all of them."""


class LocalWorkers:
    """A worker process for each place of this machine, started when it is needed."""

    def __init__(self, launch: Sequence[Callable[[], WorkerPeer]]) -> None:
        self.launch, self.width = launch, len(launch)
        self.at: list[WorkerPeer | None] = [None] * self.width

    def free(self, busy: Container[Peer], order: dict[str, Any]) -> WorkerPeer | None:
        """See `Workers`."""
        for number, peer in enumerate(self.at):
            if peer is not None and peer in busy:
                continue
            if peer is not None and not peer.is_alive():
                self.end(peer)
            found = self.at[number] = self.at[number] or self.launch[number]()
            tell(found, order)
            return found
        return None

    def release(self) -> None:
        """See `Workers`."""
        for peer in self.at:
            if peer is not None:
                with suppress(ChannelClosed):
                    peer.send({"drop": None})

    def end(self, peer: Peer) -> None:
        """See `Workers`."""
        peer.end()
        self.at = [None if each is peer else each for each in self.at]

    def close(self) -> None:
        """See `Workers`."""
        peers = [peer for peer in self.at if peer is not None]
        for peer in peers:
            peer.leave()
        for peer in peers:
            self.end(peer)


def tell(peer: WorkerPeer, order: dict[str, Any]) -> None:
    """See to it that a worker has this order."""
    if peer.begun is not order:
        with suppress(ChannelClosed):  # which is heard of when it is asked for something
            peer.send({"begin": order})
        peer.begun = order


def own_line(number: str) -> Connection:
    """The line of a worker to the process that started it."""
    return Connection(int(number))
