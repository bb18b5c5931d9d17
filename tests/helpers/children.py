"""Processes that tests start: with a SIGINT of their own, and ended with the test at the latest."""

import os
import signal
import subprocess
from contextlib import suppress

_STARTED = []
"""Process numbers of what may still run."""


def interruptible():
    """Before a child begins: a shell that starts the tests in the background has SIGINT ignored,
    and children inherit that.
    """
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def start(command, **options):
    """A child in a group of its own, as of `subprocess.Popen`."""
    process = subprocess.Popen(command, preexec_fn=interruptible, start_new_session=True, **options)
    _STARTED.append(process.pid)
    return process


def remember(pid):
    """A child that leads a group of its own and was started otherwise."""
    _STARTED.append(pid)


def end_all():
    """Kill what a test has left, and its children."""
    while _STARTED:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(_STARTED.pop(), signal.SIGKILL)
