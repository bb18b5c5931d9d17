"""`batch_size="auto"`."""

import re

import pytest
import torch
from torch import nn

from recipe import Experiment
from recipe.core.errors import UsageError
from recipe.core.events import Message
from recipe.core.settings import resolve
from recipe.data.datasets import Splits, TensorData
from recipe.engine.run_setup import start
from recipe.machine.peak_memory import peak_bytes
from recipe.speed import batch_size
from recipe.speed.batch_size import fitting_batch, line_through
from recipe.speed.throughput import Throughput

CPU = torch.device("cpu")
WIDTH, DEPTH = 256, 6


class Deep(nn.Module):
    most = None

    def __init__(self):
        super().__init__()
        layers = [part for _ in range(DEPTH) for part in (nn.Linear(WIDTH, WIDTH), nn.ReLU())]
        self.body = nn.Sequential(*layers, nn.Linear(WIDTH, 2))

    def forward(self, x):
        if self.most is not None and len(x) > self.most:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return self.body(x)


def made(n=4096, model=Deep):
    x = torch.randn(n, WIDTH, generator=torch.Generator().manual_seed(0))
    y = (x[:, 0] > 0).long()
    experiment = Experiment(model=model, train=(x, y), val=0.2, batch_size="auto", lr=0.01)
    return experiment, Splits(TensorData(x, y), TensorData(x[:64], y[:64]))


@pytest.fixture(autouse=True)
def machine(monkeypatch, tmp_path):
    monkeypatch.setattr(batch_size, "cache_folder", lambda: tmp_path)

    def has(free, sizes=None, rates=None):
        monkeypatch.setattr(batch_size, "free_memory", lambda _: free)
        found = sizes and Throughput(tuple(sizes), tuple(rates))
        monkeypatch.setattr(batch_size, "throughput", lambda *_: found)

    return has


def test_peaks_are_those_of_what_is_alive():
    kept = []

    def compute():
        for _ in range(5):
            torch.zeros(1000, dtype=torch.uint8)
        kept.append(torch.zeros(300, dtype=torch.uint8))
        torch.zeros(50, dtype=torch.uint8).add_(1).view(-1)

    assert peak_bytes(CPU, compute) == 1000
    assert peak_bytes(CPU, lambda: kept.append(kept[0] + 1)) == 300


def test_the_line_through_two_peaks_tells_a_third():
    experiment, data = made()
    sizes = (32, 128)
    fixed, each = line_through(
        sizes, [batch_size.peak_of(experiment.resolved(), data, CPU, n) for n in sizes]
    )
    third = batch_size.peak_of(experiment.resolved(), data, CPU, 512)
    assert fixed + 512 * each == pytest.approx(third, rel=0.1)
    saved = 4 * WIDTH * (DEPTH + 1)  # what the backward pass needs of each item
    assert saved <= each <= 2 * saved


def test_what_fits_is_the_largest(machine):
    experiment, data = made()
    machine(free=6_000_000)
    found = fitting_batch(experiment.resolved(), data, CPU)
    assert "the largest power of two that fits" in str(found)
    peak = batch_size.peak_of(experiment.resolved(), data, CPU, found.size)
    more = batch_size.peak_of(experiment.resolved(), data, CPU, 2 * found.size)
    assert peak <= 6_000_000
    assert more > 0.7 * 6_000_000


def test_it_is_smaller_where_throughput_no_longer_rises(machine):
    experiment, data = made()
    machine(1 << 40, (16, 32, 64, 128, 256), (100, 200, 380, 400, 401))
    found = fitting_batch(experiment.resolved(), data, CPU)
    assert found.size == 64
    assert re.match(
        r"Batch size 64 \(auto\): 380 items a second, and 400 with 128: throughput no longer "
        r"rises, though 512 would be possible \(an epoch has 8 batches of it", str(found),
    )  # fmt: skip


def test_it_is_remembered(machine):
    experiment, data = made()
    machine(6_000_000)
    first = fitting_batch(experiment.resolved(), data, CPU)
    machine(1 << 40)
    assert fitting_batch(experiment.resolved(), data, CPU) == first


def test_where_memory_runs_out_in_the_measurement(machine):
    machine(1 << 40)
    small = type("Small", (Deep,), {"most": 40})
    experiment, data = made(model=small)
    found = fitting_batch(experiment.resolved(), data, CPU)
    assert "by the peaks of 8 and 32 items" in str(found)
    nothing = type("Nothing", (Deep,), {"most": 1})
    experiment, data = made(model=nothing)
    assert "not measured" in str(fitting_batch(experiment.resolved(), data, CPU))


def test_a_run_begins_with_the_size_that_was_found(machine, tmp_path):
    machine(1 << 40, (16, 32, 64), (100, 200, 201))
    experiment, _ = made(600)
    said = []
    settings = resolve({"device": "cpu", "out": tmp_path})
    started = start(experiment, settings, said.append)
    assert started.experiment.batch_size == 32
    assert not started.experiment.fits_batch
    texts = [event.text for event in said if isinstance(event, Message)]
    assert any(text.startswith("Batch size 32 (auto): ") for text in texts)


def test_other_words_are_none():
    with pytest.raises(UsageError, match="batch_size='large'"):
        Experiment(model=Deep, train=made()[0].train, batch_size="large")
