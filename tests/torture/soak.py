"""Runs for hours in one process: memory, files, descriptors, threads and time per trial stay.

    python tests/torture/soak.py [--minutes 120]

Each run has another seed, in turn of the six kinds below, and its folder is deleted afterwards. A
line is kept in soak_rows.jsonl after two runs of each; SOAK.md compares quarters of the time. It
reads /proc, so it needs Linux.
"""

import argparse
import gc
import json
import multiprocessing
import os
import resource
import shutil
import statistics
import tempfile
import threading
import time
from pathlib import Path

import torch
from kills import SOURCE
from torch import nn

import recipe

HERE = Path(__file__).parent
ROWS, PAGE = HERE / "soak_rows.jsonl", HERE / "SOAK.md"
EVERY = 2
"""Runs of each kind for a line."""
HEAD = """# Hours of runs in one process

`python tests/torture/soak.py`: whole runs one after the other, of six kinds, each with a seed of its
own. Medians of the second and of the last quarter of its lines (in the first one libraries are
still being loaded); memory is what is there for the process, after a collection of garbage; time
is the processor's, of all its processes.

"""


def kinds() -> list[tuple[recipe.Experiment, dict]]:
    """Experiments and the options of their runs."""
    made: dict = {}
    exec(SOURCE, made)  # noqa: S102 - our own text
    failing = recipe.Experiment(model=_failing, train=(made["X"], made["Y"]), val=0.25, epochs=4)
    return [
        (made["rows"], {"ensemble": 2}),
        (made["values"], {"search": "random"}),
        (made["images"], {}),
        (made["tokens"], {}),
        (made["softmax"], {"fix": True}),
        (failing, {}),
    ]


def _failing() -> nn.Module:
    """It can say one class only: what a failed run leaves behind counts too."""
    return nn.Sequential(nn.Linear(6, 8), nn.ReLU(), nn.Linear(8, 1), nn.ReLU())


def seconds() -> float:
    """Of the processor, by this process and those it has ended."""
    both = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
    return sum(each.ru_utime + each.ru_stime for each in both)


def files_in(folder: Path) -> int:
    """Files below it."""
    return sum(len(names) for _, _, names in os.walk(folder))


def own_megabytes() -> float:
    """Memory that is there for the process. Not what it shares with no other one: that grows when a
    child that was forked ends.
    """
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS")) / 1000


def held(folder: Path) -> dict[str, float]:
    """What the process holds now."""
    gc.collect()
    return {
        "megabytes": round(own_megabytes(), 1),
        "descriptors": len(list(Path("/proc/self/fd").iterdir())),
        "threads": threading.active_count(),
        "processes": len(multiprocessing.active_children()),
        "objects": len(gc.get_objects()),
        "temporary files": files_in(folder / "temporary"),
        "cached files": files_in(folder / "cache"),
    }


def soak(minutes: float, folder: Path) -> None:
    """Runs for so long, a row every now and then."""
    given = kinds()
    began = time.monotonic()
    runs = trials = done = 0
    spent = seconds()
    while time.monotonic() - began < 60 * minutes:
        experiment, options = given[runs % len(given)]
        result = recipe.run(experiment, out=folder / "out", seed=runs, device="cpu",
                            budget="30epochs", **options)  # fmt: skip
        trials += len(result.trials)
        runs += 1
        shutil.rmtree(folder / "out")
        if runs % (EVERY * len(given)):
            continue
        row = {
            "minutes": round((time.monotonic() - began) / 60, 1), "runs": runs, "trials": trials,
            **held(folder), "seconds a trial": round((seconds() - spent) / max(trials - done, 1), 3),
        }  # fmt: skip
        spent, done = seconds(), trials
        print(row, flush=True)
        with ROWS.open("a", encoding="utf-8") as lines:
            lines.write(json.dumps(row) + "\n")


def page() -> str:
    """SOAK.md."""
    rows = [json.loads(line) for line in ROWS.read_text().splitlines()]
    quarter = len(rows) // 4
    if not quarter:
        raise SystemExit(f"soak.py: {len(rows)} lines are too few to compare quarters of them")
    early, late = rows[quarter : 2 * quarter], rows[-quarter:]
    last = rows[-1]
    lines = [
        f"{last['runs']} runs with {last['trials']} trials in {last['minutes']} minutes.", "",
        "| held | second quarter | last quarter |", "|---|---|---|",
    ]  # fmt: skip
    for name in list(last)[3:]:
        before, after = (statistics.median(row[name] for row in some) for some in (early, late))
        lines.append(f"| {name} | {before:g} | {after:g} |")
    return "\n".join([*lines, ""])


def main() -> None:
    """See the module."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--minutes", type=float, default=120)
    given = parser.parse_args()
    torch.set_num_threads(1)
    ROWS.unlink(missing_ok=True)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for each in ("temporary", "cache"):
            (folder / each).mkdir()
        os.environ |= {"XDG_CACHE_HOME": str(folder / "cache"), "TMPDIR": str(folder / "temporary")}
        tempfile.tempdir = None  # asked for anew
        soak(given.minutes, folder)
    PAGE.write_text(HEAD + page(), "utf-8")


if __name__ == "__main__":
    main()
