"""Variations that nothing was fitted to: written first, looked at once (HELD_OUT.md has the figure)."""

import pytest
from user_files import Ran, assert_told, line_of, written

from recipe.testing import judge_scalars, measure
from recipe_steps.inspect import Inspect
from step_samples import blob_experiment

FAULTS = {
    "a function that works in place": (
        "class M(Net):\n"
        "    def forward(self, x):\n"
        "        h = torch.tanh(self.a(x))\n"
        "        torch.relu_(h)\n"
        "        return self.b(h)\n"
        "experiment = Experiment(model=M, **DATA)",
        "torch.relu_(h)", ("write 'h = torch.relu(h)'",),
    ),
    "a mask that is written": (
        "class M(Net):\n"
        "    def forward(self, x):\n"
        "        h = torch.sigmoid(self.a(x))\n"
        "        h.masked_fill_(h < 0.2, 0.0)\n"
        "        return self.b(h)\n"
        "experiment = Experiment(model=M, **DATA)",
        "h.masked_fill_", ("h = h.masked_fill(h < 0.2, 0.0)",),
    ),
    "weights that forward changes": (
        "class M(Net):\n"
        "    def forward(self, x):\n"
        "        if self.training: self.a.weight.mul_(0.9)\n"
        "        return super().forward(x)\n"
        "experiment = Experiment(model=M, **DATA)",
        "mul_(0.9)", ("no_grad",),
    ),
    "sparse gradients under Adam": (
        "T = torch.randint(0, 20, (200, 6), generator=g)\n"
        "class M(nn.Module):\n"
        "    def __init__(self):\n"
        "        super().__init__()\n"
        "        self.e, self.o = nn.Embedding(20, 8, sparse=True), nn.Linear(48, 2)\n"
        "    def forward(self, t): return self.o(self.e(t).flatten(1))\n"
        "y = (T.sum(1) > 57).long()\n"
        "experiment = Experiment(model=M, optimizer='adam', **{**DATA, 'train': (T[:160], y[:160]), "
        "'val': (T[160:], y[160:])})",
        "def forward(self, t)", ("Adam", "SparseAdam", "sparse=False"),
    ),
    "whole numbers into a layer": (
        "class M(Net):\n"
        "    def forward(self, x):\n"
        "        return self.b(self.a(x.long()))\n"
        "experiment = Experiment(model=M, **DATA)",
        "x.long()", ("type",),
    ),
    "an index that the embedding lacks": (
        "T = torch.randint(0, 20, (200, 6), generator=g)\n"
        "class M(nn.Module):\n"
        "    def __init__(self):\n"
        "        super().__init__()\n"
        "        self.e, self.o = nn.Embedding(10, 8), nn.Linear(48, 2)\n"
        "    def forward(self, t): return self.o(self.e(t).flatten(1))\n"
        "y = (T.sum(1) > 57).long()\n"
        "experiment = Experiment(model=M, **{**DATA, 'train': (T[:160], y[:160]), "
        "'val': (T[160:], y[160:])})",
        "def forward(self, t)", ("num_embeddings",),
    ),
    "a class without forward": (
        "class M(nn.Module):\n"
        "    def __init__(self):\n"
        "        super().__init__()\n"
        "        self.a = nn.Linear(16, 4)\n"
        "experiment = Experiment(model=M, **DATA)",
        "", ("forward",),
    ),
    "a metric that returns nothing": (
        "def metric(outputs, y):\n"
        "    (outputs.argmax(1) == y).float().mean()\n"
        "experiment = Experiment(model=mlp, metric=metric, **DATA)",
        "", ("metric", "one number"),
    ),
    "an optimizer function that returns nothing": (
        "def make(params, lr, weight_decay):\n"
        "    torch.optim.SGD(params, lr)\n"
        "experiment = Experiment(model=mlp, optimizer=make, **DATA)",
        "", ("optimizer function returned NoneType",),
    ),
    "an augmentation that returns nothing": (
        "def augment(x):\n"
        "    x + 1\n"
        "experiment = Experiment(model=mlp, augment=augment, **DATA)",
        "", ("augment",),
    ),
    "a factory with an argument": (
        "def make(width): return mlp(width=width)\n"
        "experiment = Experiment(model=make, **DATA)",
        "", ("factory", "width"),
    ),
    "quit in a data set": (
        "class D(Dataset):\n"
        "    def __len__(self): return 160\n"
        "    def __getitem__(self, i):\n"
        "        if i == 40: quit()\n"
        "        return X[i], int(Y[i])\n"
        "experiment = Experiment(model=mlp, **{**DATA, 'train': D()})",
        "quit()", ("SystemExit",),
    ),
    "the end of a generator in a loss": (
        "def loss(outputs, y):\n"
        "    raise GeneratorExit\n"
        "experiment = Experiment(model=mlp, loss=loss, **DATA)",
        "raise GeneratorExit", ("GeneratorExit",),
    ),
    "arguments of a command line": (
        "import argparse\n"
        "parser = argparse.ArgumentParser()\n"
        "parser.add_argument('--rate', required=True)\n"
        "args = parser.parse_args()\n"
        "experiment = Experiment(model=mlp, **DATA)",
        "parser.parse_args()", ("SystemExit",),
    ),
    "a function with too many gradients": (
        "class Double(torch.autograd.Function):\n"
        "    @staticmethod\n"
        "    def forward(ctx, x): return x * 2\n"
        "    @staticmethod\n"
        "    def backward(ctx, grad): return grad, grad\n"
        "class M(Net):\n"
        "    def forward(self, x): return self.b(Double.apply(self.a(x)))\n"
        "experiment = Experiment(model=M, **DATA)",
        "", ("gradients",),
    ),
    "numpy in forward": (
        "class M(Net):\n"
        "    def forward(self, x):\n"
        "        return self.b(torch.from_numpy(self.a(x).numpy()))\n"
        "experiment = Experiment(model=M, **DATA)",
        "self.a(x).numpy()", ("numpy",),
    ),
    "an assertion in training mode": (
        "class M(Net):\n"
        "    def forward(self, x):\n"
        "        assert not self.training, 'never'\n"
        "        return super().forward(x)\n"
        "experiment = Experiment(model=M, **DATA)",
        "assert not self.training", ("never",),
    ),
    "a length in words": (
        "class D(Dataset):\n"
        "    def __len__(self): return 'many'\n"
        "    def __getitem__(self, i): return X[i], int(Y[i])\n"
        "experiment = Experiment(model=mlp, **{**DATA, 'train': D()})",
        "", ("__len__",),
    ),
    "a schedule below zero": (
        "def fall(progress): return 0.5 - progress\n"
        "experiment = Experiment(model=mlp, schedule=fall, lr=0.1, **DATA)",
        "def fall", ("factor",),
    ),
    "an update without a gradient": (
        "def update(model, optimizer, batch):\n"
        "    loss = F.cross_entropy(model(batch[0]), batch[1]).detach()\n"
        "    loss.backward()\n"
        "    optimizer.step()\n"
        "    return loss\n"
        "experiment = Experiment(model=mlp, update=update, **DATA)",
        "loss.backward()", ("gradient",),
    ),
    "a body shared in a list": (
        "parts = [nn.Linear(16, 32), nn.ReLU()]\n"
        "class M(nn.Module):\n"
        "    def __init__(self):\n"
        "        super().__init__()\n"
        "        self.parts, self.head = nn.ModuleList(parts), nn.Linear(32, 4)\n"
        "    def forward(self, x):\n"
        "        for part in self.parts: x = part(x)\n"
        "        return self.head(x)\n"
        "experiment = Experiment(model=M, **DATA)",
        "", ("share parts.0.weight",),
    ),
    "a cached factory": (
        "from functools import cache\n"
        "make = cache(mlp)\n"
        "experiment = Experiment(model=make, **DATA)",
        "", ("one and the same",),
    ),
}  # fmt: skip


