"""Forked processes that work beside this one, each on one thread.

A child shares everything that was in memory when it was made, data included, and answers in
JSON and plain bytes. It ends when it is told to, when its work is done, or with its parent.
"""

import ctypes
import json
import multiprocessing
import os
import signal
import sys
import warnings
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable, Generator, Iterable, Sequence
from contextlib import closing, suppress
from multiprocessing.connection import Connection, wait
from typing import Any, TypeVar

import torch

from recipe.border.call_limit import limited_in_child
from recipe.border.faults import usage_error
from recipe.core.clock import TimeUp
from recipe.core.errors import RecipeError, UsageError, raised
from recipe.machine import stalled
from recipe.machine.stalled import Stillness

Serve = Callable[["Channel"], None]
ATTEMPTS = 2
"""Times that work is begun before a child that dies again is given up."""
_PR_SET_PDEATHSIG = 1
LAST_WAIT = 10.0
"""Seconds that a process is given to end once it was killed."""


def cores() -> int:
    """Processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def can_fork(device: torch.device) -> bool:
    """Whether children can train here: a forked process cannot use an accelerator,
    system libraries survive a fork on Linux only, and a worker of somebody's pool may have no
    children.
    """
    own = multiprocessing.current_process()
    return sys.platform == "linux" and device.type == "cpu" and not own.daemon


class ChannelClosed(Exception):  # noqa: N818 - an event to handle, not a mistake
    """The process at the other end is no more."""


class Channel:
    """One end of the connection between a child and its parent."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection

    def send(self, message: dict[str, Any], payload: bytes | None = None) -> None:
        """Send a message, with bytes behind it when there are some.

        Raises:
            ChannelClosed: nobody will read it.

        """
        head = {**message, "payload": payload is not None}
        try:
            self.connection.send_bytes(json.dumps(head).encode())
            if payload is not None:
                self.connection.send_bytes(payload)
        except OSError as error:
            raise ChannelClosed from error

    def receive(self) -> tuple[dict[str, Any], bytes]:
        """The next message and its bytes.

        Raises:
            ChannelClosed: none will come.

        """
        try:
            message = json.loads(self.connection.recv_bytes())
            payload = self.connection.recv_bytes() if message.pop("payload") else b""
        except (EOFError, OSError) as error:
            raise ChannelClosed from error
        return message, payload


class Peer(Channel, ABC):
    """A process that works for this one, wherever it is."""

    own_fault = True
    """Whether its end may come from what it did: not where a machine was lost."""

    @abstractmethod
    def end(self) -> None:
        """Stop it, whatever it does."""

    @abstractmethod
    def look(self) -> bool:
        """Whether it stands still for so long that nothing is to be expected: it is ended then."""

    @abstractmethod
    def death(self) -> str:
        """How it ended, once its line is closed."""


AnyPeer = TypeVar("AnyPeer", bound=Peer)


class Child(Peer):
    """A forked process that runs `serve` on its end of the line."""

    def __init__(self, serve: Serve) -> None:
        ours, theirs = multiprocessing.Pipe()
        super().__init__(ours)
        self.process = multiprocessing.get_context("fork").Process(
            target=_main, args=(serve, ours, theirs, os.getpid()), daemon=True
        )
        before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        with warnings.catch_warnings():
            # Python 3.12 warns of any thread; the child takes no lock that one of them may hold.
            warnings.simplefilter("ignore", DeprecationWarning)
            self.process.start()
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
        theirs.close()
        self.still = Stillness(self.process.pid or 0)
        self.given_up = False

    def end(self) -> None:
        """See `Peer`."""
        self.connection.close()
        self.process.kill()
        self.process.join(LAST_WAIT)

    def look(self) -> bool:
        """See `Peer`."""
        if self.given_up:  # which not even a signal ends
            self.connection.close()
            return True
        if self.still.seconds() > stalled.LONGEST:
            self.given_up = True
            self.process.kill()
        return False

    def death(self) -> str:
        """See `Peer`."""
        self.process.join(LAST_WAIT)
        if self.given_up:
            return stalled.in_words(stalled.LONGEST)
        return how_it_ended(self.process.exitcode or 0)


def how_it_ended(code: int) -> str:
    """The exit code of a process in words, negative for a signal."""
    if code < 0:
        return f"its process was killed by {signal.Signals(-code).name}"
    return f"its process ended with exit code {code}"


