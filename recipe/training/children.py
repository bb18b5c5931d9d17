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
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from multiprocessing.connection import Connection, wait
from types import TracebackType
from typing import Any, Self

import torch

from recipe.errors import RecipeError

Serve = Callable[["Line"], None]
ATTEMPTS = 2
"""Times that work is begun before a child that dies again is given up."""
_PR_SET_PDEATHSIG = 1


def cores() -> int:
    """Processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def can_fork(device: torch.device) -> bool:
    """Whether children can train here: a forked process cannot use an accelerator, and
    elsewhere than on Linux system libraries do not survive a fork, and a worker of
    somebody's pool may have no children.
    """
    own = multiprocessing.current_process()
    return sys.platform == "linux" and device.type == "cpu" and not own.daemon


class ChildGone(Exception):  # noqa: N818 - an event to handle, not a mistake
    """The process at the other end of a line is no more."""


class Line:
    """One end of the connection between a child and its parent."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection

    def send(self, message: dict[str, Any], payload: bytes | None = None) -> None:
        """Send a message, with bytes behind it when there are some.

        Raises:
            ChildGone: nobody will read it.

        """
        head = {**message, "payload": payload is not None}
        try:
            self.connection.send_bytes(json.dumps(head).encode())
            if payload is not None:
                self.connection.send_bytes(payload)
        except OSError as error:
            raise ChildGone from error

    def receive(self) -> tuple[dict[str, Any], bytes]:
        """The next message and its bytes.

        Raises:
            ChildGone: none will come.

        """
        try:
            message = json.loads(self.connection.recv_bytes())
            payload = self.connection.recv_bytes() if message.pop("payload") else b""
        except (EOFError, OSError) as error:
            raise ChildGone from error
        return message, payload


class Child(Line):
    """A forked process that runs `serve` on its end of the line."""

    def __init__(self, serve: Serve) -> None:
        ours, theirs = multiprocessing.Pipe()
        super().__init__(ours)
        self.process = multiprocessing.get_context("fork").Process(
            target=_main, args=(serve, ours, theirs, os.getpid()), daemon=True
        )
        with warnings.catch_warnings():
            # Python 3.12 warns of any thread; the child takes no lock that one of them may hold.
            warnings.simplefilter("ignore", DeprecationWarning)
            self.process.start()
        theirs.close()

    def end(self) -> None:
        """Stop it, whatever it does."""
        self.connection.close()
        self.process.kill()
        self.process.join()

    def death(self) -> str:
        """How it ended, once its line is closed."""
        self.process.join()
        code = self.process.exitcode or 0
        if code < 0:
            return f"its process was killed by {signal.Signals(-code).name}"
        return f"its process ended with exit code {code}"


def _main(serve: Serve, ours: Connection, theirs: Connection, parent: int) -> None:
    ours.close()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches all; the parent ends its children
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        return
    # The parent may have replaced these by objects whose locks were held when it forked.
    sys.stdout = open(1, "w", buffering=1, closefd=False)  # noqa: SIM115
    sys.stderr = open(2, "w", buffering=1, closefd=False)  # noqa: SIM115
    torch.set_num_threads(1)  # OpenMP's pool of threads does not survive a fork
    try:
        serve(Line(theirs))
    except ChildGone:
        return


class Children:
    """The children of one piece of work; leaving the block ends all of them."""

    def __init__(self) -> None:
        self.all: list[Child] = []

    def start(self, serve: Serve) -> Child:
        """One more child."""
        child = Child(serve)
        self.all.append(child)
        return child

    def end(self, child: Child) -> None:
        """Stop one."""
        child.end()
        self.all.remove(child)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for child in list(self.all):
            self.end(child)


def ready(children: Iterable[Child]) -> list[Child]:
    """Wait until some of the children have something to say, or are gone."""
    by_line = {child.connection: child for child in children}
    return [by_line[line] for line in wait(list(by_line)) if isinstance(line, Connection)]


def run_all(
    jobs: Sequence[Callable[[], dict[str, Any]]],
    width: int,
    told: Callable[[int], None] = lambda _: None,
) -> list[dict[str, Any]]:
    """The results of all jobs, `width` of them at a time, each in a child of its own.

    `told` is called with the number of jobs that are done.

    Raises:
        RecipeError: a job raised, or its process died twice.

    """
    results: dict[int, dict[str, Any]] = {}
    waiting = [(index, 1) for index in range(len(jobs))]
    idle: list[Child] = []
    running: dict[Child, tuple[int, int]] = {}
    with Children() as children:
        while waiting or running:
            while waiting and len(running) < width:
                index, attempt = waiting.pop(0)
                child = idle.pop() if idle else children.start(lambda line: _serve_jobs(line, jobs))
                with suppress(ChildGone):  # which is heard of below
                    child.send({"job": index})
                running[child] = (index, attempt)
            for child in ready(running):
                index, attempt = running.pop(child)
                try:
                    message, _ = child.receive()
                except ChildGone:
                    if attempt == ATTEMPTS:
                        raise RecipeError(f"A short training failed: {child.death()}.") from None
                    waiting.insert(0, (index, attempt + 1))
                    children.end(child)
                    continue
                if "error" in message:
                    raise RecipeError(message["error"])
                results[index] = message["result"]
                told(len(results))
                idle.append(child)
    return [results[index] for index in range(len(jobs))]


def _serve_jobs(line: Line, jobs: Sequence[Callable[[], dict[str, Any]]]) -> None:
    while True:
        message, _ = line.receive()
        try:
            line.send({"result": jobs[message["job"]]()})
        except Exception as error:  # noqa: BLE001 - it is raised again in the parent
            line.send({"error": f"{type(error).__name__}: {error}"})
