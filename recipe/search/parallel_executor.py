"""Trials in other processes: forked ones, workers of other devices, or places of a cluster."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext, suppress
from functools import partial
from typing import Any, Protocol

from recipe.core.errors import RecipeError, UsageError
from recipe.machine.out_of_memory import tell_of_parts
from recipe.machine.processes import (
    ATTEMPTS,
    Channel,
    ChannelClosed,
    Child,
    Children,
    Peer,
    ready,
)
from recipe.search.executor import OnProgress, Trainer
from recipe.search.serving import Group, Service, group_of, serve
from recipe.search.trial_run import TrialRun
from recipe.training.early_stopping import Snapshot, TrainingRecord

MOST_LOST = 20
"""Times that a group of trials is begun anew without any fault of its own."""


class Carrier(Protocol):
    """Other processes, however they are reached."""

    @property
    def width(self) -> int:
        """How many of them train at a time, at most."""

    def free(self, busy: Mapping[Peer, object]) -> Peer | None:
        """One that can take a group of trials, beside those that hold some already; None where
        none can now.
        """

    def describe(self, runs: Sequence[TrialRun], index: int) -> tuple[dict[str, Any], bytes | None]:
        """What such a process needs to know of a group, as JSON, and bytes that go with it."""

    def rest(self, child: Peer) -> None:
        """It holds no trial any more."""

    def end(self, child: Peer) -> None:
        """Stop one."""

    def release(self) -> None:
        """The grid is done."""


class Forked:
    """Forked children with a group each, as many at a time as there are processors.

    A trial that pauses for a cut stays in its process, which waits; the process of a trial that
    has ended takes the next one, since a process that has trained before starts faster.
    """

    def __init__(
        self,
        groups: Sequence[Sequence[TrialRun]],
        trainer: Trainer,
        width: int,
        compared_after: Sequence[int],
    ) -> None:
        self.groups, self.trainer, self.width = groups, trainer, width
        self.compared_after = compared_after
        self.children = Children(self._serve)

    def free(self, busy: Mapping[Peer, object]) -> Peer | None:
        """See `Carrier`."""
        return self.children.free() if len(busy) < self.width else None

    def describe(self, _: Sequence[TrialRun], index: int) -> tuple[dict[str, Any], bytes | None]:
        """See `Carrier`: a child has all that was in memory when it was forked."""
        return {"group": index}, None

    def rest(self, child: Peer) -> None:
        """See `Carrier`."""
        if isinstance(child, Child):
            self.children.rest(child)

    def end(self, child: Peer) -> None:
        """See `Carrier`."""
        if isinstance(child, Child):
            self.children.end(child)

    def release(self) -> None:
        """See `Carrier`."""
        self.children.close()

    def _serve(self, line: Channel) -> None:
        serve(Service(line, self._make, lambda _: nullcontext()))

    def _make(self, message: dict[str, Any], _: bytes) -> Group:
        runs = self.groups[message["group"]]
        numbers = [run.head["number"] for run in runs]
        return group_of([run.spec for run in runs], numbers, self.trainer, self.compared_after)


class ParallelExecutor:
    """Groups of trials in other processes, each a single trial or several fused into one model."""

    def __init__(
        self,
        groups: list[list[TrialRun]],
        carrier: Carrier,
        say: Callable[[str], None],
    ) -> None:
        self.groups, self.carrier, self.say = groups, carrier, say
        count = range(len(groups))
        self.child_of: dict[int, Peer] = {}
        self.running: dict[Peer, int] = {}
        self.failures, self.lost = dict.fromkeys(count, 0), dict.fromkeys(count, 0)
        self.stages: dict[int, list[tuple[float, list[int]]]] = {index: [] for index in count}
        """What a group was asked for so far: until when, and who had ended before that."""

    def advance(self, until: float, on_progress: OnProgress) -> None:
        """See `Executor`."""
        waiting = []
        for index in range(len(self.groups)):
            if all(run.trial is not None for run in self.groups[index]):
                self._release(index)
            elif self._is_behind(index, until):
                self.stages[index].append((until, self._ended(index)))
                waiting.append(index)
        while waiting or self.running:
            self._hand_out(waiting)
            for child in ready(self.running) if self.running else ():
                index = self.running[child]
                try:
                    finished = self._hear(index, child, on_progress)
                except ChannelClosed:
                    finished = True
                    self._begin_again(index, child, waiting)
                if finished:
                    self.running.pop(child, None)

    def _is_behind(self, index: int, until: float) -> bool:
        open_runs = [run for run in self.groups[index] if run.trial is None]
        return any(r.record is None or r.record.done < min(until, r.epochs) for r in open_runs)

    def _ended(self, index: int) -> list[int]:
        """Those of a group that began to train that train no further."""
        if not self.stages[index]:
            return []
        return [
            k for k, run in enumerate(self.groups[index])
            if run.record is None or run.record.status is not None
        ]  # fmt: skip

    def _hand_out(self, waiting: list[int]) -> None:
        """Give work to whoever can take it: what was begun somewhere goes on there."""
        for index in list(waiting):
            child = self.child_of.get(index)
            if child in self.running or len(self.running) >= self.carrier.width:
                continue
            child = child or self.carrier.free(self.running)
            if child is None:
                break
            waiting.remove(index)
            self.child_of[index] = child
            self.running[child] = index
            message, payload = self.carrier.describe(self.groups[index], index)
            with suppress(ChannelClosed):  # which is heard of when it is asked
                child.send({**message, "stages": self.stages[index]}, payload)

    def _hear(self, index: int, child: Peer, on_progress: OnProgress) -> bool:
        """Take in one message; True when the child has done what it was asked to."""
        message, _ = child.receive()
        number = self.groups[index][0].head["number"]
        if "fault" in message:
            raise UsageError(message["fault"])
        if "crashed" in message:
            raise RecipeError(f"Trial {number}: {message['crashed']}")
        if "note" in message:
            tell_of_parts(message["note"], message["size"])
        elif "say" in message:
            self.say(message["say"])
        elif "done" in message:
            run = self.groups[index][message["trial"]]
            if run.trial is None and run.hear(message):  # else it trains along
                on_progress(run)
        elif "trials" in message:
            self.running.pop(child, None)
            self._take_records(index, child, message["trials"])
            return True
        return False

    def _take_records(self, index: int, child: Peer, answers: list[dict[str, Any]]) -> None:
        for k, (run, answer) in enumerate(zip(self.groups[index], answers, strict=True)):
            values, reason = answer["record"], answer["failed"]
            if values is None and run.record is None and reason is None:
                continue  # it ended in an earlier stretch
            pull = partial(self._pull, index, child, k)
            run.record = TrainingRecord(**values, weights=pull) if values else None
            if reason is not None:
                run.fail(reason)
            run.settle()
        if all(run.trial is not None for run in self.groups[index]):
            self._release(index)

    def _pull(self, index: int, child: Peer, trial: int) -> Snapshot:
        """The best weights of a trial; none where its process is gone: whoever needs them has them
        trained again.
        """
        from safetensors.torch import load

        if self.child_of.get(index) is not child or child in self.running:
            return {}
        try:
            child.send({"weights": [index, trial]})
            while True:
                ready([child])  # which gives up one that stands still
                message, content = child.receive()
                if "weights" in message:
                    return load(content) if content else {}
        except ChannelClosed:
            return {}

    def _release(self, index: int) -> None:
        """The trials have ended: their process may take others."""
        child = self.child_of.pop(index, None)
        for run in self.groups[index]:
            run.record = None
        if child is not None:
            with suppress(ChannelClosed):
                child.send({"drop": index})
            self.carrier.rest(child)

    def _begin_again(self, index: int, child: Peer, waiting: list[int]) -> None:
        """After a child died: its trials get another one, or have failed."""
        how, own = child.death(), child.own_fault
        self.carrier.end(child)
        for other in [k for k, where in self.child_of.items() if where is child]:
            del self.child_of[other]  # those that paused there begin again when they go on
        self.failures[index] += own
        self.lost[index] += not own
        group = [run for run in self.groups[index] if run.trial is None]
        if self.failures[index] < ATTEMPTS and self.lost[index] < MOST_LOST:
            self.say(f"{_named(group)} run again: {how}.")
            waiting.insert(0, index)
        elif len(self.groups[index]) > 1:
            self.say(f"{_named(group)} run one by one: {how}, {ATTEMPTS} times.")
            waiting[:0] = self._apart(index, group)
        else:
            (run,) = group
            run.record = None
            run.fail(f"{how}, {ATTEMPTS} times; it may need more memory than there is")

    def _apart(self, index: int, runs: list[TrialRun]) -> list[int]:
        """The trials of a group that cannot be trained together as groups of their own."""
        until = self.stages[index][-1][0]
        first = len(self.groups)
        for run in runs:
            run.record = None
            self.failures[len(self.groups)] = self.lost[len(self.groups)] = 0
            self.stages[len(self.groups)] = [(until, [])]
            self.groups.append([run])
        self.groups[index] = []
        return list(range(first, len(self.groups)))

    def close(self) -> None:
        """Give back what it holds."""
        for child in list(self.running):
            self.carrier.end(child)
        self.running.clear()
        self.carrier.release()


def _named(runs: Sequence[TrialRun]) -> str:
    """Trials as the subject of a sentence, with its verb."""
    numbers = [run.head["number"] for run in runs]
    if len(numbers) == 1:
        return f"Trial {numbers[0]} is"
    return f"Trials {numbers[0]} to {numbers[-1]} are"
