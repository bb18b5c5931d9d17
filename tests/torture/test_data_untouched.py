"""Whatever code of a user's does in place, the data stay what they were."""

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from marks import slow_but
from recipe import Experiment
from recipe.core.settings import Settings
from recipe.engine import run_execution
from tiny import blobs, deep_of_two, products

pytestmark = [pytest.mark.torture, pytest.mark.usefixtures("without_plots")]


class Halving(nn.Module):
    """Its first layer works in place, as nn.ReLU(inplace=True) does."""

    def __init__(self, inputs=2, outputs=3):
        super().__init__()
        self.inner = nn.Sequential(nn.Linear(inputs, 16), nn.ReLU(), nn.Linear(16, outputs))

    def forward(self, x):
        x.mul_(0.5)
        x.numpy()[...] += 0.001  # which no version counter sees
        return self.inner(x)


def spoiling_loss(outputs, y):
    loss = F.cross_entropy(outputs, y)
    y.fill_(0)
    return loss


def spoiling_metric(outputs, y):
    score = (outputs.argmax(1) == y).float().mean()
    y.fill_(1)
    return score


def spoiling_augment(x):
    return x.mul_(1.01).add_(0.01 * torch.randn_like(x))


class Spoiling(torch.utils.data.Dataset):
    """Gives views of its own tensors."""

    def __init__(self, x, y):
        self.x, self.y = x, y

    def __len__(self):
        return len(self.x)

    def __getitem__(self, index):
        return self.x[index], self.y[index]


DECLARED = {"train": blobs(), "batch_size": 32, "lr": 0.05, "epochs": 4, "weight_decay": 1e-4}
CASES = {
    "a model": {"model": Halving},
    "a loss": {"loss": spoiling_loss},
    "a metric": {"metric": spoiling_metric},
    "an augmentation": {"augment": spoiling_augment},
    "a model on a data set that gives views": {"model": Halving, "train": Spoiling(*blobs())},
    "a model on many items, with test data": {
        "model": lambda: Halving(8, 2), "train": products(700, 0), "val": products(300, 1),
        "test": products(100, 2), "batch_size": 64, "epochs": 2,
    },
    "a head": {
        "model": lambda: nn.Sequential(nn.ReLU(inplace=True), *deep_of_two()), "head": "6",
        "train": products(300, 0), "val": products(100, 1), "epochs": 2,
    },
}  # fmt: skip


def network():
    return nn.Sequential(nn.Linear(2, 16), nn.ReLU(), nn.Linear(16, 3))


def every_tensor_of(value):
    if isinstance(value, torch.Tensor):
        return [value]
    if isinstance(value, Spoiling):
        return [value.x, value.y]
    return [tensor for part in value or () for tensor in every_tensor_of(part)]


@pytest.mark.parametrize("name", slow_but({"a model"}, CASES))
def test_what_works_in_place_changes_no_data(tmp_path, monkeypatch, name):
    declared = CASES[name]
    experiment = Experiment(**{"model": network, **DECLARED, **declared})
    given = every_tensor_of([experiment.train, experiment.val, experiment.test])
    before, held = [tensor.clone() for tensor in given], []
    begin = run_execution.start

    def started(*args):
        found = begin(*args)
        data = found.data
        held.extend(
            (tensor, tensor.clone())
            for part in (data.train, data.val)
            for tensor in (part.x, part.y)
        )
        return found

    monkeypatch.setattr(run_execution, "start", started)
    spoiled = []

    def observe(event):
        if held and any(not torch.equal(now, then) for now, then in held):
            spoiled.append(event)

    run_execution.execute(experiment, Settings(out=tmp_path, keep_going=True), observe=observe)
    assert held
    assert not spoiled, spoiled[0]
    assert all(torch.equal(now, then) for now, then in zip(given, before, strict=True))


class Sequences(torch.utils.data.Dataset):
    def __init__(self, n, seed):
        source = torch.Generator().manual_seed(seed)
        self.items = [(torch.randn(3 + k % 4, 4, generator=source), k % 2) for k in range(n)]

    def __len__(self):
        return len(self.items)

    def __getitem__(self, index):
        return self.items[index]


def spoiling_collate(items):
    for x, _ in items:
        x.mul_(0.5)
    longest = max(len(x) for x, _ in items)
    rows = [F.pad(x, (0, 0, 0, longest - len(x))) for x, _ in items]
    return torch.stack(rows), torch.tensor([y for _, y in items])


class Mean(nn.Module):
    def __init__(self):
        super().__init__()
        self.inner = nn.Linear(4, 2)

    def forward(self, x):
        return self.inner(x).mean(1)


def test_a_collate_function_that_works_in_place_changes_no_item(tmp_path):
    train, val = Sequences(96, 0), Sequences(32, 1)
    before = [x.clone() for part in (train, val) for x, _ in part.items]
    declared = Experiment(
        model=Mean, train=train, val=val, collate=spoiling_collate, batch_size=16, lr=0.05, epochs=2
    )
    run_execution.execute(declared, Settings(out=tmp_path, keep_going=True, until="lr_range"))
    after = [x for part in (train, val) for x, _ in part.items]
    assert all(map(torch.equal, after, before))
