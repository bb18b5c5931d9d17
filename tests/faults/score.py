"""Runs the corpus and writes SCORES.md.

    python tests/faults/score.py [--seeds N] [--fresh N] [--bases NAME ...] [--faults NAME ...]
                                 [--healthy NAME ...] [--write] [--rows FILE [--known]]

Two seeds are what the rules are worked on with. Fresh seeds are those after them: healthy runs
alone, which nobody looked at when a rule or a threshold was chosen.

A fault is detected when a run has any warning or failure; its cause is right when the first
(one of the first three) of the diagnosis is among the names that the catalogue gives. A remedy
has restored the score when it closes nine tenths of the gap to the healthy base.
"""

import argparse
import json
import multiprocessing
import os
import random
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE)]
ROWS = HERE / "runs.jsonl"
"""The runs behind SCORES.md."""
SEEDS = 2
BUDGET = "60epochs"
RESTORED = 0.9


@dataclass
class Row:
    """One run."""

    kind: str
    """fault, healthy, or base: a healthy base, whose score is what remedies are measured by."""
    name: str
    base: str
    seed: int
    diagnosis: list[str] = field(default_factory=list)
    error: str | None = None
    seconds: float = 0.0
    causes: list[str] = field(default_factory=list)
    score: float | None = None
    """Of the declared setting."""
    chance: float = 0.0
    remedy: str | None = None
    """Of the right cause, when its rule carries one."""
    verified: bool | None = None
    before: float | None = None
    after: float | None = None
    commit: str = ""

    @property
    def fresh(self) -> bool:
        """Whether its seed is none that the rules were worked on with."""
        return self.seed >= SEEDS

    @property
    def detected(self) -> bool:
        return bool(self.diagnosis) or self.error is not None

    @property
    def first(self) -> bool:
        return bool(self.diagnosis) and self.diagnosis[0] in self.causes

    @property
    def among_three(self) -> bool:
        return any(name in self.causes for name in self.diagnosis[:3])

    @property
    def right(self) -> bool:
        return self.first if self.kind == "fault" else not self.detected

    def restored(self, healthy: float) -> bool:
        """Whether the remedy closed the gap. A split that knew the answers scores too high before;
        afterwards it has to come as close to the healthy score from either side.
        """
        if self.after is None:
            return False
        before = self.chance if self.before is None else min(self.before, self.after)
        gap = healthy - before
        if self.before is not None and self.before >= healthy:
            return abs(self.after - healthy) <= (1 - RESTORED) * (healthy - self.chance)
        return gap <= 0 or (self.after - before) >= RESTORED * gap


def jobs(seeds=SEEDS, bases=(), faults=(), healthy=(), fresh=0):
    """All runs that are asked for, as (kind, name, base, seed); everything by default, and healthy
    runs of `fresh` seeds more.
    """
    from bases import BASES
    from catalogue import FAULTS
    from healthy import healthy as sound

    chosen = [b for b in BASES if not bases or b.name in bases]
    everything = not faults and not healthy
    for seed in range(seeds + fresh):
        for base in chosen:
            if faults or everything:
                yield "base", "", base.name, seed
            for fault in FAULTS:
                if seed < seeds and fault.applies(base) and (fault.name in faults or everything):
                    yield "fault", fault.name, base.name, seed
        for one in sound():
            if (one.name in healthy or everything) and (not bases or one.base in bases):
                yield "healthy", one.name, one.base, seed


def experiment_of(kind, name, base_name, seed):
    """The experiment of a job and the names of its cause."""
    from bases import BASES
    from catalogue import FAULTS
    from healthy import healthy

    if kind == "healthy":
        return next(h for h in healthy() if h.name == name).make(seed), []
    base = next(b for b in BASES if b.name == base_name)
    if kind == "base":
        return base.make(seed), []
    fault = next(f for f in FAULTS if f.name == name)
    return fault.inject(base.make(seed)), list(fault.causes)


