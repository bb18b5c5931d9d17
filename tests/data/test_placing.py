"""Data come to the device when they are split: what is looked up in them before is looked up on the
host. Shown by a device whose tensors have no values.
"""

from dataclasses import replace

import pytest
import torch
from torch import nn
from torch.utils.data import TensorDataset

from recipe import Experiment
from recipe.data import placing
from recipe.data.datasets import TensorData
from recipe.data.loading import load_data
from recipe.data.placing import placed
from recipe.data.splitting import load_splits

FAR = torch.device("meta")
CPU = torch.device("cpu")
X = torch.randn(100, 4, generator=torch.Generator().manual_seed(0))
Y = torch.arange(100) % 3
SOURCES = {
    "tensors": (X, Y),
    "arrays": (X.numpy(), Y.numpy()),
    "a data set": TensorDataset(X, Y),
    "several inputs": {"a": X, "b": X[:, :2], "target": Y},
}


def declared(source, **given):
    more = {"target": "target"} if isinstance(source, dict) else {}
    return Experiment(model=lambda: nn.Linear(4, 3), train=source, **more, **given)


@pytest.mark.parametrize("name", SOURCES)
def test_a_split_is_made_before_the_data_are_moved(name):
    far = load_splits(declared(SOURCES[name]), FAR, 0)
    near = load_splits(declared(SOURCES[name]), CPU, 0)
    for moved, stayed in ((far.train, near.train), (far.val, near.val)):
        assert moved.y.device == FAR
        assert moved.device is None
        assert len(moved) == len(stayed)


def test_data_of_their_own_are_moved_too():
    far = load_splits(declared((X, Y), val=(X[:20], Y[:20])), FAR, 0)
    assert far.train.x.device == far.val.x.device == FAR
    assert load_data((X, Y), "test", FAR).x.device == FAR


@pytest.mark.parametrize("name", SOURCES)
def test_what_would_fill_the_device_stays_on_the_host(name, monkeypatch):
    monkeypatch.setattr(placing, "free_memory", lambda _: 1000)
    far = load_splits(declared(SOURCES[name]), FAR, 0)
    assert far.train.y.device == CPU
    assert far.train.device == FAR
    _x, y = next(far.train.batches(8))
    assert y.device == FAR


def test_the_users_own_tensors_are_never_written_to():
    x = X.clone()
    data = load_data((x, Y), "train", CPU)
    data.x.zero_()
    assert torch.equal(x, X)


def test_they_come_back():
    data = TensorData(X, Y, device=FAR)
    assert placed(data, CPU).device is None
    assert placed(replace(data, device=None), FAR).x.device == FAR
