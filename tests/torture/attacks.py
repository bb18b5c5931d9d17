"""What the attacks share: a small file of a user's, and commands in processes of their own."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import warm

ROOT = Path(__file__).parents[2]
GOOD = """\
import torch
from torch import nn
from recipe import Experiment
g = torch.Generator().manual_seed(0)
X = torch.randn(200, 4, generator=g)
Y = (X @ torch.randn(4, 3, generator=g)).argmax(1)
def mlp():
    return nn.Sequential(nn.Linear(4, 16), nn.ReLU(), nn.Linear(16, 3))
"""
DECLARED = (
    "experiment = Experiment(model=mlp, train=(X, Y), val=.25, batch_size=25, lr=.1, epochs=3)\n"
)


@dataclass
class Ended:
    code: int
    out: str
    err: str

    @property
    def told(self):
        """Sentences for the user."""
        return [line for line in self.err.splitlines() if line.startswith("Error: ")]


def written(folder, before="", after=DECLARED, name="mine.py"):
    path = folder / name
    path.write_text(GOOD + before + after, "utf-8")
    return path


def command(folder, *args, script=None, env=None, timeout=120, preexec=None):
    """`recipe ARGS`, or a line of a shell in which $RECIPE is the command."""
    if script is None and env is None and preexec is None:
        ran = warm.run(args, module="recipe", cwd=folder)
        return Ended(ran.returncode, ran.stdout, ran.stderr)
    environment = {**os.environ, "PYTHONPATH": f"{ROOT}:{ROOT / 'steps'}", "CI": "", **(env or {})}
    own = [sys.executable, "-m", "recipe"]
    line = [*own, *map(str, args)]
    if script is not None:
        environment["RECIPE"] = " ".join(own)
        line = ["/bin/bash", "-c", script]
    done = subprocess.run(
        line, cwd=folder, env={k: v for k, v in environment.items() if v is not None},
        capture_output=True, timeout=timeout, check=False, preexec_fn=preexec,
        stdin=subprocess.DEVNULL,
    )  # fmt: skip
    return Ended(
        done.returncode, done.stdout.decode(errors="replace"), done.stderr.decode(errors="replace")
    )


def assert_told(ended, *words, code=2):
    """This exit code, and one sentence that has these words."""
    assert ended.code == code, (ended.code, ended.out[-600:], ended.err[-1500:])
    assert len(ended.told) == 1, ended.err[-1500:]
    assert "Traceback" not in ended.out + ended.err, ended.err[-1500:]
    for word in words:
        assert word in ended.told[0], (word, ended.told[0])


def runs(folder):
    return sorted((folder / "reports").glob("*/journal.jsonl"))


def is_finished(journal):
    return any(json.loads(line)["kind"] == "finished" for line in journal.read_text().splitlines())
