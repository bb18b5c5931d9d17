"""What the engine tells its observers while it works."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from recipe.core.results import RunResult, StepResult
from recipe.core.trials import Trial


@dataclass(frozen=True)
class RunStarted:
    """The run folder is open; `steps` are the names and titles to come."""

    name: str
    folder: Path
    steps: tuple[tuple[str, str], ...]
    resumed: bool


@dataclass(frozen=True)
class StepStarted:
    """A step begins to measure."""

    name: str
    title: str
    round: int
    hypothesis: str | None = None
    why: str = ""
    """The step's reasoning; empty where the plugin gives none."""


@dataclass(frozen=True)
class Progress:
    """`done` of `total` units of the running step; `what` says what is being done now."""

    done: float
    total: float
    what: str
    loss: float | None = None
    """Training loss of what is being done, where it trains a trial."""


@dataclass(frozen=True)
class Message:
    """Something the user should know that is no finding (a fallback, a reuse)."""

    text: str


@dataclass(frozen=True)
class Crash:
    """A step plugin raised: one line for the user and a traceback for the log."""

    package: str
    reason: str
    log: str


@dataclass(frozen=True)
class TrialFinished:
    """A trial ended and stands in the journal."""

    trial: Trial
    reused: bool


@dataclass(frozen=True)
class StepFinished:
    """A step was measured and judged."""

    result: StepResult
    reused: bool


@dataclass(frozen=True)
class RunFinished:
    """The run ended; everything is written."""

    result: RunResult


Event = (
    RunStarted
    | StepStarted
    | Progress
    | Message
    | Crash
    | TrialFinished
    | StepFinished
    | RunFinished
)
Observer = Callable[[Event], None]
