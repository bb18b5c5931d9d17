"""A Python that has imported what every command imports before it reads a user's file, and forks
for each command: the child is a process of its own, and begins ten seconds of imports later.
"""

import atexit
import json
import os
import runpy
import select
import subprocess
import sys
import tempfile
from functools import cache
from pathlib import Path

SECONDS = 600


def run(args, *, module=None, cwd=None):
    """As of `subprocess.run`: the exit code, negative for a signal, and what was written.

    Args:
        args: of the command; the first is a script where no module is named.
        module: what `python -m` would be given.
        cwd: where the child begins.

    """
    server = _server()
    with tempfile.TemporaryDirectory() as aside:
        files = [Path(aside, name) for name in ("out", "err")]
        order = {
            "args": [str(arg) for arg in args], "module": module, "cwd": str(cwd or Path.cwd()),
            "environment": dict(os.environ), "files": [str(file) for file in files],
        }  # fmt: skip
        server.stdin.write(json.dumps(order) + "\n")
        server.stdin.flush()
        if not select.select([server.stdout], [], [], SECONDS)[0]:
            server.kill()
            _server.cache_clear()
            raise subprocess.TimeoutExpired(order["args"], SECONDS)
        code = int(server.stdout.readline())
        return subprocess.CompletedProcess(
            order["args"], code, *(file.read_text("utf-8", "replace") for file in files)
        )


@cache
def _server():
    server = subprocess.Popen(
        [sys.executable, __file__], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        start_new_session=True,
    )  # fmt: skip
    atexit.register(_end, server)
    return server


def _end(server):
    server.stdin.close()
    server.wait()
    server.stdout.close()


def _serve():
    """Fork for each order; in the child, return it."""

    import recipe.engine.run_execution
    import recipe.sources
    import recipe.ui.cli
    import recipe.ui.run_command  # noqa: F401

    for line in sys.stdin:
        child = os.fork()
        if not child:
            return json.loads(line)
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)
    return None


def _become(order):
    """The process that `python -m MODULE ARGS` or `python SCRIPT ARGS` would be."""
    args, module, cwd, environment, files = order.values()
    os.chdir(cwd)
    os.environ.clear()
    os.environ.update(environment)
    for number, file in enumerate(["/dev/null", *files]):
        opened = os.open(file, os.O_RDWR | os.O_CREAT)
        os.dup2(opened, number)
        os.close(opened)
    if module:
        sys.argv, sys.path[0] = [module, *args], cwd
        runpy.run_module(module, run_name="__main__", alter_sys=True)
    else:
        sys.argv, sys.path[0] = args, str(Path(args[0]).parent)
        runpy.run_path(args[0], run_name="__main__")


if __name__ == "__main__":
    order = _serve()
    if order:
        _become(order)
