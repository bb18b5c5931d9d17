"""Runs a tiny experiment and kills its own process, without warning, at a chosen event.

Usage: python killed.py OUT STEP EVENT NAME, where EVENT is the class name of an event of that
step and NAME the experiment's in tiny.py.
"""

import os
import signal
import sys
from pathlib import Path

import tiny
from recipe.api import execute
from recipe.settings import Settings

out, step, wanted, name = sys.argv[1:]
running = ""


def observe(event):
    global running  # noqa: PLW0603
    running = event.name if type(event).__name__ == "StepStarted" else running
    if running == step and type(event).__name__ == wanted:
        os.kill(os.getpid(), signal.SIGKILL)


execute(getattr(tiny, name), Settings(out=Path(out)), target="tiny", observe=observe)
