"""Runs the corpus and writes SCORES.md.

    python tests/faults/score.py [--seeds N] [--fresh N] [--bases NAME ...] [--faults NAME ...]
                                 [--healthy NAME ...] [--write] [--rows FILE [--known]]
    python tests/faults/score.py --corpus second --half seen|held-out [--groups NAME ...]
                                 [--sample N] [--fix] [--write] [--rows FILE [--known]]

Two seeds are what the rules are worked on with. Fresh seeds are those after them: healthy runs
alone, which nobody looked at when a rule or a threshold was chosen.

A fault is detected when a run has any warning or failure; its cause is right when the first
(one of the first three) of the diagnosis is among the names that the catalogue gives. A remedy
has restored the score when it closes nine tenths of the gap to the healthy base.

The second corpus (second/cases.py) has faults together and at half strength, odd data and sound
runs that look ill; SECOND.md says how its halves score.
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
from functools import partial
from pathlib import Path

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE / "second")]
ROWS = HERE / "runs.jsonl"
"""The runs behind SCORES.md."""
SEEDS = 2
BUDGET = "60epochs"
RESTORED = 0.9


@dataclass
class Row:
    """One run."""

    kind: str
    """fault, healthy, undecided, or base: a healthy base, whose score is what remedies are measured
    by.
    """
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
    found_after: float | None = None
    """Seconds until the end of the first step with a warning or failure."""
    court: float | None = None
    """Seconds that proofs and looks behind faults took."""
    fixed: float | None = None
    """The score that the run with `fix` ended with."""
    group: str = ""
    """Of the second corpus; so are all below."""
    truths: list[list[str]] = field(default_factory=list)
    """For each cause, the rules that may name it."""
    largest: list[int] = field(default_factory=list)
    """Of several causes, those of the largest effect."""
    sound: float | None = None
    """The score without any fault."""

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


def measure(job, corpus="first", fix=False):
    """Run one job."""
    import torch

    torch.set_num_threads(1)
    row = Row(*job)
    if corpus == "second":
        from scoring import fill

        experiment = fill(row)
    else:
        experiment, row.causes = experiment_of(*job)
    start = time.perf_counter()

    def observe(event):
        found = getattr(getattr(event, "result", None), "status", "") in {"warn", "fail"}
        if found and row.found_after is None:
            row.found_after = time.perf_counter() - start

    row.error, result = _run(experiment, row.seed, observe=observe)
    row.seconds = time.perf_counter() - start
    if result is not None:
        _take(row, result)
    if fix and row.kind == "fault":
        _, result = _run(experiment, row.seed, fix=True)
        row.fixed = result.best.val_score if result and result.best else None
    return asdict(row)


def _run(experiment, seed, **given):
    """What stopped a run, and its result."""
    import recipe
    from recipe.core.errors import UsageError

    with tempfile.TemporaryDirectory() as out:
        try:
            return None, recipe.run(experiment, out=out, seed=seed, device="cpu", fresh=True,
                                    exact=True, budget=BUDGET, **given)  # fmt: skip
        except UsageError as error:
            return str(error), None
        except Exception as error:  # noqa: BLE001 - a crash is a result too
            return f"{type(error).__name__}: {error}", None


def _take(row, result):
    row.diagnosis = list(result.diagnosis)
    crashed = [s.reason for s in result.steps if s.status == "error"]
    row.error = crashed[0] if crashed else None
    row.score = result.baseline.val_score if result.baseline else None
    row.court = result.cost.proofs
    curves = next((s for s in result.steps if s.name == "learning_curves"), None)
    if curves is not None and not row.group:
        row.chance = curves.evidence.number("baseline_chance") or 0.0
    for found in result.findings:
        if found.rule in row.causes and found.rule in row.diagnosis and found.remedy:
            row.remedy, row.verified = found.remedy.name, found.remedy.verified
            row.before, row.after = found.remedy.before, found.remedy.after
            return


def run(todo, told=lambda *_: None, work=measure, workers=None):
    """All jobs, side by side."""
    rows = []
    context = multiprocessing.get_context("spawn")
    with context.Pool(workers or os.cpu_count(), maxtasksperchild=20) as pool:
        for done in pool.imap_unordered(work, todo):
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


def arguments():
    parser = argparse.ArgumentParser()
    parser.add_argument("--seeds", type=int, default=SEEDS)
    parser.add_argument("--fresh", type=int, default=0, help="seeds more, of healthy runs alone")
    parser.add_argument("--bases", nargs="*", default=[])
    parser.add_argument("--faults", nargs="*", default=[])
    parser.add_argument("--healthy", nargs="*", default=[])
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--rows", type=Path, help="a file that keeps the runs: they go on there")
    parser.add_argument("--known", action="store_true", help="only what --rows holds already")
    parser.add_argument("--workers", type=int, help="runs at once; default: one a core")
    second = parser.add_argument_group("of the second corpus")
    second.add_argument("--corpus", choices=("first", "second"), default="first")
    second.add_argument("--half", choices=("seen", "held-out"), default="seen")
    second.add_argument("--groups", nargs="*", default=[])
    second.add_argument("--sample", type=int, help="so many runs of each group")
    second.add_argument("--fix", action="store_true", help="a second run of faults, with fix")
    return parser.parse_args()


def asked_for(given):
    """The jobs, in an order that leaves a fair sample when it ends early."""
    if given.corpus == "second":
        from scoring import jobs as second_jobs

        todo = list(second_jobs(given.half, given.groups, given.sample))
    else:
        todo = list(jobs(given.seeds, given.bases, given.faults, given.healthy, given.fresh))
    random.Random(0).shuffle(todo)
    return todo


def report(given, rows):
    """The text of the scores; written where that is asked for."""
    if given.corpus == "second":
        from scoring import HALVES, HEAD, board

        kept = HERE / f"second_runs_{given.half}.jsonl"
        text = board(rows, given.half)
        if given.write:
            kept.write_text("".join(map(_line, rows)), "utf-8")
            both = {half: HERE / f"second_runs_{half}.jsonl" for half in HALVES}
            sections = [
                board([Row(**json.loads(line)) for line in _lines(path)], half)
                for half, path in both.items() if path.exists()
            ]  # fmt: skip
            (HERE / "SECOND.md").write_text(HEAD + "\n".join(sections), "utf-8")
        return text
    from board import board

    text = board(rows)
    if given.write:
        (HERE / "SCORES.md").write_text(text, "utf-8")
        ROWS.write_text("".join(map(_line, rows)), "utf-8")
    return text


def main():
    given = arguments()
    todo = asked_for(given)
    commit = head()
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

    work = partial(measure, corpus=given.corpus, fix=given.fix)
    rows = known + (run(todo, told, work, given.workers) if not given.known else [])
    rows.sort(key=lambda r: (r.kind, r.name, r.base, r.seed))
    print(report(given, rows))


if __name__ == "__main__":
    main()
