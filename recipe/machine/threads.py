"""How many threads the processor has room for: on a busy one the threads of a pool wait for each
other at every operation, so two of them train several times as slowly as one.
"""

import os
import time
from pathlib import Path
from statistics import median

import torch

from recipe.machine.processes import cores

LOOKS, APART = 5, 0.01
"""How often it is asked what runs right now, and the seconds between."""
SET_BY_USER = ("OMP_NUM_THREADS", "MKL_NUM_THREADS")
"""Variables of the environment that say how many there shall be."""


def fitting_threads() -> int:
    """PyTorch's own number of threads, or as many as there are processors without work; what the
    user chose by a variable of the environment stands. At least one.
    """
    own = torch.get_num_threads()
    if own == 1 or any(name in os.environ for name in SET_BY_USER):
        return own
    return max(1, min(own, cores() - busy_processors()))


def busy_processors() -> int:
    """Processors that other processes keep busy, by what waits for one now and by what did over the
    last minute; 0 where the system does not tell.
    """
    if not hasattr(os, "getloadavg"):
        return 0
    running = _running()
    minute = os.getloadavg()[0]
    return round(minute if running is None else min(minute, running))


def _running() -> float | None:
    """Tasks that run or wait for a processor now, without this one; None where nobody counts."""
    counts = []
    try:
        for _ in range(LOOKS):
            counts.append(int(Path("/proc/loadavg").read_text("ascii").split()[3].split("/")[0]))
            time.sleep(APART)
    except (OSError, ValueError, IndexError):
        return None
    return max(0.0, median(counts) - 1)