def measure(job):
    """Run one job."""
    import torch

    torch.set_num_threads(1)
    import recipe
    from recipe.core.errors import UsageError

    kind, name, base_name, seed = job
    row = Row(kind, name, base_name, seed)
    experiment, row.causes = experiment_of(*job)
    start = time.perf_counter()
    with tempfile.TemporaryDirectory() as out:
        try:
            result = recipe.run(experiment, out=out, seed=seed, device="cpu", fresh=True,
                                exact=True, budget=BUDGET)  # fmt: skip
        except UsageError as error:
            row.error = str(error)
        except Exception as error:  # noqa: BLE001 - a crash is a result too
            row.error = f"{type(error).__name__}: {error}"
        else:
            _take(row, result)
    row.seconds = time.perf_counter() - start
    return asdict(row)


def _take(row, result):
    row.diagnosis = list(result.diagnosis)
    crashed = [s.reason for s in result.steps if s.status == "error"]
    row.error = crashed[0] if crashed else None
    row.score = result.baseline.val_score if result.baseline else None
    curves = result.step("learning_curves")
    if curves is not None:
        row.chance = curves.evidence.number("baseline_chance") or 0.0
    for found in result.findings:
        if found.rule in row.causes and found.rule in row.diagnosis and found.remedy:
            row.remedy, row.verified = found.remedy.name, found.remedy.verified
            row.before, row.after = found.remedy.before, found.remedy.after
            return


def run(todo, told=lambda *_: None):
    """All jobs, side by side."""
    rows = []
    context = multiprocessing.get_context("spawn")
    with context.Pool(os.cpu_count(), maxtasksperchild=20) as pool:
        for done in pool.imap_unordered(measure, todo):
            rows.append(Row(**done))
            told(len(rows), rows[-1])
    return sorted(rows, key=lambda r: (r.kind, r.name, r.base, r.seed))


def head():
    """The commit that is checked out."""
    asked = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True,
                           check=False, cwd=HERE)  # fmt: skip
    return asked.stdout.strip()


def _line(row):
    return json.dumps(asdict(row)) + "\n"


def _lines(path):
    return path.read_text("utf-8").splitlines() if path and path.exists() else []


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--seeds", type=int, default=SEEDS)
    parser.add_argument("--fresh", type=int, default=0, help="seeds more, of healthy runs alone")
    parser.add_argument("--bases", nargs="*", default=[])
    parser.add_argument("--faults", nargs="*", default=[])
    parser.add_argument("--healthy", nargs="*", default=[])
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--rows", type=Path, help="a file that keeps the runs: they go on there")
    parser.add_argument("--known", action="store_true", help="only what --rows holds already")
    given = parser.parse_args()
    todo = list(jobs(given.seeds, given.bases, given.faults, given.healthy, given.fresh))
    commit = head()
    random.Random(0).shuffle(todo)  # an early end then leaves a fair sample
    known = [Row(**json.loads(line)) for line in _lines(given.rows)]
    done = {(r.kind, r.name, r.base, r.seed) for r in known}
    todo = [job for job in todo if job not in done]

    def told(count, r):
        r.commit = commit
        if given.rows:
            with given.rows.open("a", encoding="utf-8") as kept:
                kept.write(_line(r))
        mark = "ok" if r.right else "--"
        print(f"{count}/{len(todo)} {mark} {r.kind} {r.name} [{r.base}] {r.seed} {r.seconds:.0f}s "
              f"{r.diagnosis[:4]} {r.error or ''} {r.before} {r.after}"[:240], flush=True)  # fmt: skip

    rows = known + (run(todo, told) if not given.known else [])
    rows.sort(key=lambda r: (r.kind, r.name, r.base, r.seed))
    from board import board

    text = board(rows)
    print(text)
    if given.write:
        (HERE / "SCORES.md").write_text(text, "utf-8")
        ROWS.write_text("".join(map(_line, rows)), "utf-8")


if __name__ == "__main__":
    main()
