"""Whole runs that are killed at random moments and begun again by the same command: they have to
end like one that nobody disturbed.

    python tests/torture/kills.py [--kills 300] [--kinds rows,table]

What was counted is kept in kills_rows.jsonl, by which an interrupted count goes on; held.py makes
HELD.md of it.
"""

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
ROWS = HERE / "kills_rows.jsonl"
SIGNALS = (signal.SIGKILL, signal.SIGKILL, signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
MOST = 300
"""Seconds for one command."""
SOURCE = """\
import torch
from torch import nn
from recipe import Experiment

g = torch.Generator().manual_seed(0)
X = torch.randn(300, 6, generator=g)
Y = (X[:, 0] * X[:, 1] + X[:, 2] > 0).long()
V = (X[:, :1].sin() + X[:, 1:2] * X[:, 2:3]) + 0.1 * torch.randn(300, 1, generator=g)
I = torch.randn(240, 1, 8, 8, generator=g)
J = torch.randint(3, (240,), generator=g)
I[torch.arange(240), 0, J] += 1.5
T = torch.randint(12, (200, 11), generator=g)
for t in range(2, 11):
    T[:, t] = (T[:, t - 1] + T[:, t - 2]) % 12


def mlp(width=6, out=2, *last):
    return nn.Sequential(nn.Linear(width, 24), nn.ReLU(), nn.Linear(24, out), *last)


def cnn():
    return nn.Sequential(nn.Conv2d(1, 8, 3), nn.ReLU(), nn.Dropout(0.2), nn.Flatten(),
                         nn.Linear(288, 3))


class Words(nn.Module):
    def __init__(self):
        super().__init__()
        self.words, self.read = nn.Embedding(12, 16), nn.GRU(16, 24, batch_first=True)
        self.next = nn.Linear(24, 12)

    def forward(self, x):
        return self.next(self.read(self.words(x))[0])


rows = Experiment(model=mlp, train=(X, Y), val=.25, test=(X[:60], Y[:60]), lr=.1, epochs=4)
values = Experiment(model=lambda: mlp(6, 1), train=(X, V), val=.25, task="regression", lr=.05, epochs=4,
                    optimizer="adam")
images = Experiment(model=cnn, train=(I, J), val=.25, lr=.05, epochs=4,
                    augment=lambda x: x + 0.1 * torch.randn_like(x))
tokens = Experiment(model=Words, train=(T[:, :-1], T[:, 1:].contiguous()), val=.25, lr=1e-2,
                    epochs=4, optimizer="adamw")
softmax = Experiment(model=lambda: mlp(6, 2, nn.Softmax(1)), train=(X, Y), val=.25, lr=.1,
                     epochs=4)
"""
COMMON = ("--no-input", "--device", "cpu", "--exact", "--budget", "20epochs", "--again")
"""Of all kinds; `--again`, since a command that was killed behind its last line is begun anew, and
would find the test data used."""
KINDS = {
    "rows": ("run", "mine.py:rows", "--ensemble", "2"),
    "values": ("run", "mine.py:values", "--search", "random"),
    "images": ("run", "mine.py:images"),
    "tokens": ("run", "mine.py:tokens"),
    "table": ("run", "--data", "table.csv", "--target", "y"),
    "repair": ("run", "mine.py:softmax", "--fix"),
}
"""The commands, by kind of run."""
TIMES = ("seconds", "proofs", "out", "folder", "created", "started", "finished", "left_out")


@dataclass
class Row:
    """One run: its kills, and whether it ended as it should."""

    kind: str
    seed: int
    signals: list[str]
    moments: list[float]
    held: bool
    why: str = ""


def prepared(folder: Path) -> None:
    """The files of a user."""
    (folder / "mine.py").write_text(SOURCE)
    draw = random.Random(0)
    lines = ["a,b,colour,y"]
    for _ in range(300):
        a, b, colour = draw.gauss(0, 1), draw.random(), draw.choice(["red", "green", "blue"])
        lines.append(f"{a:.4f},{b:.4f},{colour},{'yes' if a + (colour == 'red') > 0.3 else 'no'}")
    (folder / "table.csv").write_text("\n".join(lines) + "\n")


def begun(folder: Path, kind: str) -> subprocess.Popen:
    """The command, in a session of its own."""
    paths = os.pathsep.join([str(ROOT), str(ROOT / "steps")])
    environment = {
        **os.environ, "PYTHONPATH": paths, "OMP_NUM_THREADS": "1", "CI": "",
        "XDG_CACHE_HOME": str(folder / "cache"),
    }  # fmt: skip
    command = [sys.executable, "-m", "recipe", *KINDS[kind], *COMMON]
    with (folder / "said").open("ab") as said:
        return subprocess.Popen(command, cwd=folder, env=environment, stdin=subprocess.DEVNULL,
                                stdout=said, stderr=said, start_new_session=True)  # fmt: skip


def killed(folder: Path, kind: str, after: float, number: signal.Signals, *, whole: bool) -> bool:
    """Whether the command was still at work when the signal came; it has gone afterwards."""
    process = begun(folder, kind)
    try:
        process.wait(after)
    except subprocess.TimeoutExpired:
        (os.killpg if whole else os.kill)(process.pid, number)
        process.wait(60)
        return True
    return False


def ended(folder: Path, kind: str) -> tuple[int, object, bytes]:
    """The command to its end: exit code, result without times, and weights."""
    process = begun(folder, kind)
    code = process.wait(MOST)
    folders = sorted(path.parent for path in (folder / "reports").glob("*/journal.jsonl"))
    left = [each for each in folders if not _is_finished(each)]
    if left or not folders:
        return code, f"{len(folders)} run folders, unfinished: {len(left)}", b""
    # A command that was killed after its last line had finished: the next one began a new run.
    ends = [_end(each) for each in folders]
    if any(end != ends[0] for end in ends):
        return code, "two runs that ended differently", b""
    return code, *ends[0]


def _is_finished(run: Path) -> bool:
    kinds = [json.loads(line)["kind"] for line in (run / "journal.jsonl").read_text().splitlines()]
    return "finished" in kinds and (run / "result.json").exists()


def _end(run: Path) -> tuple[object, bytes]:
    weights = run / "best.safetensors"
    result = json.loads((run / "result.json").read_text())
    return without_times(result), weights.read_bytes() if weights.exists() else b""


def without_times(value: object) -> object:
    if isinstance(value, dict):
        return {k: without_times(v) for k, v in value.items() if k not in TIMES}
    return [without_times(item) for item in value] if isinstance(value, list) else value


def undisturbed(kind: str) -> tuple[float, tuple[int, object, bytes]]:
    """Seconds of a run that nobody disturbs, and how it ends."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        prepared(folder)
        start = time.monotonic()
        end = ended(folder, kind)
        return time.monotonic() - start, end


def attacked(kind: str, seed: int, takes: float, expected: tuple[int, object, bytes]) -> Row:
    """One run with one to three kills."""
    draw = random.Random(f"{kind} {seed}")
    signals, moments = [], []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        prepared(folder)
        for _ in range(draw.randint(1, 3)):
            number, moment = draw.choice(SIGNALS), draw.uniform(0.05, 1) * takes
            whole = draw.random() < 0.5
            if killed(folder, kind, moment, number, whole=whole):
                signals.append(number.name + (" to all" if whole else ""))
                moments.append(round(moment, 2))
        try:
            found = ended(folder, kind)
        except subprocess.TimeoutExpired:
            return Row(kind, seed, signals, moments, False, f"no end within {MOST} s")
        why = _difference(expected, found)
        if why:
            why += " | " + (folder / "said").read_text(errors="replace")[-600:]
    return Row(kind, seed, signals, moments, not why, why)


def _difference(expected: tuple, found: tuple) -> str:
    names = ("exit code", "result", "weights")
    for name, one, other in zip(names, expected, found, strict=True):
        if one != other:
            return f"another {name}{_place(one, other)}"
    return ""


def _place(one: object, other: object, path: str = "") -> str:
    """Where two results differ first."""
    if isinstance(one, dict) and isinstance(other, dict):
        keys = [k for k in {**one, **other} if one.get(k) != other.get(k)]
        return _place(one.get(keys[0]), other.get(keys[0]), f"{path}.{keys[0]}")
    if isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        first = next(i for i in range(len(one)) if one[i] != other[i])
        return _place(one[first], other[first], f"{path}[{first}]")
    return f" at {path or 'the top'}: {str(one)[:120]} / {str(other)[:120]}"


def known() -> list[Row]:
    """What was counted before."""
    lines = ROWS.read_text().splitlines() if ROWS.exists() else []
    return [Row(**json.loads(line)) for line in lines]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=300)
    parser.add_argument("--kinds", default=",".join(KINDS))
    given = parser.parse_args()
    rows = (
        [Row(**json.loads(line)) for line in ROWS.read_text().splitlines()] if ROWS.exists() else []
    )
    kinds = given.kinds.split(",")
    whole: dict[str, tuple[float, tuple[int, object, bytes]]] = {}
    while sum(len(row.signals) for row in rows) < given.kills:
        kind = min(kinds, key=lambda kind: sum(row.kind == kind for row in rows))
        if kind not in whole:
            whole[kind] = undisturbed(kind)
            print(kind, f"{whole[kind][0]:.1f} s", whole[kind][1][0], flush=True)
        row = attacked(kind, sum(row.kind == kind for row in rows), *whole[kind])
        rows.append(row)
        with ROWS.open("a") as kept:
            kept.write(json.dumps(asdict(row)) + "\n")
        print("ok" if row.held else "--", row, flush=True)


if __name__ == "__main__":
    main()
