"""How the trials of a grid get the machine: one by one, side by side, or fused into one model.

Which way is taken depends on the grid alone and not on what the journal already holds, so that a
resumed grid computes what an uninterrupted one does, bit for bit.
"""

import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import fields
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol

from recipe.core.errors import UNUSABLE, RecipeError, reason_of
from recipe.machine.memory import trim
from recipe.machine.processes import ATTEMPTS, Child, ChildGone, Children, Line, ready
from recipe.search.trial_run import Slot
from recipe.speed.fused_training import CannotFuse, FusedTraining, alike, fusable
from recipe.training.fit import Fit, Record, patience_for
from recipe.training.plan import pause_in

if TYPE_CHECKING:
    from recipe.search.runner import Runner

Told = Callable[[Slot], None]


class Lane(Protocol):
    """Some trials of a grid, and the means to train them."""

    def advance(self, until: float, told: Told) -> None:
        """Train all of them to `until` epochs, or to their end if that is earlier."""

    def close(self) -> None:
        """Give back what it holds."""


class Lanes:
    """All trials of a grid, each in its lane."""

    def __init__(
        self, slots: Sequence[Slot], runner: "Runner", compared_after: Sequence[int] = ()
    ) -> None:
        self.slots, self.runner = slots, runner
        way, compared = runner.way, compared_after
        if way.sharing == "processes" and len(slots) > 1:
            self.lanes: list[Lane] = [SideBySide(slots, runner, way.width, compared)]
        elif way.sharing == "fused":
            groups = fused_groups(slots, way.width)
            self.lanes = [(Fused if len(group) > 1 else Alone)(group, runner, compared)
                          for group in groups]  # fmt: skip
        else:
            self.lanes = [Alone(slots, runner, compared)]

    def advance(self, until: float, later: float = 0) -> None:
        """Train every trial to `until` epochs.

        Args:
            until: epochs, counted from the start.
            later: epochs expected beyond this stretch, for the time left.

        """
        parts = {slot: (slot.done, slot.expected(until)) for slot in self.slots}
        last = max(slot.head["number"] for slot in self.slots)
        done, total = (sum(numbers) for numbers in zip(*parts.values(), strict=True))

        def told(slot: Slot) -> None:
            nonlocal done, total
            before, parts[slot] = parts[slot], (slot.done, slot.expected(until))
            done += parts[slot][0] - before[0]
            total += parts[slot][1] - before[1]
            self.runner.spend(parts[slot][0] - before[0])
            what = f"trial {slot.head['number']} of {last}"
            loss = slot.record.train_loss if slot.record else None
            self.runner.progress(done, total + later, what, loss)

        for lane in self.lanes:
            lane.advance(until, told)

    def close(self) -> None:
        """Give back what the lanes hold."""
        for lane in self.lanes:
            lane.close()


class Alone:
    """One after another, in this process."""

    def __init__(
        self, slots: Sequence[Slot], runner: "Runner", compared_after: Sequence[int]
    ) -> None:
        self.slots, self.runner, self.compared_after = slots, runner, compared_after

    def advance(self, until: float, told: Told) -> None:
        """See `Lane`."""
        for slot in self.slots:
            if slot.trial is None:
                self._train(slot, until, told)

    def _train(self, slot: Slot, until: float, told: Told) -> None:
        try:
            fit = slot.record
            if not isinstance(fit, Fit):
                experiment = slot.spec.trained
                fit = slot.record = self.runner.fit(experiment, self.compared_after)
            fit.advance(until, lambda _: told(slot))
        except UNUSABLE as error:
            slot.fail(reason_of(error))
        else:
            slot.settle()
        if slot.trial is not None:
            slot.record = None

    def close(self) -> None:
        """Give the memory back."""
        trim()


