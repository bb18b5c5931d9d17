"""What has to hold on a GPU before its speed matters. Each check returns the numbers that it saw."""

import gc
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
import weakref
from pathlib import Path

import torch
from samples import ROOT, cnn, experiment, images, mlp, rows, splits
from torch import nn

from recipe.machine.out_of_memory import give_back, told_of_parts
from recipe.speed.fused_training import FusedTraining
from recipe.training.execution_mode import PLAIN
from recipe.training.loop import Training

CPU = torch.device("cpu")
CLOSE = {"mlp": 1e-4, "cnn": 5e-3}
"""Relative difference of losses between a processor and a GPU after a few updates; convolutions
have fewer digits there by default (TF32)."""


def course(model, data, device, **given):
    made = experiment(model, **given)
    training = Training(made, splits(data, device), seed=0, device=device)
    return [loss for epoch in training.epochs() for loss in epoch.losses], training


def furthest(one, other):
    return max(abs(a - b) / abs(b) for a, b in zip(one, other, strict=True))


def processor_and_device(device, quick):
    """The same losses on a processor and on the device."""
    n = 256 if quick else 2048
    found = {}
    for name, model, data in (("mlp", mlp, rows(n)), ("cnn", cnn, images(n))):
        here, _ = course(model, data, CPU)
        there, _ = course(model, data, device)
        found[name] = furthest(there, here)
        assert found[name] <= CLOSE[name], f"{name}: losses differ by {found[name]:.1e}"
    return found


def fused_and_single(device, quick):
    """Trials trained as one model have the losses that each has by itself."""
    found = {}
    for name, model, data in (("mlp", mlp, rows(512)), ("cnn", cnn, images(256))):
        rates = (0.001, 0.01, 0.03) if quick else (0.001, 0.003, 0.01, 0.03, 0.1)
        given = {"batch_size": 64, "epochs": 1}
        fused = FusedTraining(
            [experiment(model, **{**given, "lr": lr}) for lr in rates], splits(data, device),
            seed=0, device=device, mode=PLAIN,
        )  # fmt: skip
        together = [epoch.losses for epoch in fused.epoch()]
        apart = [course(model, data, device, **{**given, "lr": lr})[0] for lr in rates]
        found[name] = max(map(furthest, together, apart))
        assert found[name] <= 5e-3, f"{name}: losses differ by {found[name]:.1e}"
    return found


def dropout_fused(device, quick):
    """Dropout draws other masks in fused trials on a GPU: their losses agree as means alone."""

    def model():
        return nn.Sequential(nn.Linear(64, 64), nn.ReLU(), nn.Dropout(0.3), nn.Linear(64, 10))

    n = 1024 if quick else 4096
    made = [experiment(model, epochs=1, lr=0.01)] * 4
    fused = FusedTraining(made, splits(rows(n), device), seed=0, device=device, mode=PLAIN)
    together = [sum(e.losses) / len(e.losses) for e in fused.epoch()]
    alone, _ = course(model, rows(n), device, epochs=1)
    mean = sum(alone) / len(alone)
    found = max(abs(each - mean) / mean for each in together)
    assert found <= 0.05, f"mean losses differ by {found:.1e}"
    return {"mean": found}


def pause_and_go_on(device, quick):
    """A training that pauses within an epoch ends like one that does not, also parked meanwhile."""
    data = splits(images(256 if quick else 1024), device)
    made = experiment(cnn, epochs=2, optimizer="adamw")
    whole = Training(made, data, seed=0, device=device)
    expected = [loss for epoch in whole.epochs() for loss in epoch.losses]
    paused = Training(made, data, seed=0, device=device)
    paused.epoch(2)
    torch.randn(5, device=device)
    losses = [loss for epoch in paused.epochs() for loss in epoch.losses]
    worst = furthest(losses, expected)
    assert worst <= (0 if device.type == "cpu" else 1e-3), f"losses differ by {worst:.1e}"
    return {"difference": worst}


def killed_and_resumed(device, quick):
    """A run that is killed in its grid, and begun again, ends like one that is not."""
    with tempfile.TemporaryDirectory() as folder:
        whole = _finished(_command(device, Path(folder) / "whole", quick))
        out = Path(folder) / "killed"
        process = subprocess.Popen(
            _command(device, out, quick), cwd=ROOT, env=_environment(), start_new_session=True,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        _wait_for_trial(out, process)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        resumed = _finished(_command(device, out, quick))
    assert whole.keys() == resumed.keys(), "other trials"
    worst = max((abs(whole[k] - resumed[k]) for k in whole), default=0.0)
    assert worst <= (0 if device.type == "cpu" else 0.05), f"scores differ by {worst}"
    return {"trials": len(whole), "difference": worst}


def _command(device, out, quick):
    epochs = "2" if quick else "6"
    return [
        sys.executable, "-m", "recipe", "run", "digits", "--no-input", "--device", device.type,
        "--epochs", epochs, "--until", "coarse_grid", "--out", str(out), "--verify-budget", "off",
    ]  # fmt: skip


def _environment():
    return {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "steps")])}


