"""Whether two checkouts give the same results: what a refactoring has to show.

    python tests/tools/same_results.py BEFORE [AFTER] [--only NAME ...] [--keep FOLDER] [--list]

BEFORE and AFTER (default: this checkout) are folders of the project, such as two `git worktree`s.
Each runs the same commands with its own code and its own examples and faults; `result.json` has
to be the same byte for byte, times left out. What is only there AFTER, a rule that a step did not
have or a figure that it did not take, is counted and told. Exit code 1 where anything else differs.
What BEFORE gave is kept in FOLDER, and is not computed again there.

Both share a cache of measured speeds: the fastest execution mode is found once, so that it is the
same one on either side.
"""

import argparse
import difflib
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from shutil import copytree, ignore_patterns

ROOT = Path(__file__).parents[2]
DATA = Path(os.environ.get("RECIPE_TEST_DATA", ROOT.parent / "shared" / "data"))
TIMES = frozenset({"seconds", "proofs"})
"""Keys of result.json that hold a time."""
FAULTS = {
    "softmax": ("fault", "softmax-before-cross-entropy", "digits-mlp", 0),
    "weights": ("fault", "large-weights", "cancer-table", 0),
    "update": ("fault", "gradients-kept", "digits-mlp", 0),
    "rate": ("fault", "rate-300-times-too-high", "diabetes-table", 0),
    "split": ("fault", "sorted-tail-held-out", "digits-mlp", 0),
}
"""Jobs of tests/faults/score.py."""
COMMANDS = {
    "digits": ["run", "digits", "--seed", "3"],
    "cifar10": ["run", "examples/cifar10.py", "--exact", "--budget", "12epochs"],
    "adult": ["run", "examples/adult.py"],
}
RUN_A_FAULT = """
import sys
sys.path.insert(0, "faults")
import torch
torch.set_num_threads(1)
import recipe, score
experiment, _ = score.experiment_of(*{job!r})
recipe.run(experiment, seed={seed}, device="cpu", exact=True, budget=score.BUDGET)
"""


def commands():
    """By name, what follows the interpreter on a command line."""
    for name, options in COMMANDS.items():
        yield name, ["-m", "recipe", *options, "--no-input", "--fresh"]
    for name, job in FAULTS.items():
        yield name, ["-c", RUN_A_FAULT.format(job=job, seed=job[-1])]


def without_times(value):
    """The content of a result.json, its times left out."""
    if isinstance(value, dict):
        return {key: without_times(v) for key, v in value.items() if key not in TIMES}
    return [without_times(v) for v in value] if isinstance(value, list) else value


def run(command, checkout, cache):
    """The result of one command as text."""
    with tempfile.TemporaryDirectory() as work:
        for source, place in (("examples", "examples"), ("tests/faults", "faults")):
            copytree(checkout / source, Path(work) / place, ignore=ignore_patterns("__pycache__"))
        environment = {
            **os.environ,
            "PYTHONPATH": f"{checkout}{os.pathsep}{checkout / 'steps'}",
            "RECIPE_CACHE": str(cache),
            "RECIPE_TEST_DATA": str(DATA),
            "CIFAR10": str(DATA / "cifar10"),
            "ADULT_CSV": str(DATA / "tables" / "adult.csv"),
        }
        done = subprocess.run([sys.executable, *command], cwd=work, env=environment, check=False,
                              capture_output=True, text=True)  # fmt: skip
        found = list(Path(work).glob("reports/*/result.json"))
        if len(found) != 1:
            sys.exit(f"{checkout}: no result (exit code {done.returncode}).\n{done.stderr[-2000:]}")
        content = without_times(json.loads(found[0].read_text("utf-8")))
    return json.dumps(content, indent=1, ensure_ascii=False)


def without_additions(before, after, path=""):
    """AFTER without what BEFORE lacks, and the places of that: keys, and rules of a step."""
    added = []
    if isinstance(before, dict) and isinstance(after, dict):
        found = {}
        for key, value in after.items():
            if key not in before:
                added.append(f"{path}/{key}")
                continue
            found[key], more = without_additions(before[key], value, f"{path}/{key}")
            added += more
        return found, added
    if isinstance(before, list) and isinstance(after, list):
        if path.endswith("/rules"):
            added = [f"{path}/{rule}" for rule in after if rule not in before]
            return [rule for rule in after if rule in before], added
        if len(before) == len(after):
            pairs = [without_additions(b, a, path) for b, a in zip(before, after, strict=True)]
            return [value for value, _ in pairs], [place for _, more in pairs for place in more]
    return after, added


def kept(name, command, checkout, folder):
    """The same, from `folder` where it is there."""
    path = folder / f"{name}.json"
    if not path.exists():
        text = run(command, checkout, folder / "cache")
        path.write_text(text, "utf-8")
    return path.read_text("utf-8")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n", maxsplit=1)[0])
    parser.add_argument("before", type=Path, nargs="?")
    parser.add_argument("after", type=Path, nargs="?", default=ROOT)
    parser.add_argument("--only", nargs="*", default=[], metavar="NAME")
    parser.add_argument("--keep", type=Path, help="where the results of BEFORE are kept")
    parser.add_argument("--list", action="store_true", help="names of the commands")
    given = parser.parse_args()
    todo = {n: c for n, c in commands() if n in given.only or not given.only}
    if given.list or given.before is None:
        sys.exit("\n".join(f"{name}: {' '.join(c[-5:])}" for name, c in todo.items()))
    different = 0
    with tempfile.TemporaryDirectory() as own:
        folder = (given.keep or Path(own)).resolve()
        folder.mkdir(parents=True, exist_ok=True)
        for name, command in todo.items():
            before = kept(name, command, given.before.resolve(), folder)
            after = run(command, given.after.resolve(), folder / "cache")
            if before == after:
                print(f"same       {name}: {len(after):,} characters", flush=True)
                continue
            rest, added = without_additions(json.loads(before), json.loads(after))
            after = json.dumps(rest, indent=1, ensure_ascii=False)
            if before == after:
                names = sorted({place.rpartition("/")[2] for place in added})
                print(f"same       {name}, and there is more: {', '.join(names)}", flush=True)
                continue
            different += 1
            print(f"DIFFERENT  {name}", flush=True)
            sides = before.splitlines(), after.splitlines()
            lines = list(difflib.unified_diff(*sides, "before", "after", lineterm="", n=1))
            print("\n".join(line[:200] for line in lines[:40]), flush=True)
    sys.exit(1 if different else 0)


if __name__ == "__main__":
    main()
