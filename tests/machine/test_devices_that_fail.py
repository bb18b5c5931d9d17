"""Devices that are there but do not compute, and what is remembered of those that do."""

import copy
from dataclasses import replace
from types import SimpleNamespace

import pytest
import torch
from torch import nn

from lab import EXPERIMENT
from recipe import Experiment
from recipe.core.errors import UsageError
from recipe.data.datasets import Splits, TensorData
from recipe.data.loading import load_data
from recipe.machine import device as devices
from recipe.machine.device import chip, pick_device
from recipe.machine.exactness import exactly, full_float32
from recipe.machine.memory import free_memory
from recipe.speed import mode_choice
from recipe.speed.mode_search import MeasuredMode, ModeChoice, ModeSearch
from recipe.training.execution_mode import PLAIN, ExecutionMode
from recipe.training.movable_loss import movable
from recipe.training.preparation import prepare

CPU = torch.device("cpu")
FULL = "CUDA error: no kernel image is available for execution on the device"


@pytest.fixture
def broken_gpu(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    chosen = []
    monkeypatch.setattr(torch.cuda, "set_device", chosen.append)
    ones = torch.ones

    def fail(*size, device=None, **more):
        if device is not None and torch.device(device).type == "cuda":
            raise RuntimeError(FULL)
        return ones(*size, device=device, **more)

    monkeypatch.setattr(torch, "ones", fail)
    return chosen


@pytest.mark.usefixtures("broken_gpu")
def test_auto_does_without_a_gpu_that_does_not_compute():
    said = []
    assert pick_device("auto", said.append) == CPU
    assert len(said) == 1
    assert FULL in said[0]


@pytest.mark.parametrize("name", ["cuda", "cuda:1"])
@pytest.mark.usefixtures("broken_gpu")
def test_a_named_gpu_that_does_not_compute_is_refused(name):
    with pytest.raises(UsageError, match=rf"--device {name}: .*no kernel image.*use --device cpu"):
        pick_device(name)


def test_what_names_no_device_is_made_on_the_one_that_was_chosen(broken_gpu, monkeypatch):
    monkeypatch.setattr(devices, "why_unusable", lambda _: None)
    assert pick_device("cuda:1") == torch.device("cuda", 1)
    assert broken_gpu == [1]


def test_memory_of_mps_is_that_which_it_recommends(monkeypatch):
    monkeypatch.setattr(torch.mps, "recommended_max_memory", lambda: 10 << 30)
    monkeypatch.setattr(torch.mps, "driver_allocated_memory", lambda: 3 << 30)
    assert free_memory(torch.device("mps")) == 7 << 30


def gpu(monkeypatch, memory=80 << 30, major=9):
    known = SimpleNamespace(name="H200", total_memory=memory, major=major, minor=0)
    monkeypatch.setattr(torch.cuda, "get_device_properties", lambda _: known)
    return chip(torch.device("cuda"))


def test_gpus_of_one_name_are_told_apart(monkeypatch):
    assert gpu(monkeypatch) != gpu(monkeypatch, memory=10 << 30)
    assert gpu(monkeypatch) != gpu(monkeypatch, major=8)


@pytest.fixture
def remembered(monkeypatch, tmp_path):
    """What `choose` finds is a fused mode of 64; how often it searched."""
    choice = ModeChoice(
        ExecutionMode(sharing="fused", width=64), 2.0, 0.0, iteration=0.01,
        tried=(MeasuredMode(PLAIN, 0.02),),
    )  # fmt: skip
    searched = []

    def run(search):
        searched.append(search)
        search.complete = True
        return choice

    monkeypatch.setattr(mode_choice, "cache_folder", lambda: tmp_path)
    monkeypatch.setattr(ModeSearch, "run", run)
    x, y = EXPERIMENT.train
    data = Splits(TensorData(x, y), TensorData(x, y))

    def choose():
        return mode_choice.choose(EXPERIMENT.resolved(), data, CPU, 0, planned=100)

    return choose, searched


def test_a_remembered_width_is_that_of_the_memory_now(remembered, monkeypatch):
    choose, searched = remembered
    assert choose().mode.width == 64
    assert choose().mode.width == 64
    monkeypatch.setattr("recipe.speed.fused_width.free_memory", lambda _: 1 << 17)
    narrow = choose()
    assert len(searched) == 1
    assert narrow.remembered
    assert narrow.mode.width < 64
    monkeypatch.setattr("recipe.speed.fused_width.free_memory", lambda _: 1)
    assert choose().mode.sharing == "alone"


def test_what_was_measured_with_other_digits_is_measured_again(remembered):
    choose, searched = remembered
    choose()
    with full_float32():
        torch.set_float32_matmul_precision("high")
        choose()
    assert len(searched) == 2


def test_exact_runs_of_a_gpu_leave_no_digit_out():
    before = torch.backends.cudnn.allow_tf32
    with exactly(torch.device("cuda")):
        assert not torch.backends.cudnn.allow_tf32
        assert torch.are_deterministic_algorithms_enabled()
        assert torch.is_deterministic_algorithms_warn_only_enabled()
        assert torch.get_float32_matmul_precision() == "highest"
    assert torch.backends.cudnn.allow_tf32 == before
    assert not torch.are_deterministic_algorithms_enabled()
    with exactly(CPU):
        assert not torch.are_deterministic_algorithms_enabled()


def far(outputs=3):
    """Outputs and targets on a device that computes shapes alone."""
    return torch.zeros(4, outputs, device="meta"), torch.zeros(4, dtype=torch.long, device="meta")


def test_weights_of_classes_follow_to_the_device():
    loss = nn.CrossEntropyLoss(weight=torch.ones(3))
    with pytest.raises((RuntimeError, NotImplementedError)):
        loss(*far())
    follows = movable(loss)
    assert follows(*far()).device.type == "meta"
    assert follows is not loss
    assert loss.weight.device == CPU


def test_they_come_back_to_the_processor():
    loss = movable(nn.BCEWithLogitsLoss(pos_weight=torch.tensor([2.0])))
    near = torch.zeros(4, 1), torch.ones(4, 1)
    expected = nn.BCEWithLogitsLoss(pos_weight=torch.tensor([2.0]))(*near)
    assert torch.equal(loss(*near), expected)
    assert type(loss) is nn.BCEWithLogitsLoss
    assert repr(copy.deepcopy(loss)) == repr(nn.BCEWithLogitsLoss())


def test_a_run_is_given_a_loss_that_follows():
    x, y = EXPERIMENT.train
    weight = torch.tensor([1.0, 2.0, 3.0])
    for loss in (
        nn.CrossEntropyLoss(weight=weight), nn.CrossEntropyLoss(weight=weight, ignore_index=7)
    ):  # fmt: skip
        declared = replace(EXPERIMENT, loss=loss).resolved()
        data = Splits(TensorData(x, y), TensorData(x, y))
        experiment, _ = prepare(declared, data)
        assert experiment.loss_function(*far()).device.type == "meta"


def test_losses_without_tensors_stay_what_they_are():
    for loss in (nn.CrossEntropyLoss(), nn.functional.cross_entropy, None, "model"):
        assert movable(loss) is loss


def test_what_fails_in_bfloat16_is_fused_in_float32(monkeypatch):
    x, y = EXPERIMENT.train
    data = Splits(TensorData(x, y), TensorData(x, y))
    search = ModeSearch(EXPERIMENT.resolved(), data, CPU, 0, planned=1e9)

    def measured(mode):
        if mode.sharing == "fused" and mode.precision == "bfloat16":
            raise RuntimeError("expected scalar type Float but found BFloat16")
        speed = {"alone": 1.0, "fused": 0.01, "processes": 9.0}[mode.sharing]
        return speed * (0.5 if mode.precision == "bfloat16" else 1.0), [1.0]

    monkeypatch.setattr(search, "_measure", measured)
    monkeypatch.setattr(search, "_take_part", lambda: None)
    found = search.run()
    assert found.mode.sharing == "fused"
    assert found.mode.precision == "float32"


def test_processes_of_a_loader_begin_by_fork():
    class Random(torch.utils.data.Dataset):
        def __len__(self):
            return 2000

        def __getitem__(self, index):
            return torch.rand(3), index % 2

    data = load_data(Random(), "train", CPU)
    assert data.workers == 0 or data._begun == "fork"
    assert replace(data, workers=0)._begun is None
    experiment = Experiment(model=lambda: nn.Linear(3, 2), train=Random())
    assert experiment.batch_size
