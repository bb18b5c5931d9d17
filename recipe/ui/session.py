"""One run at the terminal: which face it has, what it asks, what it prints at the end."""

import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Literal, Self, TextIO

from recipe.border.surroundings import stdout_for_result
from recipe.core.events import Crash, Event, RunFinished, RunStarted
from recipe.core.files import CannotWriteError, to_json, write_text
from recipe.core.plain_text import in_one_line, shown
from recipe.core.results import RunResult, StepResult
from recipe.core.settings import Settings
from recipe.engine.decisions import Answer, repairable
from recipe.plugin.step import is_short
from recipe.ui import github
from recipe.ui.plain import Plain
from recipe.ui.questions import asker
from recipe.ui.step_menu import StepMenu
from recipe.ui.terminal import forget_typed, has_user, is_true, plain_wanted

if TYPE_CHECKING:
    from recipe.ui.live import Live

OWN_PACKAGE = "training-recipe"
Wish = Literal["again", "change"]
"""What a person wants instead of going on: experiment and data read anew, or other answers."""


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

    def __init__(self, settings: Settings, *, again: str = "", guided: bool = False) -> None:
        """Settle what this terminal can do.

        Args:
            settings: of the run.
            again: what can be read anew for another try, such as experiment.py.
            guided: the wizard's: say why each step is there, ask about warnings too.

        """
        self.settings, self.again, self.guided = settings, again, guided
        self.out = sys.stderr if settings.json else sys.stdout
        self.may_ask = not (settings.no_input or settings.ci) and has_user(self.out)
        self.own_crash = False
        self.wish: Wish | None = None
        self._folder: Path | None = None
        self._base = Path.cwd()
        self._kept = ExitStack()
        self._result_out: TextIO | None = None
        self._show = self._face()

    def __enter__(self) -> Self:
        """Show the live display, where there is one, and every warning once."""
        if self.settings.json:
            self._result_out = self._kept.enter_context(stdout_for_result())
        self._show_warning, warnings.showwarning = warnings.showwarning, once(warnings.showwarning)
        self._show.__enter__()
        return self

    def _face(self) -> "Plain | Live":
        if self.settings.ci or plain_wanted(self.out):
            return Plain(self.out, guided=self.guided)
        from recipe.ui.live import Live

        return Live(self.out, guided=self.guided)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Leave the terminal as it was."""
        warnings.showwarning = self._show_warning
        self._kept.close()
        self._show.__exit__(kind, error, trace)

    def begin(self, what: str) -> None:
        """Say what is being done before the run begins."""
        self._show.begin(in_one_line(what))

    def observe(self, event: Event) -> None:
        """Show an event; keep the traceback of a crash beside the report."""
        if isinstance(event, RunStarted):
            self._folder = self._base / event.folder
        if isinstance(event, Crash):
            self.own_crash = self.own_crash or event.package == OWN_PACKAGE
            if self._folder:
                write_text(self._folder / "crash.log", event.log)
        if self.wish is None or not isinstance(event, RunFinished):
            try:
                self._show(event)
            except OSError as error:
                raise CannotWriteError(Path("standard output"), error) from error

    def gate(self, result: StepResult) -> Answer:
        """After a step that warns or fails: go on, repair, or stop? A warning stops nobody; where
        there is nobody to ask, a failure does.

        Raises:
            KeyboardInterrupt: `wish` says what is wanted instead.

        """
        failed = result.status in ("fail", "error")
        worth_asking = failed or (self.guided and bool(repairable(result)) and _is_short(result))
        if not self.may_ask or not worth_asking:
            return not failed
        panel = StepMenu(asker(), _explain, self._plots, _is_short, self.again, change=self.guided)
        with self._paused():
            choice = panel.decide(result)
        match choice.action:
            case "mend":
                return choice.rule
            case "again" | "change":
                self.wish = choice.action
                raise KeyboardInterrupt
        return choice.action == "go on"

    @contextmanager
    def _paused(self) -> Iterator[None]:
        self._show.pause()
        forget_typed()
        yield
        self._show.resume()

    def _plots(self, result: StepResult) -> None:
        """Draw what a step measured and say where; shown where there is a screen for it."""
        import click

        from recipe.report.plots import draw_plots
        from recipe.ui.terminal import has_screen

        folder = self._folder
        plots = draw_plots(RunResult(folder.name, steps=(result,)), folder) if folder else ()
        if folder is None or not plots:
            print("There is nothing to plot of this step.", file=self.out)
            return
        for path in (str(folder / plot.link) for plot in plots):
            print(path, file=self.out)
            if has_screen():
                click.launch(path)

    def say(self, text: str) -> None:
        """A sentence behind everything else."""
        print(*shown([text]), file=self.out)

    def close(self, result: RunResult) -> None:
        """What follows the verdict: JSON on standard output, and what CI systems read."""
        if self.settings.json and self._result_out is not None:
            self._result_out.write(to_json(result.to_json(), indent=1) + "\n")
        if self.settings.ci and is_true("GITHUB_ACTIONS"):
            for line in github.annotations(result):
                print(line, file=self.out)
            try:
                github.job_summary(result)
            except OSError as error:  # the run is what it is
                print(f"The job summary cannot be written: {error}.", file=sys.stderr)


def _is_short(result: StepResult) -> bool:
    """Whether a run that was repaired at this step goes on from here, and not from the start."""
    from recipe.plugin import registry

    return result.name in {p.step.name for p in registry.load() if is_short(p.step)}


def _explain(rule: str) -> None:
    from recipe.plugin import registry
    from recipe.plugin.rule_catalogue import entries
    from recipe.ui.explanations import rules_in_full
    from recipe.ui.line_layout import show

    show(rules_in_full([e for e in entries(registry.load()) if e.rule.name == rule]))
