"""Runs a tiny experiment and kills its own process, without warning, at a chosen event.

Usage: python killed.py OUT STEP EVENT NAME [COUNT], where EVENT is the class name of an event of
that step, NAME the experiment's in tiny.py, and COUNT how many such events are let pass.
KILLED_ENSEMBLE in the environment is the option `ensemble`.
"""

import os
import signal
import sys
from pathlib import Path

import tiny
from recipe.core.settings import Settings
from recipe.engine.run_execution import execute

out, step, wanted, name, *passed = sys.argv[1:]
running, left = "", int(*passed)


def observe(event):
    global running, left  # noqa: PLW0603
    running = event.name if type(event).__name__ == "StepStarted" else running
    if running == step and type(event).__name__ == wanted:
        left -= 1
    if left < 0:
        os.kill(os.getpid(), signal.SIGKILL)


ensemble = os.environ.get("KILLED_ENSEMBLE")
settings = Settings(out=Path(out), ensemble=None if ensemble is None else int(ensemble))
execute(getattr(tiny, name), settings, target="tiny", observe=observe)
