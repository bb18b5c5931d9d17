"""What differs on an accelerator, shown on a processor: by what is called, and by tensors that
refuse to be read like those of a host.
"""

import gc
import weakref

import pytest
import torch
from torch import nn

from lab import EXPERIMENT, RATES, Lab, specs
from recipe import Experiment
from recipe.core.errors import UsageError
from recipe.core.parsers import parse_device
from recipe.data.datasets import Splits, TensorData
from recipe.engine.run_wiring import way_key
from recipe.machine import device
from recipe.machine.device import pick_device, wait_for
from recipe.machine.memory import free_memory
from recipe.models.blocks import freeze
from recipe.search.halving import Halving
from recipe.speed import mode_choice
from recipe.speed.mode_search import MeasuredMode, ModeChoice
from recipe.speed.stopwatch import Stopwatch
from recipe.training.evaluation import loss_and_score
from recipe.training.execution_mode import PLAIN
from recipe.training.loop import Training

CPU = torch.device("cpu")


class Far(torch.Tensor):
    """Like a tensor of an accelerator: NumPy cannot read it before `cpu()`."""

    def cpu(self):
        return self.as_subclass(torch.Tensor)

    def numpy(self, *_, **__):
        raise TypeError("can't convert cuda:0 device type tensor to numpy")

    def __array__(self, *_):
        raise TypeError("can't convert cuda:0 device type tensor to numpy")


def test_an_own_metric_is_given_tensors_of_the_host():
    def by_numpy(outputs, y):
        return float((outputs.numpy().argmax(1) == y.numpy()).mean())

    x, y = EXPERIMENT.train
    experiment = Experiment(model=EXPERIMENT.model, train=(x, y), metric=by_numpy)
    outputs = nn.functional.one_hot(y, 3).float()
    batches = [(outputs.as_subclass(Far), y.as_subclass(Far))]
    _, score = loss_and_score(experiment, batches)
    assert score == 1.0


def test_memory_that_pytorch_keeps_for_later_is_free(monkeypatch):
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda _: (2 << 30, 80 << 30))
    monkeypatch.setattr(torch.cuda, "memory_reserved", lambda _: 70 << 30)
    monkeypatch.setattr(torch.cuda, "memory_allocated", lambda _: 10 << 30)
    assert free_memory(torch.device("cuda")) == 62 << 30


@pytest.mark.parametrize("kind", ["cuda", "mps"])
def test_a_clock_is_read_when_the_device_is_done(kind, monkeypatch):
    waited = []
    monkeypatch.setattr(getattr(torch, kind), "synchronize", lambda *_: waited.append(kind))
    Stopwatch(torch.device(kind)).tick()
    wait_for(CPU)
    assert waited == [kind]


def test_one_of_several_devices_is_named_by_its_number(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    monkeypatch.setattr(torch.cuda, "set_device", lambda _: None)
    monkeypatch.setattr(device, "why_unusable", lambda _: None)
    assert pick_device("cuda:1") == torch.device("cuda", 1)
    with pytest.raises(UsageError, match=r"--device cuda:2: .*it has 2, counted from 0"):
        pick_device("cuda:2")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(UsageError, match="no usable one"):
        pick_device("cuda:0")


def test_numbers_of_devices_are_parsed():
    parse = parse_device(("auto", "cpu", "cuda"))
    assert [parse(name) for name in ("auto", "cuda:0", "cuda:12")] == ["auto", "cuda:0", "cuda:12"]
    for wrong in ("cuda:", "cuda:x", "cpu:0", "tpu", 3):
        with pytest.raises(ValueError, match="is none of"):
            parse(wrong)


def test_a_way_to_train_is_known_by_its_device(monkeypatch):
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda _: "H200")
    names = {way_key("f", torch.device(kind)) for kind in ("cpu", "cuda", "mps")}
    assert len(names) == 3
    assert "f" in names, "runs of a processor go on"


@pytest.mark.parametrize(
    "tried",
    [
        (MeasuredMode(PLAIN, None, "it fails: no"),),
        (MeasuredMode(PLAIN, 0.1), MeasuredMode(PLAIN, None, "it fails", no_memory=True)),
    ],
)
def test_what_failed_for_want_of_memory_is_not_remembered(tried, monkeypatch, tmp_path):
    seconds = tried[0].seconds
    choice = ModeChoice(PLAIN, 1.0, 0.0, iteration=seconds, tried=tried)
    monkeypatch.setattr(mode_choice, "cache_folder", lambda: tmp_path)
    monkeypatch.setattr(mode_choice.ModeSearch, "run", lambda _: choice)
    x, y = EXPERIMENT.train
    data = Splits(TensorData(x, y), TensorData(x, y))
    mode_choice.choose(EXPERIMENT.resolved(), data, CPU, 0, planned=100)
    assert not list(tmp_path.rglob("*.json"))


def watched(lab):
    models = []
    fit = lab.runner.fit

    def kept(*args, **kwargs):
        made = fit(*args, **kwargs)
        models.append(weakref.ref(made.training.model))
        return made

    lab.runner.fit = kept
    return models


@pytest.fixture
def no_collector():
    gc.collect()
    gc.disable()
    yield
    gc.enable()


@pytest.mark.usefixtures("no_collector")
def test_a_trial_that_has_ended_keeps_no_model(tmp_path):
    alive = []
    with Lab(tmp_path) as lab:
        models = watched(lab)
        ended = lab.runner.on_trial

        def told(trial, reused):
            ended(trial, reused)
            alive.append(sum(model() is not None for model in models))

        lab.runner.on_trial = told
        trials = lab.run(specs(*RATES), halving=Halving(keep=0.4))
    assert any(trial.status == "stopped" for trial in trials)
    # The one that was just written down is still in the hands of who trained it.
    assert alive == sorted(alive, reverse=True)
    assert alive[-1] <= 1
    assert not [model for model in models if model() is not None]


@pytest.mark.usefixtures("no_collector")
def test_a_training_that_is_cut_in_an_epoch_is_given_back_at_once(tmp_path):
    with Lab(tmp_path) as lab:
        fit = lab.runner.fit(specs(0.03)[0].experiment)
    fit.advance(0.5)
    model = weakref.ref(fit.training.model)
    fit.stop("stopped", "in the lower part")
    del fit
    assert model() is None


@pytest.mark.usefixtures("no_collector")
def test_a_frozen_model_is_given_back_at_once():
    model = nn.Sequential(nn.Linear(2, 4), nn.BatchNorm1d(4), nn.Linear(4, 2))
    freeze(model, (("0", "1"), ("2",)), 1, None)
    model.train()
    assert not model[1].training
    assert model[2].training
    gone = weakref.ref(model)
    del model
    assert gone() is None


def test_random_numbers_go_on_where_they_were_on_the_same_device():
    data = Splits(TensorData(*EXPERIMENT.train), TensorData(*EXPERIMENT.val))
    experiment = specs(0.03)[0].experiment.resolved()
    whole = Training(experiment, data, seed=0, device=CPU).epoch().losses
    apart = Training(experiment, data, seed=0, device=CPU)
    apart.epoch(3)
    torch.randn(5)
    assert apart.epoch().losses == whole