class Fused:
    """Trials of one architecture, trained as one model.

    Trials that the journal knows train along, unwritten: the others then see the same company,
    and round to the same last digit, as in a run that was never interrupted.
    """

    def __init__(
        self, slots: Sequence[Slot], runner: "Runner", compared_after: Sequence[int]
    ) -> None:
        self.slots, self.runner, self.compared_after = list(slots), runner, compared_after
        self.rows: list[Slot] = []
        self.training: FusedTraining | None = None
        self.instead: Alone | None = None

    def advance(self, until: float, told: Told) -> None:
        """See `Lane`; a model that cannot be fused is trained one by one, which is said once."""
        if self.instead is None and any(slot.trial is None for slot in self.slots):
            try:
                self._advance(until, told)
            except (CannotFuse, *UNUSABLE) as error:
                self.runner.say(
                    f"Trials run one by one: {(str(error) or 'no reason').splitlines()[0]}."
                )
                for slot in self.slots:
                    if slot.trial is None and slot.record is not None:
                        self.runner.spend(-slot.record.trained)  # they are trained again
                    slot.record = None
                self.instead = Alone(self.slots, self.runner, self.compared_after)
                self.training = None
        if self.instead is not None:
            self.instead.advance(until, told)

    def _advance(self, until: float, told: Told) -> None:
        training = self.training or self._start()
        self._drop_ended()
        while any(slot.record.done < until for slot in self.rows if slot.record):
            started = time.perf_counter()
            pause = pause_in(until - training.number, training.iterations_per_epoch)
            epochs = training.epoch(pause)
            seconds = (time.perf_counter() - started) / len(epochs)
            best = []
            for row, (slot, epoch) in enumerate(zip(self.rows, epochs, strict=True)):
                if slot.record is None:
                    continue
                if slot.record.record(epoch):
                    best.append(row)
                slot.record.seconds += seconds
                if slot.trial is None:
                    told(slot)
            training.hold(best)
            self._drop_ended()
            if any(epoch.part < 1 for epoch in epochs):
                return

    def _start(self) -> FusedTraining:
        runner = self.runner
        experiments = [slot.spec.trained for slot in self.slots]
        self.training = FusedTraining(
            experiments, runner.data, seed=runner.seed, device=runner.device,
            way=runner.way.single, compared_after=self.compared_after,
        )  # fmt: skip
        self.rows = self.slots
        for row, slot in enumerate(self.slots):
            slot.record = Record(
                slot.epochs, patience_for(slot.epochs), weights=partial(self.training.held, row)
            )
        return self.training

    def _drop_ended(self) -> None:
        going = [k for k, s in enumerate(self.rows) if s.record and s.record.status is None]
        if len(going) == len(self.rows):
            return
        for slot in self.rows:
            slot.settle()
        self.rows = [self.rows[k] for k in going]
        if self.training is not None and going:
            self.training.keep(going)

    def close(self) -> None:
        """Give the memory back."""
        self.training = None
        trim()


def fused_groups(slots: Sequence[Slot], width: int) -> list[list[Slot]]:
    """Slots whose trials can be fused, at most `width` together, and the others one each."""
    groups: list[list[Slot]] = []
    for slot in slots:
        experiment = slot.spec.trained
        fits = (group for group in groups if len(group) < width
                and fusable(experiment) is None
                and alike(group[0].spec.trained) == alike(experiment))  # fmt: skip
        group = next(fits, None)
        if group is None:
            groups.append([slot])
        else:
            group.append(slot)
    return groups


