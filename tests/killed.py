"""Runs the tiny experiment and kills its own process, without warning, at a chosen event.

Usage: python killed.py OUT STEP EVENT, where EVENT is the class name of an event of that step.
"""

import os
import signal
import sys
from pathlib import Path

from recipe.api import execute
from recipe.settings import Settings
from tiny import experiment

out, step, wanted = sys.argv[1:]
running = ""


def observe(event):
    global running  # noqa: PLW0603
    running = event.name if type(event).__name__ == "StepStarted" else running
    if running == step and type(event).__name__ == wanted:
        os.kill(os.getpid(), signal.SIGKILL)


execute(experiment, Settings(out=Path(out)), target="tiny", observe=observe)
