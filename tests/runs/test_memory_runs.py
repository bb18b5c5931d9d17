"""Runs in which memory runs out: by a model that says so, and by a limit on the address space."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from torch import nn

from lab import RATES, Lab, specs
from recipe import Experiment
from recipe.core.errors import UsageError
from recipe.core.events import Message
from recipe.core.settings import resolve
from recipe.engine.run_execution import execute
from recipe.search import fused_executor
from recipe.speed.fused_training import FusedTraining
from recipe.training.execution_mode import ExecutionMode
from tiny import blobs

ROOT = Path(__file__).parents[2]
GRID = {"only": ("coarse_grid",), "exact": True, "device": "cpu"}


class Limited(nn.Module):
    most: int | None = None

    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(2, 16), nn.ReLU(), nn.Linear(16, 3))

    def forward(self, x):
        if self.most is not None and len(x) > self.most:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB.")
        return self.body(x)


def experiment(most, **fields):
    kind = type("Limited", (Limited,), {"most": most, "__module__": __name__})
    return Experiment(
        model=kind, train=blobs(), batch_size=32, lr=0.05, epochs=3, name="limited", **fields
    )


def run(folder, declared):
    heard = []
    settings = resolve({**GRID, "out": folder})
    result = execute(declared, settings, observe=heard.append)
    return result, [e.text for e in heard if isinstance(e, Message) and "emory ran out" in e.text]


def scores(result):
    return [(trial.params, trial.status, trial.val_score) for trial in result.trials]


def test_a_run_ends_as_with_the_smaller_parts(tmp_path):
    limited, said = run(tmp_path / "limited", experiment(9))
    declared, silent = run(tmp_path / "declared", experiment(None, accumulate=4))
    whole, _ = run(tmp_path / "whole", experiment(None))
    assert limited.verdict == declared.verdict != "fail"
    assert scores(limited) == scores(declared) == scores(whole)
    assert limited.best.val_score == declared.best.val_score
    (sentence,) = said
    assert sentence == (
        "Memory ran out at a batch of 32: it goes through the model in 4 parts of 8, whose "
        "gradients are added up, so the updates stay the same."
    )
    assert not silent
    journal = next((tmp_path / "limited").glob("*/journal.jsonl")).read_text("utf-8")
    assert '"status": "failed"' not in journal
    assert "out of memory" not in journal


def test_what_no_part_helps_is_tried_again_by_the_next_run(tmp_path, monkeypatch):
    declared = experiment(None)
    monkeypatch.setattr(declared.model, "most", 0)
    with pytest.raises(UsageError, match=r"Every trial failed.*memory ran out") as raised:
        run(tmp_path, declared)
    assert "Tried to allocate" not in str(raised.value)
    monkeypatch.setattr(declared.model, "most", None)  # somebody else's program has ended
    again, _ = run(tmp_path, declared)
    assert len(list(tmp_path.iterdir())) == 1, "it goes on in the same folder"
    assert all(trial.status != "failed" for trial in again.trials)


def test_fused_trials_get_fewer_where_memory_runs_out(tmp_path, monkeypatch):
    widths = []

    class Narrow(FusedTraining):
        def epoch(self, pause=None):
            widths.append(self.count)
            if self.count > 2:
                raise torch.OutOfMemoryError("CUDA out of memory")
            return super().epoch(pause)

    with Lab(tmp_path / "wide") as lab:
        lab.runner._mode = ExecutionMode(sharing="fused", width=64)
        wide = lab.run(specs(*RATES))
    monkeypatch.setattr(fused_executor, "FusedTraining", Narrow)
    said = []
    with Lab(tmp_path / "narrow") as lab:
        lab.runner._mode = ExecutionMode(sharing="fused", width=64)
        lab.runner.say = said.append
        narrow = lab.run(specs(*RATES))
        assert lab.runner.meter.epochs == sum(trial.epochs for trial in narrow)
    assert widths[:3] == [5, 3, 2]
    assert [t.val_score for t in narrow] == pytest.approx([t.val_score for t in wide], abs=0.011)
    assert all(t.status in ("finished", "stopped") for t in narrow)
    assert said == [
        "Memory ran out with 5 trials as one model: 3 at a time.",
        "Memory ran out with 3 trials as one model: 2 at a time.",
    ]


LIMITED_SPACE = """
import resource, sys, torch
from torch import nn
from recipe import Experiment
from recipe.core.settings import resolve
from recipe.core.events import Message
from recipe.engine.run_execution import execute

class Wide(nn.Module):
    def __init__(self):
        super().__init__()
        self.first, self.last = nn.Linear(8, 1 << 17), nn.Linear(1 << 17, 2)
    def forward(self, x):
        return self.last(torch.relu(self.first(x)) * 1.0)

source = torch.Generator().manual_seed(0)
x = torch.randn(512, 8, generator=source)
declared = Experiment(model=Wide, train=(x, (x[:, 0] > 0).long()), batch_size=256, lr=0.001,
                      epochs=1, name="space", accumulate=int(sys.argv[3]))
torch.nn.functional.linear(x, torch.zeros(4, 8)).relu().sum()
import optuna, sklearn, scipy.linalg, PIL.Image, matplotlib.backends.backend_agg
import matplotlib.pyplot, recipe_steps.coarse_grid, recipe.report.write, recipe.report.plots
PIL.Image.init()
torch.ones(8, 8, requires_grad=True).sum().backward()  # its threads have their memory
if sys.argv[2] != "none":
    used = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
    limit = used + (int(sys.argv[2]) << 20)
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
said = []
result = execute(declared, resolve({"only": ("coarse_grid",), "exact": True, "device": "cpu",
                 "budget": "3epochs", "out": sys.argv[1]}),
                 observe=lambda e: said.append(e.text) if isinstance(e, Message) else None)
import json
print(json.dumps({"verdict": result.verdict,
                  "scores": [[t.status, t.val_score] for t in result.trials],
                  "said": [s for s in said if "emory ran" in s]}))
"""


def in_space(folder, space, parts=1):
    done = subprocess.run(
        [sys.executable, "-c", LIMITED_SPACE, str(folder), str(space), str(parts)],
        capture_output=True, text=True, cwd=ROOT, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.skipif(sys.platform != "linux", reason="needs a limit on the address space")
def test_a_real_allocation_that_fails(tmp_path):
    limited = in_space(tmp_path / "limited", 600)
    assert limited["said"], limited
    assert limited["said"][0].startswith("Memory ran out at a batch of 256")
    free = in_space(tmp_path / "free", "none", 8)
    assert limited["scores"] == free["scores"]
    assert limited["scores"][0][0] != "failed"
