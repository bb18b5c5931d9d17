"""Times the recipe against other tools, in alternating runs, each in a process of its own.

    python tests/benchmarks/bench.py [WORK ...] [--repeats N] [--write]

Timed is the work itself, from opening the data to the best score, after all imports; nothing is
remembered from an earlier run. With --write the tables go to SPEED.md beside this file.
"""

import argparse
import importlib
import json
import os
import subprocess
import sys
import tempfile
import time
from datetime import date
from pathlib import Path
from statistics import median

import common  # noqa: F401 - sets the paths

HERE = Path(__file__).parent
WORKS = {"sweep_digits": 7, "range_test": 5, "overheads": 1, "sweep_images": 3}
"""How often each is run: short work is disturbed more by whatever else the machine does."""


def one(work, tool):
    """In the child: time one tool."""
    import optuna  # noqa: F401
    import torch._dynamo  # noqa: F401 - the first optimizer imports it, whatever the tool

    with tempfile.TemporaryDirectory() as out:
        os.environ["RECIPE_CACHE"] = str(Path(out) / "cache")  # nothing is remembered
        run = importlib.import_module(work).TOOLS[tool](Path(out))
        start = time.perf_counter()
        score, note = run()
        seconds = time.perf_counter() - start
    print(json.dumps({"seconds": seconds, "score": score, "note": note}))


def timed(work, tool):
    command = [sys.executable, __file__, "--one", work, tool]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=HERE)
    if done.returncode:
        print(done.stderr[-1500:], file=sys.stderr)
        return None
    return json.loads(done.stdout.splitlines()[-1])


def compare(work, repeats, tools):
    """Alternate the tools; rows of tool, median seconds, all seconds, score, note."""
    results = {tool: [] for tool in tools}
    for _ in range(repeats):
        for tool, found in results.items():
            result = timed(work, tool)
            if result is not None:
                found.append(result)
                print(work, tool, result, flush=True)
    return results


def table(results):
    if not results["recipe"]:
        return "The recipe could not run this; its message stands above."
    ours = median(r["seconds"] for r in results["recipe"])
    lines = [
        "| tool | median seconds | all runs | times the recipe's | result |",
        "|---|---|---|---|---|",
    ]
    for tool, found in results.items():
        if not found:
            lines.append(f"| {tool} | could not run | | | |")
            continue
        middle = median(r["seconds"] for r in found)
        runs = ", ".join(f"{r['seconds']:.2f}" for r in found)
        note = f" ({found[0]['note']})" if found[0]["note"] else ""
        best = median(r["score"] for r in found)
        lines.append(f"| {tool}{note} | {middle:.2f} | {runs} | {middle / ours:.2f} | {best:.4g} |")
    return "\n".join(lines)


def machine():
    """The processor, its number and the versions that matter."""
    import torch

    from recipe.machine.device import processor
    from recipe.machine.processes import cores

    if torch.cuda.is_available():
        chip = f"{torch.cuda.get_device_name()}; {processor()}"
    else:
        chip = f"{processor()}, no accelerator"
    return f"{chip}, {cores()} processors, torch {torch.__version__}, {date.today():%Y-%m-%d}"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("works", nargs="*", default=list(WORKS))
    parser.add_argument("--repeats", type=int)
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--one", nargs=2)
    given = parser.parse_args()
    if given.one:
        one(*given.one)
        return
    parts = [f"# Speed\n\nMeasured by `make bench` on: {machine()}. Medians of alternating runs."]
    for work in given.works:
        module = importlib.import_module(work)
        if work == "overheads":
            body = module.table()
        else:
            body = table(compare(work, given.repeats or WORKS[work], list(module.TOOLS)))
        parts.append(f"## {module.__doc__.strip().splitlines()[0]}\n\n{body}")
        print(parts[-1], flush=True)
    if given.write:
        (HERE / "SPEED.md").write_text("\n\n".join(parts) + "\n", "utf-8")


if __name__ == "__main__":
    main()
