"""Files of users' for `recipe check`: a healthy one, and what is put into it."""

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import warm

HEALTHY = """\
import torch, torch.nn as nn, torch.nn.functional as F
from torch.utils.data import DataLoader, Dataset, TensorDataset
from recipe import Experiment

g = torch.Generator().manual_seed(0)
X = torch.randn(200, 16, generator=g)
Y = (X @ torch.randn(16, 4, generator=g)).argmax(1)

def mlp(outputs=4, width=64):
    return nn.Sequential(nn.Linear(16, width), nn.ReLU(), nn.Linear(width, outputs))

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.a, self.b = nn.Linear(16, 64), nn.Linear(64, 4)
    def forward(self, x):
        return self.b(F.relu(self.a(x)))

DATA = dict(train=(X[:160], Y[:160]), val=(X[160:], Y[160:]), batch_size=32, epochs=3)
"""


def written(folder: Path, text: str, healthy: str = HEALTHY) -> Path:
    """A file with an experiment."""
    path = folder / "mine.py"
    path.write_text(healthy + text, "utf-8")
    return path


def line_of(path: Path, text: str) -> int:
    """The one line of a file that holds a text."""
    lines = path.read_text("utf-8").splitlines()
    (number,) = [n for n, line in enumerate(lines, 1) if text in line]
    return number


@dataclass
class Ran:
    code: int
    out: str
    err: str


def command(folder: Path, path: Path, *options: str, **environment: str) -> Ran:
    """`recipe check` in a process of its own."""
    if not environment:
        done = warm.run(["check", path, "--no-input", *options], module="recipe", cwd=folder)
        return Ran(done.returncode, done.stdout, done.stderr)
    done = subprocess.run(
        [sys.executable, "-m", "recipe", "check", str(path), "--no-input", *options],
        cwd=folder, env=os.environ | environment, capture_output=True, text=True, timeout=600,
        check=False,
    )  # fmt: skip
    return Ran(done.returncode, done.stdout, done.stderr)


def assert_told(ran: Ran, *words: str) -> None:
    """Exit code 2, and one sentence that has these words."""
    assert ran.code == 2, (ran.out, ran.err)
    told = [line for line in ran.err.splitlines() if line.startswith("Error: ")]
    assert len(told) == 1, ran.err
    assert "Traceback" not in ran.out + ran.err
    for word in words:
        assert word in told[0], (word, told[0])
