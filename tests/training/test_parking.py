"""Trainings that wait at a cut are kept on the host where they would fill the device. A copy on the
processor is told from what it was by its place in memory.
"""

import pytest
import torch
from torch import nn

from lab import RATES, Lab, specs
from recipe import Experiment
from recipe.data.datasets import Splits, TensorData
from recipe.search import sequential_executor
from recipe.search.halving import Halving
from recipe.training import parking
from recipe.training.loop import Training
from recipe.training.parking import park, park_where_crowded, size_of, take_back

CPU = torch.device("cpu")


def net():
    return nn.Sequential(nn.Linear(4, 16), nn.BatchNorm1d(16), nn.ReLU(), nn.Linear(16, 3))


def made(optimizer="adamw", compared=(2,)):
    source = torch.Generator().manual_seed(0)
    x = torch.randn(160, 4, generator=source)
    data = TensorData(x, x[:, :3].argmax(1))
    experiment = Experiment(
        model=net, train=None, lr=0.01, epochs=3, batch_size=16, optimizer=optimizer
    ).resolved()
    return Training(experiment, Splits(data, data), seed=0, device=CPU, compared_after=compared)


def tensors_of(training):
    tensors = [*training.model.parameters(), *training.model.buffers(), *training.average.values]
    tensors += [v for s in training.optimizer.state.values() for v in s.values()]
    return [tensor.detach() for tensor in tensors]


def places(tensors):
    return {tensor.data_ptr() for tensor in tensors}


@pytest.mark.parametrize("optimizer", ["sgd", "adamw", "rmsprop"])
@pytest.mark.parametrize("pause", [3, None])
def test_one_that_was_parked_ends_like_one_that_was_not(optimizer, pause):
    whole = list(made(optimizer).epochs())
    parked = made(optimizer)
    first = parked.epoch(pause)
    before = tensors_of(parked)  # alive, so that nothing else comes to stand there
    park(parked)
    assert not places(before) & places(tensors_of(parked)), "something is where it was"
    assert not any(p.grad is not None for p in parked.model.parameters())
    rest = [first] if first.part == 1 else []
    for epoch in parked.epochs():
        rest.append(epoch)
        if len(rest) < 3:
            park(parked)
    assert [e.losses for e in rest] == [e.losses for e in whole]
    assert [e.figures for e in rest] == [e.figures for e in whole]


def test_parking_twice_is_parking_once():
    training = made()
    training.epoch(3)
    park(training)
    then = tensors_of(training)
    park(training)
    assert places(tensors_of(training)) == places(then)
    take_back(training)
    assert training.parked is None
    take_back(training)


def test_what_it_takes_is_counted():
    training = made()
    training.epoch(3)
    weights = sum(p.nbytes for p in training.model.parameters())
    assert 3.9 * weights < size_of(training) < 4.6 * weights  # two states of Adam, and the average


@pytest.mark.parametrize(("free", "parked"), [(1 << 40, False), (10_000, True)])
def test_only_where_they_would_fill_the_device(free, parked, monkeypatch):
    monkeypatch.setattr(parking, "free_memory", lambda _: free)
    training = made()
    training.epoch(3)
    park_where_crowded(training, 4)
    assert training.parked is None, "a processor has no other memory"
    training.device = torch.device("cuda")
    moved = []
    monkeypatch.setattr(parking, "park", moved.append)
    park_where_crowded(training, 4)
    assert bool(moved) == parked


def test_trials_that_wait_for_a_cut_are_parked(tmp_path, monkeypatch):
    asked = []
    monkeypatch.setattr(
        sequential_executor, "park_where_crowded",
        lambda training, waiting: asked.append(waiting) or park(training),
    )  # fmt: skip
    with Lab(tmp_path / "parked") as lab:
        found = lab.run(specs(*RATES), halving=Halving(keep=0.4))
    assert asked[: len(RATES)] == [len(RATES)] * len(RATES)
    monkeypatch.setattr(sequential_executor, "park_where_crowded", lambda *_: None)
    with Lab(tmp_path / "not") as lab:
        plain = lab.run(specs(*RATES), halving=Halving(keep=0.4))
    assert [(t.val_loss, t.status) for t in found] == [(t.val_loss, t.status) for t in plain]
