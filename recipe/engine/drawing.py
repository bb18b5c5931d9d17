"""Plots of finished steps, drawn by a process of their own while later steps are at work."""

from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path

import torch

from recipe.core.clock import is_up, seconds_left
from recipe.core.events import Event, Observer, StepFinished
from recipe.core.results import StepResult
from recipe.machine.processes import Channel, ChannelClosed, Child, can_fork

FIRST = 2
"""Steps that have ended when drawing begins: until then what is found first is of more use than
what drawing has to load."""
LONGEST = 60.0
"""Seconds without a plot from it until such a process is given up, where no budget ends earlier."""


class DrawnBeside:
    """Draws what steps found as soon as they end: one forked process at a time, which holds in
    memory all that it needs. What it has not drawn, whatever the reason, is drawn at the end.
    """

    def __init__(
        self, folder: Path, device: torch.device, quiet: Callable[[], bool], *, brief: bool = False
    ) -> None:
        """`folder` is that of the run; nothing is drawn while something is timed, until `quiet`;
        `brief`: see `recipe.report.plots.draw_plots`.
        """
        self.folder, self.quiet, self.brief = folder, quiet, brief
        self.possible = can_fork(device)
        self._waiting: list[StepResult] = []
        self._child: Child | None = None
        self._asked: list[StepResult] = []
        self._drawn: dict[str, StepResult] = {}

    def close(self) -> None:
        """Stop what is being drawn."""
        if self._child is not None:
            self._child.end()
            self._child = None

    def watching(self, observe: Observer) -> Observer:
        """An observer that passes everything on, and draws what is finished."""

        def told(event: Event) -> None:
            observe(event)
            if self.possible and isinstance(event, StepFinished):
                if event.result.figures:
                    self._waiting.append(event.result)
                self._go_on()

        return told

    def drawn(self, steps: Iterable[StepResult]) -> set[str]:
        """Links of the plots of these steps that lie in the folder; waits for what is being drawn
        as long as the clock allows.
        """
        current = {(step.name, step.round): step.evidence for step in steps}
        while self._child is not None and not is_up():
            self._hear(min(seconds_left(), LONGEST))
        return {
            link for link, step in self._drawn.items()
            if current.get((step.name, step.round)) is step.evidence
        }  # fmt: skip

    def _go_on(self) -> None:
        while self._child is not None and self._child.connection.poll():
            self._hear(0.0)
        begun = bool(self._drawn) or len(self._waiting) >= FIRST
        if self._child is None and self._waiting and begun and self.quiet():
            from recipe.report.plots import loaded

            loaded()  # once, here, and not in every child
            self._asked, self._waiting = self._waiting, []
            steps, folder, brief = self._asked, self.folder, self.brief
            with suppress(OSError):  # no memory or no process for it: drawn at the end
                self._child = Child(lambda line: _draw(steps, folder, line, brief=brief))

    def _hear(self, most: float) -> None:
        """One plot that is done, or that there are no more."""
        child = self._child
        if child is None:
            return
        with suppress(ChannelClosed, OSError):
            if child.connection.poll(most):
                message, _ = child.receive()
                if "link" in message:
                    self._drawn[message["link"]] = self._asked[message["step"]]
                    return
        child.end()
        self._child = None


def _draw(steps: list[StepResult], folder: Path, line: Channel, *, brief: bool) -> None:
    from recipe.report.plots import draw_step

    with suppress(Exception):  # it is drawn at the end, where the reason is told
        for number, step in enumerate(steps):
            for link in draw_step(step, folder, brief=brief):
                line.send({"link": link, "step": number})
        line.send({"done": True})