def _main(serve: Serve, ours: Connection, theirs: Connection, parent: int) -> None:
    ours.close()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches all; the parent ends its children
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        return
    # The parent may have replaced these by objects whose locks were held when it forked.
    sys.stdout = open(1, "w", buffering=1, closefd=False)  # noqa: SIM115
    sys.stderr = open(2, "w", buffering=1, closefd=False)  # noqa: SIM115
    torch.set_num_threads(1)  # OpenMP's pool of threads does not survive a fork
    try:
        with limited_in_child(_main.__code__):
            serve(Channel(theirs))
    except ChannelClosed:
        return


class Children:
    """Children that all serve the same; one that has nothing to do rests until it is needed."""

    def __init__(self, serve: Serve) -> None:
        self.serve = serve
        self.all: list[Child] = []
        self.resting: list[Child] = []

    def free(self) -> Child:
        """One that rests and is still alive, or one more."""
        while self.resting:
            child = self.resting.pop()
            if child.process.is_alive():
                return child
            self.end(child)
        child = Child(self.serve)
        self.all.append(child)
        return child

    def rest(self, child: Child) -> None:
        """It has done what it was asked to."""
        self.resting.append(child)

    def end(self, child: Child) -> None:
        """Stop one."""
        child.end()
        self.all.remove(child)

    def close(self) -> None:
        """Stop all of them."""
        for child in list(self.all):
            self.end(child)


def ready(children: Iterable[AnyPeer]) -> list[AnyPeer]:
    """Wait until some of the children have something to say, or are gone."""
    by_line = {child.connection: child for child in children}
    while True:
        lines = wait(list(by_line), stalled.LOOK_EVERY)
        if lines:
            return [by_line[line] for line in lines if isinstance(line, Connection)]
        if gone := [child for child in by_line.values() if child.look()]:
            return gone


class RequestFailed(Exception):  # noqa: N818 - the caller says what it means
    """The children that were sent request number `index` died, the last one `how`."""

    def __init__(self, index: int, how: str) -> None:
        super().__init__(index, how)
        self.index, self.how = index, how


def answer_requests(
    serve: Serve, requests: Sequence[dict[str, Any]], width: int
) -> Generator[tuple[int, dict[str, Any]]]:
    """The number of each request and its answer, as the answers come from `width` children.

    A request whose child died is sent again. To be closed when it is left early.

    Raises:
        GivenUp: the child died at the last attempt too.

    """
    waiting = deque((index, 1) for index in range(len(requests)))
    running: dict[Child, tuple[int, int]] = {}
    with closing(Children(serve)) as children:
        while waiting or running:
            while waiting and len(running) < width:
                index, attempt = waiting.popleft()
                child = children.free()
                with suppress(ChannelClosed):  # which is heard of below
                    child.send(requests[index])
                running[child] = (index, attempt)
            for child in ready(running):
                index, attempt = running.pop(child)
                try:
                    message, _ = child.receive()
                except ChannelClosed:
                    if attempt == ATTEMPTS:
                        raise RequestFailed(index, child.death()) from None
                    waiting.appendleft((index, attempt + 1))
                    children.end(child)
                else:
                    children.rest(child)
                    yield index, message


def run_all(
    jobs: Sequence[Callable[[], dict[str, Any]]],
    width: int,
    on_done: Callable[[int], None] = lambda _: None,
) -> list[dict[str, Any]]:
    """The results of all jobs, by `width` children.

    `on_done` is called with the number of jobs that are done.

    Raises:
        UsageError: code of the user's raised in a job.
        RecipeError: a job raised, or its process died twice.
        TimeUp: one of them was cut off.

    """
    results: dict[int, dict[str, Any]] = {}
    requests = [{"job": index} for index in range(len(jobs))]
    try:
        with closing(
            answer_requests(lambda line: _serve_jobs(line, jobs), requests, width)
        ) as done:
            for index, message in done:
                if "fault" in message:
                    raise UsageError(message["fault"])
                if "error" in message:
                    raise RecipeError(message["error"])
                if "time_up" in message:
                    raise TimeUp
                results[index] = message["result"]
                on_done(len(results))
    except RequestFailed as gone:
        raise RecipeError(f"A short training failed: {gone.how}.") from None
    return [results[index] for index in range(len(jobs))]


def _serve_jobs(line: Channel, jobs: Sequence[Callable[[], dict[str, Any]]]) -> None:
    while True:
        message, _ = line.receive()
        try:
            line.send({"result": jobs[message["job"]]()})
        except ChannelClosed:
            raise
        except TimeUp:
            line.send({"time_up": True})
        except BaseException as error:  # noqa: BLE001 - it is raised again in the parent
            fault = usage_error(error)
            line.send({"fault": str(fault)} if fault else {"error": raised(error)})