def _finished(command):
    done = subprocess.run(command, cwd=ROOT, env=_environment(), capture_output=True, check=False)
    assert done.returncode in {0, 1}, done.stderr.decode()[-500:]
    (file,) = Path(command[command.index("--out") + 1]).glob("*/result.json")
    result = json.loads(file.read_text("utf-8"))
    return {t["key"]: t["val_score"] for t in result["trials"] if t["val_score"] is not None}


def _wait_for_trial(out, process):
    end = time.monotonic() + 120
    while process.poll() is None and time.monotonic() < end:
        journals = list(out.glob("*/journal.jsonl"))
        if journals and '"trial"' in journals[0].read_text("utf-8", "replace"):
            return
        time.sleep(0.02)


class Limited(nn.Module):
    """On a processor, where memory does not run out: as if it did beyond so many items."""

    most = 16

    def __init__(self):
        super().__init__()
        self.first, self.last = nn.Linear(64, 64), nn.Linear(64, 10)

    def forward(self, x):
        if len(x) > self.most:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return self.last(torch.relu(self.first(x)))


class Wide(nn.Module):
    def __init__(self):
        super().__init__()
        self.first, self.last = nn.Linear(64, 1 << 16), nn.Linear(1 << 16, 10)

    def forward(self, x):
        return self.last(torch.relu(self.first(x)) * 1.0)


def out_of_memory(device, quick):
    """At 2 and at 8 GB a batch that does not fit goes in parts, with the losses of those parts."""
    found = {}
    for gigabytes in (2,) if quick else (2, 8):
        model, size = (Limited, 64) if device.type == "cpu" else (Wide, gigabytes << 12)
        data = rows(2 * size)
        _limit(device, gigabytes)
        try:
            said = []
            with told_of_parts(said.append):
                losses, training = course(model, data, device, batch_size=size, epochs=1)
            parts = training.passes.parts
            del training
            give_back(device)
            expected, _ = course(model, data, device, batch_size=size, epochs=1, accumulate=parts)
        finally:
            _limit(device, None)
            give_back(device)
        assert parts > 1, f"{gigabytes} GB: the batch went through whole"
        assert said, "nobody was told"
        found[f"parts at {gigabytes} GB"] = parts
        found[f"difference at {gigabytes} GB"] = furthest(losses, expected)
        assert found[f"difference at {gigabytes} GB"] <= 1e-4
    return found


def _limit(device, gigabytes):
    if device.type == "cuda":
        whole = torch.cuda.get_device_properties(device).total_memory
        share = 1.0 if gigabytes is None else min(1.0, gigabytes * 2**30 / whole)
        torch.cuda.set_per_process_memory_fraction(share)


FAULTY = """
import sys
import torch
from torch import nn
import recipe
from recipe import Experiment

kind, device, out = sys.argv[1:]
x = torch.randn(200, 6)
y = (x[:, 0] > 0).long()
model, loss, task = (lambda: nn.Linear(6, 2)), None, "classification"
if kind == "labels out of range":
    y, loss = y + 1, nn.CrossEntropyLoss()
elif kind == "too small an embedding":
    x = torch.randint(12, (200, 6))
    model = lambda: nn.Sequential(nn.Embedding(9, 4), nn.Flatten(), nn.Linear(24, 2))
else:
    model, loss, task = (lambda: nn.Linear(6, 1)), nn.BCELoss(), "binary"
    y = y.float()[:, None]
experiment = Experiment(model=model, train=(x, y), loss=loss, task=task, epochs=2)
found = []
try:
    result = recipe.run(experiment, device=device, out=out, until="initial_loss")
    found = [f.rule for f in result.findings if f.severity in ("fail", "warn")]
except recipe.UsageError as error:
    found = [str(error)]
torch.ones(1, device=device).add_(1).item()
assert found, "nothing was found"
print(found[0])
"""


def faults(device, quick):
    """Faults that end a context on a GPU are found, and leave it working."""
    found = {}
    for kind in ("labels out of range", "too small an embedding", "probabilities of logits"):
        with tempfile.TemporaryDirectory() as out:
            done = subprocess.run(
                [sys.executable, "-c", FAULTY, kind, device.type, out], cwd=ROOT,
                env=_environment(), capture_output=True, text=True, check=False,
            )  # fmt: skip
        assert not done.returncode, f"{kind}: {done.stderr[-500:]}"
        found[kind] = done.stdout.strip().splitlines()[-1][:80]
        if quick:
            break
    return found


def memory_is_flat(device, quick):
    """Thirty trials, one after another, take no more memory than five."""
    trials, alive = (8 if quick else 30), []
    sizes = []
    data = rows(512)
    for number in range(trials):
        _, training = course(mlp, data, device, lr=0.01 * (1 + number % 3), epochs=1)
        alive.append(weakref.ref(training.model))
        del training
        gc.collect()
        sizes.append(torch.cuda.memory_allocated(device) if device.type == "cuda" else 0)
    kept = sum(model() is not None for model in alive)
    assert not kept, f"{kept} models are alive still"
    grown = sizes[-1] - sizes[4]
    assert grown <= 1 << 20, f"{grown} bytes more"
    return {"trials": trials, "bytes more": grown}


CHECKS = (
    processor_and_device, fused_and_single, dropout_fused, pause_and_go_on, out_of_memory,
    memory_is_flat, faults, killed_and_resumed,
)  # fmt: skip
