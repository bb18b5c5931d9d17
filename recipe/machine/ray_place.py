"""A place of a Ray cluster: an actor with a worker process beside it, and who speaks with it here.

The actor carries messages and nothing else. What trains is the very worker process that a single
machine uses, so a crash of the model ends that process, and the actor says how.
"""

import json
import os
import threading
from collections.abc import Iterator
from contextlib import suppress
from multiprocessing.connection import Pipe
from pathlib import Path
from typing import Any

from recipe.machine import stalled
from recipe.machine.places import Place
from recipe.machine.processes import Channel, ChannelClosed
from recipe.machine.worker_process import WorkerPeer, WorkerProcess

FINAL = ("trials", "weights", "fault", "crashed", "gone")
"""Messages after which a worker waits to be asked again."""
ALIVE = 2.0
"""Seconds after which an actor says that its worker still works."""
LOST = "its node was lost"


class Carried:
    """The actor: it starts a worker on its node and passes on what that says."""

    def __init__(self, name: str, device: str, threads: int, base: str, timeout: float) -> None:
        place = Place(name, device, threads)
        self.worker = WorkerProcess(place, folder_here(base), timeout)

    def ready(self) -> str:
        """The name of its node."""
        return os.uname().nodename

    def tell(self, message: str, payload: bytes | None) -> None:
        """Pass on what is not answered."""
        with suppress(ChannelClosed):  # which is said when something is asked
            self.worker.send(json.loads(message), payload)

    def _has_answer(self) -> bool:
        if self.worker.connection.poll(min(ALIVE, stalled.LOOK_EVERY)):
            return True
        if self.worker.look():
            raise ChannelClosed
        return False

    def ask(self, message: str, payload: bytes | None) -> Iterator[tuple[str, bytes]]:
        """Pass on a question, and all answers to it, the final one last."""
        self.tell(message, payload)
        while True:
            try:
                while not self._has_answer():
                    yield json.dumps({"alive": True}), b""
                answer, content = self.worker.receive()
            except (ChannelClosed, OSError):
                yield json.dumps({"gone": self.worker.death()}), b""
                return
            yield json.dumps(answer), content
            if any(word in answer for word in FINAL):
                return


def folder_here(base: str) -> Path:
    """The folder of the run on this node, where it is shared; else that of the code Ray brought."""
    shared = Path(base)
    return shared if shared.is_dir() else Path.cwd()


class RayPlace(WorkerPeer):
    """The end of the line in the process that leads the run."""

    def __init__(self, actor: Any, timeout: float) -> None:
        """Speak with an actor that has been asked for.

        Args:
            actor: a handle of `Carried`.
            timeout: seconds without a sign of it after which it is given up.

        """
        ours, theirs = Pipe()
        super().__init__(ours)
        self.actor, self.timeout = actor, timeout
        self.how = ""
        self.is_ready = actor.ready.remote()
        self.theirs = Channel(theirs)
        self.carrier = threading.Thread(target=self._carry, name="recipe-ray", daemon=True)
        self.carrier.start()

    def is_alive(self) -> bool:
        """See `WorkerPeer`."""
        return not self.how

    def look(self) -> bool:
        """See `Peer`: the actor looks after its worker."""
        return False

    def death(self) -> str:
        """See `Peer`."""
        return self.how or LOST

    def leave(self) -> None:
        """See `WorkerPeer`."""
        self.connection.close()

    def end(self) -> None:
        """See `Peer`."""
        import ray

        self.how = self.how or "it was ended"
        self.connection.close()
        with suppress(Exception):  # it may be gone, with all of Ray
            ray.kill(self.actor)

    def _carry(self) -> None:
        """Pass messages on, until one of the two ends is gone."""
        import ray

        try:
            while True:
                message, payload = self.theirs.receive()
                text = json.dumps(message)
                if "begin" in message or "drop" in message:
                    self.actor.tell.remote(text, payload or None)
                else:
                    self._pass_answers(text, payload or None)
        except ChannelClosed:
            pass
        except ray.exceptions.RayError as error:
            self.how, self.own_fault = self.how or _how(error), _own_fault(error)
        finally:
            self.theirs.connection.close()

    def _pass_answers(self, text: str, payload: bytes | None) -> None:
        import ray

        answers = self.actor.ask.options(num_returns="streaming").remote(text, payload)
        while True:
            found, _ = ray.wait([answers], timeout=self.timeout)
            if not found:
                self.how = stalled.in_words(self.timeout)
                raise ChannelClosed
            try:
                answer, content = ray.get(next(answers))
            except StopIteration:
                return
            message = json.loads(answer)
            if "gone" in message:
                self.how = message["gone"]
                raise ChannelClosed
            if "alive" not in message:
                self.theirs.send(message, content or None)


def _own_fault(error: Exception) -> bool:
    """Whether an actor died of what it held, and not with its node."""
    text = str(error).lower()
    return "out of memory" in text or "oom" in text.split()


def _how(error: Exception) -> str:
    return "its node ran out of memory" if _own_fault(error) else LOST
