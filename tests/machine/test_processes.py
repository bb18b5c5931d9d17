"""Forked children end with their parent."""

import subprocess
import sys
import time
from pathlib import Path

import pytest

from children import start

ORPHANS = """
import os, sys, time
from contextlib import closing
from recipe.machine.processes import Children
def serve(line):
    line.send({"pid": os.getpid()})
    time.sleep(600)
with closing(Children(serve)) as children:
    made = [children.free() for _ in range(2)]
    print(*[child.receive()[0]["pid"] for child in made], flush=True)
    time.sleep(600)
"""


@pytest.mark.slow
@pytest.mark.parametrize("how", ["SIGKILL", "SIGINT"])
@pytest.mark.skipif(sys.platform != "linux", reason="children are forked on Linux only")
def test_children_end_with_their_parent(how):
    import signal

    parent = start(
        [sys.executable, "-c", ORPHANS],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    pids = [int(pid) for pid in parent.stdout.readline().split()]
    assert len(pids) == 2
    parent.send_signal(getattr(signal, how))
    parent.wait(timeout=60)
    deadline = time.monotonic() + 10
    while any(alive(pid) for pid in pids) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not any(alive(pid) for pid in pids)
    parent.stdout.close()


def alive(pid):
    status = Path(f"/proc/{pid}/stat")
    try:
        return status.read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
