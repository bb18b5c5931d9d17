"""Runs the corpus and writes SCORES.md.

    python tests/faults/score.py [--seeds N] [--quick] [--faults NAME ...] [--healthy NAME ...]
                                 [--write]

A fault is detected when a run has any warning or failure; its cause is right when the first
(one of the first three) of the diagnosis is among the names that the catalogue gives.
"""

import argparse
import json
import multiprocessing
import os
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from dataclasses import asdict, dataclass, field
from datetime import date
from pathlib import Path

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE)]
QUICK_BASES = ("digits-mlp", "cancer-table", "diabetes-table")


@dataclass
class Row:
    """One run."""

    kind: str
    name: str
    base: str
    seed: int
    diagnosis: list[str] = field(default_factory=list)
    error: str | None = None
    seconds: float = 0.0
    causes: list[str] = field(default_factory=list)
    verified: bool | None = None
    after: float | None = None

    @property
    def detected(self) -> bool:
        return bool(self.diagnosis) or self.error is not None

    @property
    def first(self) -> bool:
        return bool(self.diagnosis) and self.diagnosis[0] in self.causes

    @property
    def among_three(self) -> bool:
        return any(name in self.causes for name in self.diagnosis[:3])


def jobs(given):
    from bases import BASES
    from catalogue import FAULTS
    from healthy import healthy

    for seed in range(given.seeds):
        for fault in FAULTS:
            for base in BASES:
                wanted = not given.faults or fault.name in given.faults
                quick = not given.quick or base.name in QUICK_BASES
                if fault.applies(base) and wanted and quick and not given.healthy:
                    yield "fault", fault.name, base.name, seed
        for one in healthy():
            wanted = not given.healthy or one.name in given.healthy or "all" in given.healthy
            if wanted and not given.faults:
                yield "healthy", one.name, "", seed


def measure(job):
    kind, name, base_name, seed = job
    import torch

    torch.set_num_threads(1)
    from bases import BASES
    from catalogue import FAULTS
    from healthy import healthy

    import recipe
    from recipe.errors import UsageError

    row = Row(kind, name, base_name, seed)
    if kind == "fault":
        fault = next(f for f in FAULTS if f.name == name)
        base = next(b for b in BASES if b.name == base_name)
        experiment = fault.inject(base.make(seed))
        row.causes = list(fault.causes)
    else:
        experiment = next(h for h in healthy() if h.name == name).make(seed)
    start = time.perf_counter()
    with tempfile.TemporaryDirectory() as out:
        try:
            result = recipe.run(experiment, out=out, seed=seed, device="cpu", fresh=True,
                                exact=True, budget="60epochs")  # fmt: skip
        except UsageError as error:
            row.error = str(error)
        except Exception as error:  # noqa: BLE001 - a crash is a result too
            row.error = f"{type(error).__name__}: {error}"
        else:
            row.diagnosis = list(result.diagnosis)
            crashed = [s.reason for s in result.steps if s.status == "error"]
            row.error = crashed[0] if crashed else None
            proofs = [f.remedy for f in result.findings if f.rule in row.causes and f.remedy]
            if proofs:
                row.verified, row.after = proofs[0].verified, proofs[0].after
    row.seconds = time.perf_counter() - start
    return asdict(row)


def share(values):
    values = list(values)
    return f"{sum(values) / len(values):.1%} of {len(values)}" if values else "-"


def table(rows):
    faults = [r for r in rows if r.kind == "fault"]
    fine = [r for r in rows if r.kind == "healthy"]
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True,
                            text=True, check=False, cwd=HERE).stdout.strip()  # fmt: skip
    today = f"{date.today():%Y-%m-%d}"  # noqa: DTZ011 - of the machine
    proved = [r for r in faults if r.verified is not None]
    lines = [
        f"# Scores of the diagnosis\n\nMeasured by `make faults`, {today}, commit {commit}.\n",
        "| what | score |", "|---|---|",
        f"| faults detected (any warning or failure) | {share(r.detected for r in faults)} |",
        f"| root cause first | {share(r.first for r in faults)} |",
        f"| root cause among the first three | {share(r.among_three for r in faults)} |",
        f"| healthy runs with an alarm | {share(r.detected for r in fine)} |",
        f"| remedies of the cause that were tried and helped | {share(bool(r.verified) for r in proved)} |",
        "\n| fault | runs | detected | first | among three | said first |", "|---|---|---|---|---|---|",
    ]  # fmt: skip
    groups = defaultdict(list)
    for row in faults:
        groups[row.name].append(row)
    for name, group in groups.items():
        said = sorted({(r.diagnosis[0] if r.diagnosis else r.error or "nothing") for r in group})
        n = len(group)
        lines.append(
            f"| {name} | {n} | {sum(r.detected for r in group)} | {sum(r.first for r in group)} | "
            f"{sum(r.among_three for r in group)} | {', '.join(s[:60] for s in said)} |"
        )
    alarms = [r for r in fine if r.detected]
    lines += ["\n| healthy run with an alarm | seed | said |", "|---|---|---|"]
    lines += [f"| {r.name} | {r.seed} | {', '.join(r.diagnosis) or r.error} |" for r in alarms]
    return "\n".join(lines) + "\n"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--faults", nargs="*", default=[])
    parser.add_argument("--healthy", nargs="*", default=[])
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--rows", type=Path)
    given = parser.parse_args()
    todo = list(jobs(given))
    rows = []
    context = multiprocessing.get_context("spawn")
    with context.Pool(os.cpu_count(), maxtasksperchild=20) as pool:
        for done in pool.imap_unordered(measure, todo):
            rows.append(Row(**done))
            r = rows[-1]
            mark = "ok" if (r.first if r.kind == "fault" else not r.detected) else "--"
            print(f"{len(rows)}/{len(todo)} {mark} {r.kind} {r.name} [{r.base}] {r.seed} "
                  f"{r.seconds:.0f}s {r.diagnosis[:4]} {r.error or ''}"[:240], flush=True)  # fmt: skip
    rows.sort(key=lambda r: [(r.kind, r.name, r.base, r.seed)])
    if given.rows:
        given.rows.write_text(json.dumps([asdict(r) for r in rows]), "utf-8")
    text = table(rows)
    print(text)
    if given.write:
        (HERE / "SCORES.md").write_text(text, "utf-8")


if __name__ == "__main__":
    main()
