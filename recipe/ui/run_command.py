"""A run in a session, once more for as long as somebody fixes what it found and tries again."""

import time
from dataclasses import dataclass
from pathlib import Path

from recipe.border.surroundings import folder_kept, warnings_shown
from recipe.core.exit_codes import BUG, FAILED, USAGE
from recipe.core.garbage import rarely_collected
from recipe.core.results import RunResult
from recipe.ui.session import Session, Wish
from recipe.ui.target_choice import Choice
from recipe.ui.terminal import is_true


@dataclass(frozen=True)
class Ran:
    """How a run ended."""

    result: RunResult
    code: int
    """Exit code."""
    wish: Wish | None = None
    """What somebody wanted instead of going on."""

    @property
    def complaint(self) -> str:
        """Why the experiment cannot be used; empty where it can."""
        if self.code != USAGE:
            return ""
        f = next(f for f in self.result.findings if f.blocks)
        return f"{f.rule}: {f.message} {f.advice}"


def execute(
    choice: Choice, folder: Path | None, *, guided: bool = False, began: float | None = None
) -> Ran:
    """Run what was chosen.

    Args:
        choice: target or data, and settings.
        folder: a run folder to go on with.
        guided: see `Session`.
        began: when the budget of time began, by `time.monotonic`; by default now.

    Raises:
        UsageError: an experiment or option that cannot be used.

    """
    while True:
        ran = _once(choice, folder, guided=guided, began=began)
        if ran.wish != "again":
            return ran
        folder = None  # another experiment; the same one goes on where it was
        began = None


def _once(choice: Choice, folder: Path | None, *, guided: bool, began: float | None) -> Ran:
    began = time.monotonic() if began is None else began
    settings = choice.settings
    with Session(settings, again=_file_of(choice), guided=guided) as session:
        session.begin(f"loading PyTorch and {choice.name}")
        with folder_kept() as base, warnings_shown():
            with rarely_collected():
                from recipe.core.events import Message
                from recipe.core.exit_codes import exit_code
                from recipe.engine.run_execution import execute as run

                session.begin(f"loading {choice.name}")
                experiment, notes = choice.load()
            session.begin("looking at data and model")
            for note in notes:
                session.observe(Message(note))
            result = run(
                experiment, settings, target=choice.target, observe=session.observe,
                gate=session.gate, folder=folder, base=base, began=began,
            )  # fmt: skip
        if session.wish is None:
            session.close(result)
        ci = settings.until is not None and (settings.ci or is_true("CI"))
        gate = ci or settings.fix
        code = exit_code(result, strict=settings.strict, gate=gate)
        if ci and not settings.fix and result.repaired and code == FAILED:  # `fix` says it last
            several = len(result.repaired) > 1
            session.say(
                "The experiment as it is declared does not pass: "
                f"{', '.join(result.repaired)} {'were' if several else 'was'} fixed in this run "
                f"alone. Fix {'them' if several else 'it'} in the experiment."
            )
        return Ran(result, BUG if session.own_crash else code, session.wish)


def _file_of(choice: Choice) -> str:
    """What can be read anew: a module that was imported stays as it is."""
    if choice.settings.data is not None:
        return choice.settings.data if Path(choice.settings.data).exists() else ""
    file = (choice.target or "").partition(":")[0]
    return file if file.endswith(".py") else ""
