"""Times the recipe against other tools, in alternating runs, each in a process of its own.

    python tests/benchmarks/bench.py [WORK ...] [--repeats N]

Timed is the work itself, from opening the data to the best score, after all imports.
"""

import argparse
import importlib
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

import common  # noqa: F401 - sets the paths

HERE = Path(__file__).parent


def one(work, tool):
    """In the child: time one tool."""
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
    ours = median(r["seconds"] for r in results["recipe"])
    lines = [
        "| tool | median seconds | runs | times the recipe's | best |",
        "|---|---|---|---|---|",
    ]
    for tool, found in results.items():
        if not found:
            lines.append(f"| {tool} | could not run | | | |")
            continue
        middle = median(r["seconds"] for r in found)
        runs = ", ".join(f"{r['seconds']:.1f}" for r in found)
        note = f" ({found[0]['note']})" if found[0]["note"] else ""
        best = median(r["score"] for r in found)
        lines.append(f"| {tool}{note} | {middle:.2f} | {runs} | {middle / ours:.2f} | {best:.4g} |")
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("works", nargs="*", default=["sweep_digits", "range_test", "sweep_images"])
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--tools", nargs="*")
    parser.add_argument("--one", nargs=2)
    given = parser.parse_args()
    if given.one:
        one(*given.one)
        return
    for work in given.works:
        module = importlib.import_module(work)
        results = compare(work, given.repeats, given.tools or list(module.TOOLS))
        print(f"\n## {module.__doc__.strip()}\n\n{table(results)}\n", flush=True)


if __name__ == "__main__":
    main()
