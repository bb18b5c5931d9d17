"""Whole runs of a sweep by the command line, and what they leave: for runs that differ only in where
their trials are trained.
"""

import hashlib
import json
import os
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

from children import interruptible, remember

ROOT = Path(__file__).parents[2]
DIGITS = """
import torch
from sklearn.datasets import load_digits
from torch import nn
from recipe import Experiment, scientific

x, y = load_digits(return_X_y=True)
x, y = torch.tensor(x, dtype=torch.float32) / 16, torch.tensor(y)


def mlp(dropout=0.0):
    return nn.Sequential(nn.Linear(64, 64), nn.ReLU(), nn.Dropout(dropout), nn.Linear(64, 10))


rates = [round(0.04 * k, 2) for k in range(8)]
experiment = Experiment(model=mlp, train=(x[:1200], y[:1200]), val=(x[1200:], y[1200:]),
                        batch_size=64, epochs=4, space={"dropout": scientific(rates)})
"""
"""More than 32 trials."""
CIFAR = """
import os
from pathlib import Path
import numpy as np
import torch
from PIL import Image
from torch import nn
from recipe import Experiment

DATA = Path(os.environ["RECIPE_TEST_DATA"]) / "cifar10"


def split(part, each):
    files = [(f, k) for k, name in enumerate(sorted(os.listdir(DATA / part)))
             for f in sorted((DATA / part / name).iterdir())[:each]]
    x = torch.stack([torch.from_numpy(np.array(Image.open(f).convert("RGB"))) for f, _ in files])
    return x.permute(0, 3, 1, 2).float() / 255 - 0.5, torch.tensor([k for _, k in files])


def cnn():
    return nn.Sequential(nn.Conv2d(3, 8, 3), nn.ReLU(), nn.MaxPool2d(4), nn.Flatten(),
                         nn.Linear(8 * 7 * 7, 10))


experiment = Experiment(model=cnn, train=split("train", 60), val=split("val", 30), batch_size=32,
                        epochs=3)
"""
FAULTY = DIGITS.replace("nn.Linear(64, 10))", "nn.Linear(64, 10), nn.Softmax(1))").replace(
    ', space={"dropout": scientific(rates)}', ""
)
"""A softmax before the cross-entropy, which `--fix` takes away."""
SWEEPS = {
    "faulty": (FAULTY, ["--fix", "--until", "refine_grid", "--exact"]),
    "digits": (DIGITS, ["--budget", "600epochs", "--until", "refine_grid", "--exact"]),
    "cifar": (CIFAR, ["--until", "refine_grid", "--exact"]),
}
LEFT_OUT = {"seconds", "proofs", "devices", "ray", "out", "worker_timeout"}
"""Times, and where it was trained."""


def command(name, *more):
    return [
        sys.executable,
        "-m",
        "recipe",
        "run",
        f"{name}.py",
        "--no-input",
        *SWEEPS[name][1],
        *more,
    ]


def environment(data=None):
    paths = [str(ROOT), str(ROOT / "steps"), *filter(None, [os.environ.get("PYTHONPATH")])]
    more = {} if data is None else {"RECIPE_TEST_DATA": str(data)}
    return {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": os.pathsep.join(paths), **more}


def begin(folder, name, *more, data=None):
    """A run of a sweep in a folder of its own; its output goes to log.txt there."""
    folder.mkdir(exist_ok=True, parents=True)
    (folder / f"{name}.py").write_text(SWEEPS[name][0], "utf-8")
    with (folder / "log.txt").open("w", encoding="utf-8") as log:
        process = subprocess.Popen(
            command(name, *more), cwd=folder, stdout=log, stderr=subprocess.STDOUT,
            env=environment(data), preexec_fn=interruptible, start_new_session=True,
        )  # fmt: skip
    remember(process.pid)
    return process


def run(folder, name, *more, data=None):
    """What a whole run of a sweep leaves."""
    code = begin(folder, name, *more, data=data).wait(600)
    assert code in (0, 1), (folder / "log.txt").read_text("utf-8")  # 1 where a fault was repaired
    return left(folder)


def left(folder):
    """The result without times, as text, and its weights."""
    (path,) = folder.glob("reports/*/result.json")
    result = json.dumps(_plain(json.loads(path.read_text("utf-8"))), indent=1)
    best = hashlib.sha256((path.parent / "best.safetensors").read_bytes()).hexdigest()
    return result, best, sorted(file.name for file in path.parent.glob("checkpoints/*"))


def trials(folder):
    """How many trials the journal of the run in `folder` holds."""
    found = 0
    for path in folder.glob("reports/*/journal.jsonl"):
        with suppress(OSError):
            found = path.read_text("utf-8", "replace").count('"trial"')
    return found


def _plain(value):
    if isinstance(value, dict):
        return {key: _plain(each) for key, each in value.items() if key not in LEFT_OUT}
    return [_plain(each) for each in value] if isinstance(value, list) else value
