"""A runner in a folder of its own, over a small experiment."""

from dataclasses import replace

import torch
from torch import nn

from recipe import Experiment
from recipe.core.budget import Meter
from recipe.data.splitting import load_splits
from recipe.notebook.journal import Journal
from recipe.search.checkpoints import Checkpoints
from recipe.search.open_trial import TrialSpec
from recipe.search.runner import Runner

CPU = torch.device("cpu")


def make(width=16):
    if width == 13:
        raise RuntimeError("an unlucky width")
    return nn.Sequential(
        nn.Linear(4, width), nn.ReLU(), nn.Dropout(0.2), nn.Linear(width, width), nn.ReLU(),
        nn.Linear(width, 3),
    )  # fmt: skip


def cloud(n, seed):
    source = torch.Generator().manual_seed(seed)
    x = torch.randn(n, 4, generator=source)
    noise = torch.randn(n, 3, generator=source)
    return x, (x[:, :3] * torch.tensor([1.0, -2.0, 1.0]) + noise).argmax(1)


EXPERIMENT = Experiment(
    model=make, train=cloud(192, 0), val=cloud(100, 1), batch_size=32, epochs=6, weight_decay=0.0,
    schedule="cosine",
)  # fmt: skip
RATES = (1e-4, 1e-3, 1e-2, 3e-2, 1e-1)


def specs(*rates, **params):
    cells = [{"lr": lr, **params} for lr in rates]
    return [TrialSpec(cell, EXPERIMENT.with_params(cell)) for cell in cells]


class Lab:
    """A runner in a folder, and what it told and trained."""

    def __init__(self, folder, seed=0):
        folder.mkdir(exist_ok=True)
        self.told, self.progress, self.fits = [], [], 0
        self.runner = Runner(
            journal=(journal := Journal(folder)), folder=folder,
            checkpoints=Checkpoints(journal, folder), data=load_splits(EXPERIMENT, CPU, 0),
            device=CPU, seed=seed, fingerprint="f", meter=Meter(),
            on_trial=lambda trial, reused: self.told.append((trial, reused)),
            progress=lambda done, total, what, loss: self.progress.append((done, total, what)),
        )  # fmt: skip
        fit = self.runner.fit

        def counted(experiment, compared_after=()):
            self.fits += 1
            return fit(experiment, compared_after)

        self.runner.fit = counted

    def run(self, given, halving=None, step="grid", round_=1, **more):
        return self.runner.run(step, round_, given, halving, **more)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.runner.journal.close()

    @property
    def kept(self):
        return sorted(p.stem for p in self.runner.folder.glob("checkpoints/*.safetensors"))


def timeless(trials):
    return [replace(trial, seconds=0.0) for trial in trials]
