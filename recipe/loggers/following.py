"""An observer that writes a run to loggers while it goes on."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import zip_longest

from recipe.core.errors import raised
from recipe.core.events import (
    Event,
    Message,
    Observer,
    RunFinished,
    RunStarted,
    StepFinished,
    TrialFinished,
)
from recipe.core.evidence import Curve, Scalar
from recipe.core.findings import Finding
from recipe.core.trials import Trial
from recipe.loggers.opening import Logger, openers

_NO_EPOCHS = frozenset({"batch_loss", "rung_loss"})
"""Curves of a trial whose points are no epochs."""


def following(logs: Sequence[str], emit: Observer) -> Observer:
    """An observer that tells `emit` everything, and writes it to the loggers of `--log`.

    A logger that fails is left: the run goes on, and a line says so.

    Raises:
        UsageError: a package is missing.

    """
    if not logs:
        return emit
    follower = Follower(list(zip(logs, openers(logs), strict=True)), lambda t: emit(Message(t)))

    def observe(event: Event) -> None:
        emit(event)
        follower.see(event)

    return observe


class Follower:
    """Writes to several loggers."""

    def __init__(
        self, made: Sequence[tuple[str, Callable[[str], Logger]]], complain: Callable[[str], None]
    ) -> None:
        """Take loggers that are not open yet, each with what the user called it."""
        self.made, self.complain = list(made), complain
        self.open: dict[str, Logger] = {}

    def see(self, event: Event) -> None:
        """Write what is told of a run."""
        match event:
            case RunStarted():
                self.start(event.folder.name)
            case TrialFinished(trial, reused) if not reused:
                self.trial(trial)
            case StepFinished(result, _):
                self.found(result.findings)
            case RunFinished():
                self.close()
            case _:
                pass

    def start(self, name: str) -> None:
        """Open them for a run of this name."""
        for called, opener in self.made:
            with self._left_where_it_fails(called):
                self.open[called] = opener(name)

    def trial(self, trial: Trial) -> None:
        """Write a whole training."""
        label = "baseline" if trial.number == 0 else f"trial-{trial.number}"
        name = f"{trial.step}-{trial.round}-{label}" + ("-again" if trial.repeats else "")
        for called, logger in list(self.open.items()):
            with self._left_where_it_fails(called):
                logger.begin(name, _params(trial.params))
                for at, values in points(trial.curves):
                    logger.point(at, values)
                logger.end(trial.status)

    def begin(self, name: str, params: Mapping[str, Scalar]) -> None:
        """A training begins that is told point by point."""
        for called, logger in list(self.open.items()):
            with self._left_where_it_fails(called):
                logger.begin(name, _params(params))

    def point(self, at: int, values: Mapping[str, float | None]) -> None:
        """A point of it."""
        known = {name: value for name, value in values.items() if value is not None}
        for called, logger in list(self.open.items()):
            with self._left_where_it_fails(called):
                logger.point(at, known)

    def end(self, status: str) -> None:
        """It ended."""
        for called, logger in list(self.open.items()):
            with self._left_where_it_fails(called):
                logger.end(status)

    def found(self, findings: Sequence[Finding]) -> None:
        """Write what was found."""
        for f in findings:
            for called, logger in list(self.open.items()):
                with self._left_where_it_fails(called):
                    logger.say(f"{f.severity}: {f.rule}: {f.message} {f.advice}")

    def close(self) -> None:
        """Close them."""
        for called, logger in list(self.open.items()):
            with self._left_where_it_fails(called):
                logger.close()
        self.open.clear()

    @contextmanager
    def _left_where_it_fails(self, called: str) -> Iterator[None]:
        try:
            yield
        except Exception as error:  # noqa: BLE001 - whatever another tool raises
            self.open.pop(called, None)
            self.complain(f"--log {called}: {raised(error)}; nothing more is written there.")


def points(curves: Mapping[str, Curve]) -> Iterator[tuple[int, dict[str, float]]]:
    """Each epoch, from one on, with the values that there are; of layers by themselves none."""
    kept = {n: c for n, c in curves.items() if n not in _NO_EPOCHS and "/" not in n}
    for at, row in enumerate(zip_longest(*kept.values()), 1):
        yield at, {n: v for n, v in zip(kept, row, strict=True) if v is not None}


def _params(params: Mapping[str, Scalar]) -> dict[str, Scalar]:
    return {name: value for name, value in params.items() if value is not None}