@pytest.mark.slow
@pytest.mark.filterwarnings("default")
@pytest.mark.usefixtures("without_plots")
@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_one_sentence(recipe, monkeypatch, tmp_path, name):
    monkeypatch.chdir(tmp_path)
    text, where, words = FAULTS[name]
    path = written(tmp_path, text)
    ran = Ran(*recipe("check", path, "--no-input", "--exact"))
    assert_told(ran, *words)
    if where:
        assert f"mine.py:{line_of(path, where)}" in ran.err, ran.err


PRELUDE = """\
import torch
from torch import nn
from torch.nn import functional as F

class Base(nn.Module):
    def __init__(self):
        super().__init__()
        self.a, self.b = nn.Linear(4, 16), nn.Linear(16, 3)
    def forward(self, x):
        return self.b(F.relu(self.a(x)))
"""
MODE, KEPT, LOST = (
    "mode-switched-in-forward", "state-kept-between-batches", "state-outside-state-dict",
)  # fmt: skip
MODELS = {
    "a recurrent layer that goes on": (
        "class M(Base):\n"
        "    def __init__(self):\n"
        "        super().__init__()\n"
        "        self.cell, self.hidden = nn.LSTM(4, 16, batch_first=True), None\n"
        "    def forward(self, x):\n"
        "        other = self.hidden is None or self.hidden[0].shape[1] != len(x)\n"
        "        y, self.hidden = self.cell(x[:, None], None if other else self.hidden)\n"
        "        self.hidden = tuple(h.detach() for h in self.hidden)\n"
        "        return self.b(y[:, 0])\n",
        KEPT,
    ),
    "prototypes in a dict": (
        "class M(Base):\n"
        "    def __init__(self):\n"
        "        super().__init__()\n"
        "        self.state = {'mean': torch.zeros(4)}\n"
        "    def forward(self, x):\n"
        "        if self.training:\n"
        "            self.state['mean'] = x.mean(0)\n"
        "            return super().forward(x)\n"
        "        return super().forward(x - self.state['mean'])\n",
        LOST,
    ),
    "a list of the file": (
        "seen = []\n"
        "class M(Base):\n"
        "    def forward(self, x):\n"
        "        y = super().forward(x) + len(seen)\n"
        "        seen.append(1)\n"
        "        return y\n",
        None,  # every model shares it: random to any probe, and nondeterministic-evaluation
    ),
    "a body that learns, in evaluation mode": (
        "class M(Base):\n"
        "    def __init__(self):\n"
        "        super().__init__()\n"
        "        self.body = nn.Sequential(nn.Linear(4, 4), nn.BatchNorm1d(4))\n"
        "    def forward(self, x):\n"
        "        self.body.eval()\n"
        "        return super().forward(self.body(x))\n",
        MODE,
    ),
    "attention that is kept to be seen": (
        "class M(Base):\n"
        "    def __init__(self):\n"
        "        super().__init__()\n"
        "        self.attend = nn.MultiheadAttention(4, 2, batch_first=True)\n"
        "    def forward(self, x):\n"
        "        y, self.weights = self.attend(x[:, None], x[:, None], x[:, None])\n"
        "        return super().forward(y[:, 0])\n",
        None,
    ),
    "a recurrent layer that begins anew": (
        "class M(Base):\n"
        "    def __init__(self):\n"
        "        super().__init__()\n"
        "        self.cell = nn.GRU(4, 16, batch_first=True)\n"
        "    def forward(self, x):\n"
        "        return self.b(self.cell(x[:, None])[0][:, 0])\n",
        None,
    ),
    "weight norm": (
        "class M(Base):\n"
        "    def __init__(self):\n"
        "        super().__init__()\n"
        "        self.a = nn.utils.parametrizations.weight_norm(self.a)\n",
        None,
    ),
    "a mean in a buffer": (
        "class M(Base):\n"
        "    def __init__(self):\n"
        "        super().__init__()\n"
        "        self.register_buffer('mean', torch.zeros(4))\n"
        "    def forward(self, x):\n"
        "        if self.training: self.mean.lerp_(x.mean(0).detach(), 0.1)\n"
        "        return super().forward(x - self.mean)\n",
        None,
    ),
    "losses that are gathered": (
        "class M(Base):\n"
        "    def __init__(self):\n"
        "        super().__init__()\n"
        "        self.norms = []\n"
        "    def forward(self, x):\n"
        "        y = super().forward(x)\n"
        "        self.norms.append(float(y.detach().norm()))\n"
        "        return y\n",
        None,
    ),
    "a temperature that anneals in python": (
        "class M(Base):\n"
        "    def __init__(self):\n"
        "        super().__init__()\n"
        "        self.temperature = 1.0\n"
        "    def forward(self, x):\n"
        "        if self.training: self.temperature *= 0.9\n"
        "        return super().forward(x) / self.temperature\n",
        LOST,
    ),
}  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("name", MODELS)
def test_what_a_model_does(tmp_path, name):
    text, rule = MODELS[name]
    module = {}
    exec(PRELUDE + text, module)
    evidence = measure(Inspect(), blob_experiment(model=module["M"]), tmp_path)
    found = {f.rule for f in judge_scalars(Inspect(), evidence.scalars, evidence.curves)}
    assert found & {MODE, KEPT, LOST} == ({rule} if rule else set())
