"""One run at the terminal: which face it has, what it asks, what it prints at the end."""

import os
import sys
import warnings
from collections.abc import Callable
from contextlib import AbstractContextManager
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from recipe.events import Crash, Event, RunStarted
from recipe.files import to_json
from recipe.results import RunResult, StepResult
from recipe.settings import Settings
from recipe.ui import github
from recipe.ui.plain import Plain
from recipe.ui.typeset import fancy

if TYPE_CHECKING:
    from pathlib import Path

OWN_PACKAGE = "training-recipe"


def once(show: Callable[..., None]) -> Callable[..., None]:
    """`warnings.showwarning` that shows what is said at one place one time: Python forgets what it
    has shown whenever somebody changes the filters, and a model is called many thousand times.
    """
    seen = set()

    def shown(message: Warning | str, *place: Any, **more: Any) -> None:
        said = (str(message), *place[:3])
        if said not in seen:
            seen.add(said)
            show(message, *place, **more)

    return shown


class Session(AbstractContextManager["Session"]):
    """Chooses between live and plain, and between asking and not."""

    def __init__(self, settings: Settings) -> None:
        """Settle what this terminal can do."""
        self.settings = settings
        self.out = sys.stderr if settings.json else sys.stdout
        asked_not_to = settings.no_input or settings.ci or _true("CI")
        self.may_ask = not asked_not_to and sys.stdin.isatty() and self.out.isatty()
        self.own_crash = False
        self._folder: Path | None = None
        self._live = None
        if fancy(self.out) and not settings.ci:
            from recipe.ui.live import Live

            self._live = Live(self.out)
        self._show = self._live or Plain(self.out)

    def __enter__(self) -> Self:
        """Show the live display, where there is one, and every warning once."""
        self._show_warning, warnings.showwarning = warnings.showwarning, once(warnings.showwarning)
        if self._live:
            self._live.__enter__()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Leave the terminal as it was."""
        warnings.showwarning = self._show_warning
        if self._live:
            self._live.__exit__(kind, error, trace)

    def observe(self, event: Event) -> None:
        """Show an event; keep the traceback of a crash beside the report."""
        if isinstance(event, RunStarted):
            self._folder = event.folder
        if isinstance(event, Crash):
            self.own_crash = self.own_crash or event.package == OWN_PACKAGE
            if self._folder:
                log = self._folder / "crash.log"
                log.write_text(event.log, "utf-8")
        self._show(event)

    def gate(self, result: StepResult) -> bool:
        """After a failed step: go on? Never without a person to ask."""
        blocked = any(f.blocks for f in result.findings)
        if not self.may_ask or blocked or result.status == "error":
            return False
        import questionary

        if self._live:
            self._live.pause()
        answer = questionary.confirm(
            f"{result.title} failed. Go on all the same?", default=False
        ).unsafe_ask()
        if self._live:
            self._live.resume()
        return bool(answer)

    def close(self, result: RunResult) -> None:
        """What follows the verdict: JSON on standard output, and what CI systems read."""
        if self.settings.json:
            print(to_json(result.to_json(), indent=1))
        if self.settings.ci and _true("GITHUB_ACTIONS"):
            for line in github.annotations(result):
                print(line, file=self.out)
            github.job_summary(result)


def _true(name: str) -> bool:
    return os.environ.get(name, "").lower() in ("1", "true", "yes")