class SideBySide:
    """Forked processes with a trial each, as many at a time as there are processors.

    A trial that pauses for a cut stays in its process, which waits; the process of a trial that
    has ended takes the next one, since a process that has trained before starts faster.
    """

    def __init__(
        self, slots: Sequence[Slot], runner: "Runner", width: int, compared_after: Sequence[int]
    ) -> None:
        self.slots, self.runner, self.width = slots, runner, width
        self.compared_after = compared_after
        self.children = Children(self._serve)
        self.child_of: dict[Slot, Child] = {}
        self.attempts: dict[Slot, int] = dict.fromkeys(slots, 0)

    def advance(self, until: float, told: Told) -> None:
        """See `Lane`."""
        waiting = []
        for slot in self.slots:
            if slot.trial is not None:
                self._release(slot)
            elif slot.record is None or slot.record.done < min(until, slot.epochs):
                waiting.append(slot)
        running: dict[Child, Slot] = {}
        while waiting or running:
            while waiting and len(running) < self.width:
                slot = waiting.pop(0)
                child = self._child_for(slot)
                with suppress(ChildGone):  # which is heard of below
                    child.send({"slot": self.slots.index(slot), "until": until})
                running[child] = slot
            for child in ready(running):
                slot = running[child]
                try:
                    finished = self._hear(slot, child, told)
                except ChildGone:
                    finished = True
                    if self._begin_again(slot, child):
                        waiting.insert(0, slot)
                if finished:
                    del running[child]

    def _child_for(self, slot: Slot) -> Child:
        child = self.child_of.get(slot)
        if child is None:
            self.attempts[slot] += 1
            child = self.child_of[slot] = self.children.free()
        return child

    def _hear(self, slot: Slot, child: Child, told: Told) -> bool:
        """Take in one message; True when the child has done what it was asked to."""
        message, payload = child.receive()
        if "crashed" in message:
            raise RecipeError(f"Trial {slot.head['number']}: {message['crashed']}")
        if "done" in message:
            if slot.record is None:
                slot.record = Record(slot.epochs)
            done, part = message["done"], message["part"]
            if done + part > slot.record.trained:  # not again when it was begun again
                slot.record.done, slot.record.part = done, part
                slot.record.curves["train_loss"] = [message["loss"]]
                told(slot)
            return False
        slot.record = _read_record(message["record"], payload) if message["record"] else None
        if "failed" in message:
            slot.fail(message["failed"])
        slot.settle()
        if slot.trial is not None:
            self._release(slot)
        return True

    def _release(self, slot: Slot) -> None:
        """The slot's trial has ended: its process may take another one."""
        child = self.child_of.pop(slot, None)
        slot.record = None
        if child is not None:
            self.children.rest(child)

    def _begin_again(self, slot: Slot, child: Child) -> bool:
        """After a child died: whether the trial gets another one."""
        how = child.death()
        self.children.end(child)
        del self.child_of[slot]
        if self.attempts[slot] < ATTEMPTS:
            self.runner.say(f"Trial {slot.head['number']} is run again: {how}.")
            return True
        slot.record = None
        slot.fail(f"{how}, {ATTEMPTS} times; it may need more memory than there is")
        return False

    def _serve(self, line: Line) -> None:
        """In the child: train as far as asked, report every epoch, then the whole record."""
        from safetensors.torch import save

        current: Fit | None = None
        number = -1
        while True:
            message, _ = line.receive()
            answer: dict[str, Any] = {}
            try:
                if message["slot"] != number:
                    number, current = message["slot"], None
                if current is None:
                    experiment = self.slots[number].spec.trained
                    current = self.runner.fit(experiment, self.compared_after)
                current.advance(message["until"], lambda fit: line.send(_how_far(fit)))
            except UNUSABLE as error:
                answer = {"failed": reason_of(error)}
            except ChildGone:
                raise
            except Exception as error:  # noqa: BLE001 - the parent raises it
                line.send({"crashed": f"{type(error).__name__}: {error}"})
                return
            snapshot = current.weights() if current else {}
            record = current and {name: getattr(current, name) for name in RECORDED}
            line.send({**answer, "record": record}, save(snapshot) if snapshot else None)
            if answer:
                current, number = None, -1

    def close(self) -> None:
        """End all children."""
        self.children.close()


def _how_far(fit: Fit) -> dict[str, Any]:
    return {"done": fit.done, "part": fit.part, "loss": fit.train_loss}


RECORDED = tuple(f.name for f in fields(Record) if f.name != "weights")


def _read_record(values: dict[str, Any], snapshot: bytes) -> Record:
    from safetensors.torch import load

    return Record(**values, weights=partial(load, snapshot) if snapshot else dict)
