"""Whether a batch fits into memory, told before anything long begins."""

from dataclasses import replace

import pytest
import torch
from torch import nn

import recipe
from recipe import Experiment
from recipe.core.events import Message
from recipe.data.datasets import Splits, TensorData
from recipe.machine.peak_memory import peak_bytes
from recipe.speed import will_it_fit
from recipe.speed.will_it_fit import MemoryPlan, memory_plan
from recipe.training.loop import Training

CPU = torch.device("cpu")


def deep(width=64):
    layers = [part for _ in range(6) for part in (nn.Linear(width, width), nn.Tanh())]
    return nn.Sequential(*layers, nn.Linear(width, 2))


def normed():
    return nn.Sequential(nn.Linear(64, 64), nn.BatchNorm1d(64), nn.ReLU(), nn.Linear(64, 2))


def made(model=deep, size=512, **given):
    x = torch.randn(1024, 64, generator=torch.Generator().manual_seed(0))
    y = (x[:, 0] > 0).long()
    experiment = Experiment(model=model, train=(x, y), lr=0.01, batch_size=size, **given)
    return experiment.resolved(), Splits(TensorData(x, y), TensorData(x[:64], y[:64]))


@pytest.fixture
def memory(monkeypatch):
    return lambda free: monkeypatch.setattr(will_it_fit, "free_memory", lambda _: free)


@pytest.mark.parametrize("optimizer", ["sgd", "adamw"])
def test_what_is_told_is_what_an_update_takes(optimizer, memory):
    memory(1 << 40)
    experiment, data = made(optimizer=optimizer)
    told = memory_plan(experiment, data, CPU).peak

    def train():
        training = Training(experiment, data, seed=0, device=CPU, rates=[0.01] * 2)
        training.losses(lambda losses: len(losses) > 1)

    assert told == pytest.approx(peak_bytes(CPU, train), rel=0.15)


def test_a_batch_that_fits_stays_whole(memory):
    memory(1 << 33)
    plan = memory_plan(*made(), CPU)
    assert plan.parts == 1
    assert str(plan).startswith("Memory: a batch of 512 takes about ")
    assert str(plan).endswith("of the 8.6 GB that are free.")


def test_one_that_does_not_goes_in_parts(memory):
    memory(1 << 40)
    experiment, data = made()
    whole = memory_plan(experiment, data, CPU).peak
    memory(int(whole / 2))
    plan = memory_plan(experiment, data, CPU)
    assert plan.parts > 2
    assert "it goes through the model in" in str(plan)
    again = memory_plan(replace(experiment, accumulate=plan.parts), data, CPU)
    assert again.parts == plan.parts
    assert again.peak < whole / 2
    assert f"in {plan.parts} parts takes about" in str(again)


def test_what_cannot_be_parted_is_said(memory):
    memory(1000)
    plan = memory_plan(*made(model=normed), CPU)
    assert not plan.fits
    assert "take a smaller model or smaller items" in str(plan)


def test_nothing_is_told_of_what_cannot_be_measured():
    assert memory_plan(*made(update=lambda *_: 0.0), CPU) is None
    experiment, data = made(size=1)
    assert memory_plan(experiment, data, CPU) is None


def test_processes_share_a_batch(memory):
    memory(1 << 33)
    experiment, data = made()
    alone = memory_plan(experiment, data, CPU)
    several = memory_plan(replace(experiment, parallel="ddp", processes=4), data, CPU)
    assert several.size == 128
    assert several.peak < alone.peak
    assert several.free == alone.free // 4


@pytest.mark.parametrize("part", [1, 2])
def test_a_run_says_it_and_trains_in_parts(part, memory, monkeypatch, tmp_path):
    monkeypatch.setattr(
        "recipe.engine.memory_told.memory_plan", lambda *_: MemoryPlan(32, 5e9, 3 << 30, part)
    )
    experiment, _ = made(size=32, epochs=1)
    said = []

    def run(until):
        return recipe.run(
            experiment, until=until, out=tmp_path, verify_budget="off", epochs=1,
            observe=lambda e: said.append(e.text) if isinstance(e, Message) else None,
        )  # fmt: skip

    run("coarse_grid")
    run("refine_grid")
    told = [text for text in said if text.startswith("Memory:")]
    assert len(told) == 2, "it is said again when a run is taken up again"
    assert len(set(told)) == 1
    assert ("it goes through the model in 2 parts" in told[0]) == (part == 2)
