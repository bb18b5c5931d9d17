"""A run that is opened for its first steps alone, with a folder that nobody keeps."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from recipe.core.settings import resolve
from recipe.engine.engine import Engine
from recipe.engine.run_setup import start
from recipe.engine.run_wiring import make_engine
from recipe.experiment import Experiment
from recipe.machine.memory import earlier_objects_frozen
from recipe.notebook import run_folder
from recipe.notebook.journal import Journal
from recipe.plugin.step import Step, is_short


@contextmanager
def open_engine(
    name: str, experiment: Experiment, out: Path, observe: Callable[[Any], None] | None = None,
    **settings: Any,
) -> Iterator[Engine]:  # fmt: skip
    """As a real run, which has not begun: its folder, called `name`, lies in `out`."""
    resolved = resolve({"device": "cpu", **settings, "out": out})
    emit = observe or _ignore
    with earlier_objects_frozen():
        started = start(experiment, resolved, emit)
        with Journal(run_folder.create(out, name)) as journal:
            yield make_engine(started, resolved, journal, emit, None)


def small_steps(steps: Sequence[Step]) -> str | None:
    """The last step that takes no whole training and books no epochs; None where there is none."""
    cheap = [
        step.name for step in steps if is_short(step) and getattr(step, "expects", None) is None
    ]
    return cheap[-1] if cheap else None


def _ignore(_: object) -> None:
    """Observe nothing."""
