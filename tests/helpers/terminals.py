"""Command lines in a pseudo-terminal."""

import os
import re
import sys
from pathlib import Path

import pexpect

from children import interruptible, remember

ESCAPES = re.compile(r"\x1b\[[0-9;?]*[a-zA-Z]")
UNSET = ("CI", "GITHUB_ACTIONS", "NO_COLOR", "RECIPE_PLAIN", "COLUMNS", "FORCE_COLOR")


def started(folder, *args, width=80, **env):
    """A command line that runs in a terminal of some width, with more in its environment."""
    usual = {name: value for name, value in os.environ.items() if name not in UNSET}
    paths = [str(Path(__file__).parent), os.environ.get("PYTHONPATH", "")]
    usual |= {"TERM": "xterm-256color", "PYTHONPATH": os.pathsep.join(filter(None, paths))}
    child = pexpect.spawn(
        sys.executable, ["-m", "recipe", *args], cwd=folder, env=usual | env, encoding="utf-8",
        timeout=90, dimensions=(40, width), preexec_fn=interruptible,
    )  # fmt: skip
    remember(child.pid)
    return child


def ended(child):
    """What it said until its end, without colours, and its exit code."""
    said, code = ended_in_colour(child)
    return ESCAPES.sub("", said), code


def ended_in_colour(child):
    """What it said until its end, and its exit code."""
    child.expect(pexpect.EOF)
    child.close()
    return child.before, child.exitstatus
