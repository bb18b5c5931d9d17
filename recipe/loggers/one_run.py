"""Loggers that have one run at a time: the trainings of a run are parts of it, by their names."""

from collections.abc import Mapping
from typing import Any, Protocol

from recipe.core.evidence import Scalar


class Tracked(Protocol):
    """A run of W&B or Trackio."""

    def log(self, values: Mapping[str, Any]) -> Any:
        """Keep values that belong together."""

    def finish(self) -> Any:
        """Write what waits."""


class OneRun:
    """Curves are called `TRAINING/CURVE`, beside `TRAINING/epoch`."""

    def __init__(self, run: Tracked) -> None:
        """Take a run that was begun."""
        self.run = run
        self.name = ""
        self.said: list[str] = []

    def begin(self, name: str, params: Mapping[str, Scalar]) -> None:
        """See `Logger`."""
        self.name = name
        settings = {f"{name}/{key}": v for key, v in params.items() if isinstance(v, int | float)}
        if settings:
            self.run.log(settings)

    def point(self, at: int, values: Mapping[str, float]) -> None:
        """See `Logger`."""
        self.run.log(
            {f"{self.name}/{n}": v for n, v in values.items()} | {f"{self.name}/epoch": at}
        )

    def end(self, status: str) -> None:
        """See `Logger`."""

    def say(self, text: str) -> None:
        """See `Logger`."""
        self.said.append(text)

    def close(self) -> None:
        """See `Logger`."""
        self.run.finish()
