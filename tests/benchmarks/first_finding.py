"""How long a run takes to its first finding that warns or fails, against an older commit.

    python tests/benchmarks/first_finding.py OLD [--sample 30] [--write]

OLD is a clone of the older commit. Faults of the corpus (tests/faults, seed 0) are drawn at random,
and each runs in a process of its own, at both commits by turns; imports are not counted. FINDING.md
gives both medians and the median of the ratios.
"""

import argparse
import json
import os
import random
import statistics
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
ROOT, PAGE = HERE.parents[1], HERE / "FINDING.md"
MOST = 300
"""Seconds for one run."""
ONE = """
import json, os, sys, tempfile, time
sys.path.insert(0, "tests/faults")
import torch
torch.set_num_threads(1)
import recipe, score

experiment, _ = score.experiment_of("fault", {name!r}, {base!r}, 0)
start = time.perf_counter(), time.process_time()

def observe(event):
    result = getattr(event, "result", None)
    if getattr(result, "status", "") in ("warn", "fail"):
        print(json.dumps([time.perf_counter() - start[0], time.process_time() - start[1]]),
              flush=True)
        os._exit(0)

with tempfile.TemporaryDirectory() as out:
    recipe.run(experiment, out=out, seed=0, device="cpu", fresh=True, exact=True,
               budget=score.BUDGET, observe=observe)
"""


def jobs(sample: int) -> list[tuple[str, str]]:
    """Faults and their bases, drawn at random from those that both commits may know."""
    sys.path.insert(0, str(ROOT / "tests" / "faults"))
    import score

    known = [(name, base) for kind, name, base, _ in score.jobs(1) if kind == "fault"]
    return random.Random(0).sample(known, min(sample, len(known)))


def seconds(tree: Path, name: str, base: str) -> float | None:
    """Until the first finding; None where the run ended without one, or was not done in time."""
    paths = os.pathsep.join([str(tree), str(tree / "steps")])
    given = os.environ | {"PYTHONPATH": paths, "OMP_NUM_THREADS": "1"}
    try:
        done = subprocess.run(
            [sys.executable, "-c", ONE.format(name=name, base=base)],
            cwd=tree, env=given, capture_output=True, text=True, timeout=MOST, check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return None
    lines = [line for line in done.stdout.splitlines() if line.startswith("[")]
    return json.loads(lines[-1])[0] if lines else None


def page(rows: list[tuple[str, str, float | None, float | None]], old: str, new: str) -> str:
    """FINDING.md."""
    both = [(a, b) for _, _, a, b in rows if a is not None and b is not None]
    before, after = (statistics.median(column) for column in zip(*both, strict=True))
    ratio = statistics.median(b / a for a, b in both)

    def told(value: float | None) -> str:
        return "-" if value is None else f"{value:.2f} s"

    lines = [f"| {name} | {base} | {told(a)} | {told(b)} |" for name, base, a, b in rows]
    return "\n".join([
        "# Time to the first finding\n",
        ("`python tests/benchmarks/first_finding.py`: faults of the corpus drawn at random, each run "
         f"at {old} and at {new} by turns, one thread, until the first step that warns or fails.\n"),
        f"| fault | base | {old} | {new} |", "|---|---|---|---|", *lines,
        (f"\nOf {len(rows)} faults {len(both)} were found at both. Medians {before:.2f} s and "
         f"{after:.2f} s; the median of the ratios is {ratio:.2f}.\n"),
    ])  # fmt: skip


def commit(tree: Path) -> str:
    """Its short hash."""
    asked = ["git", "-C", str(tree), "rev-parse", "--short", "HEAD"]
    return subprocess.run(asked, capture_output=True, text=True, check=True).stdout.strip()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("old", type=Path)
    parser.add_argument("--sample", type=int, default=30)
    parser.add_argument("--write", action="store_true")
    asked = parser.parse_args()
    trees, rows = (asked.old.resolve(), ROOT), []
    for number, (name, base) in enumerate(jobs(asked.sample)):
        taken = {tree: seconds(tree, name, base) for tree in (trees if number % 2 else trees[::-1])}
        rows.append((name, base, taken[trees[0]], taken[trees[1]]))
        print(*rows[-1], flush=True)
    text = page(rows, *map(commit, trees))
    print(text.splitlines()[-1])
    if asked.write:
        PAGE.write_text(text)


if __name__ == "__main__":
    main()
