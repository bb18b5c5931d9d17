"""Programs by an author who had not read the rules: what `recipe run` says of each.

    python tests/faults/strangers/board.py [--half seen|held] [--only 002 ...] [--write]

Programs of even number were looked at when rules were mended; those of odd number were run once,
with the rules as they then were. Each runs in a process of its own with --budget 3m and one thread;
some read RECIPE_TEST_DATA. truth.json says what is wrong with each, and which rules name it
(`named_by`, none where no rule can tell). Rows are kept in rows.jsonl.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parents[2]
ROWS, PAGE, TRUTH = HERE / "rows.jsonl", HERE / "STRANGERS.md", HERE / "truth.json"
BUDGET, MOST = "3m", 600
"""The budget of a run, and seconds after which it is given up."""
HALVES = ("seen", "held", "unusual", "unusual, later")
FIRST_UNUSUAL, FIRST_LATER = 85, 125
HEAD = """# Programs of a stranger

`python tests/faults/strangers/board.py`: 140 programs by authors who had read the README and none
of the rules. Of the first 84, half were looked at when rules were mended, the other half was run once. The
rows are of several commits: twelve programs that had been missed (013, 018, 026, 029, 033, 040 to
048 and 056) were run again after what they taught was mended. 16 of the held half (053 to 083) were
run for the first time at commit 58d61b1: 7 of 7 faults were found, 6 of them named first, and 0 of 9
sound programs had an alarm. The machine had a load of 6 to 9. A fault is named first when the first
cause is a rule that tells it, or any of both faults of a pair.

The authors of 085 to 124 were asked for mistakes that nobody thinks of. They were run once at commit
7076797 (`unusual, at first`); what they taught was mended since, and they were run again. Those of
125 to 140, asked for likewise, were run once after that, at commit c63aca0 (`unusual, later`). A data
loader that is refused with a sentence that names the mistake counts as told (`refused`).

| half | programs | faults detected | named first | pairs with all named | sound with an alarm | median time |
|---|---|---|---|---|---|---|
"""


def half_of(name: str) -> str:
    number = int(name[:3])
    if number >= FIRST_LATER:
        return HALVES[3]
    return HALVES[number % 2 if number < FIRST_UNUSUAL else 2]


def measured(name: str) -> dict:
    """One run."""
    data = os.environ.get("RECIPE_TEST_DATA", str(ROOT.parent / "shared" / "data"))
    paths = os.pathsep.join([str(ROOT), str(ROOT / "steps")])
    given = {**os.environ, "PYTHONPATH": paths, "OMP_NUM_THREADS": "1", "RECIPE_TEST_DATA": data}
    start = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "recipe", "run", str(HERE / "programs" / name),
                   "--no-input", "--fresh", "--json", "--budget", BUDGET, "--out", folder]  # fmt: skip
        done = subprocess.run(
            command, capture_output=True, text=True, env=given, timeout=MOST, check=False
        )
    row = {"name": name, "took": round(time.monotonic() - start, 1)}
    try:
        result = json.loads(done.stdout)
    except ValueError:
        told = "give it one weight per item" in done.stderr
        return row | {"diagnosis": ["refused"] if told else [], "error": done.stderr[-300:]}
    best = result["best"] or {}
    return row | {"diagnosis": result["diagnosis"], "score": best.get("val_score")}


def line(half: str, rows: list[dict], truth: dict) -> str:
    mine = [row for row in rows if half_of(row["name"]) == half]
    faults = [row for row in mine if truth[row["name"]]["kind"] != "sound"]
    sound = [row for row in mine if truth[row["name"]]["kind"] == "sound"]
    pairs = [row for row in faults if truth[row["name"]]["kind"] == "pair"]

    def named(row: dict) -> list[bool]:
        found = set(row["diagnosis"])
        return [bool(found & set(names)) for names in truth[row["name"]]["named_by"]]

    def first(row: dict) -> bool:
        return any(row["diagnosis"][:1][0] in names for names in truth[row["name"]]["named_by"]
                   if row["diagnosis"])  # fmt: skip

    times = sorted(row["took"] for row in mine if row["took"])
    cells = (
        half, len(mine), f"{sum(bool(r['diagnosis']) for r in faults)} of {len(faults)}",
        f"{sum(map(first, faults))} of {len(faults)}",
        f"{sum(all(named(r)) for r in pairs)} of {len(pairs)}",
        f"{sum(bool(r['diagnosis']) for r in sound)} of {len(sound)}",
        f"{times[len(times) // 2]:.0f} s" if times else "-",
    )  # fmt: skip
    return f"| {' | '.join(map(str, cells))} |"


def page(rows: list[dict], truth: dict) -> str:
    """STRANGERS.md."""
    at_first = [row | {"diagnosis": row["at_first"]} for row in rows if "at_first" in row]
    first = line(HALVES[2], at_first, truth).replace("unusual", "unusual, at first", 1)
    lines = [HEAD.rstrip("\n"), *(line(half, rows, truth) for half in HALVES[:2]), first,
             line(HALVES[2], rows, truth), line(HALVES[3], at_first, truth), "",
             "| program | what is wrong | rules that tell it | said | seconds |",
             "|---|---|---|---|---|"]  # fmt: skip
    for row in sorted(rows, key=lambda row: row["name"]):
        known = truth[row["name"]]
        names = " + ".join("/".join(each) or "none" for each in known.get("named_by", []))
        said = ", ".join(row["diagnosis"]) or row.get("error", "nothing")
        wrong = " / ".join(known["bugs"]) or "nothing"
        lines.append(f"| {row['name'][:-3]} | {wrong} | {names} | {said} | {row['took']} |")
    return "\n".join(lines) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--half", choices=HALVES)
    parser.add_argument("--only", nargs="*")
    parser.add_argument("--write", action="store_true", help="STRANGERS.md of the rows there are")
    asked = parser.parse_args()
    truth = json.loads(TRUTH.read_text())
    rows = [json.loads(text) for text in ROWS.read_text().splitlines()] if ROWS.exists() else []
    if not asked.write:
        for name in sorted(truth):
            if asked.half not in (None, half_of(name)):
                continue
            if asked.only and name[:3] not in asked.only:
                continue
            row = measured(name)
            print(row, flush=True)
            before = next((each for each in rows if each["name"] == name), {})
            if "at_first" in before:
                row["at_first"] = before["at_first"]
            rows = [*(each for each in rows if each["name"] != name), row]
            ROWS.write_text("".join(json.dumps(each) + "\n" for each in rows))
    PAGE.write_text(page(rows, truth))


if __name__ == "__main__":
    main()
