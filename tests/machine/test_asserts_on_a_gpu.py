"""Faults at which a GPU asserts, which ends every use of it: they are looked for on the host, and a
device that is lost all the same ends the run, not a trial.
"""

from dataclasses import replace

import pytest
import torch
from torch import nn

from lab import EXPERIMENT, Lab, specs
from recipe import Experiment
from recipe.core.errors import DeviceLostError, UsageError
from recipe.core.events import Message
from recipe.core.files import of_the_machine
from recipe.core.settings import resolve
from recipe.data.datasets import Splits, TensorData
from recipe.engine import run_setup
from recipe.engine.run_setup import start
from recipe.machine import device as devices
from recipe.training import host_faults
from recipe.training.host_faults import fault_on_host

CPU = torch.device("cpu")
N = 500


def labelled(y, loss=None, outputs=3, **given):
    x = torch.randn(N, 4, generator=torch.Generator().manual_seed(0))
    experiment = Experiment(
        model=lambda: nn.Linear(4, outputs), train=(x, y), loss=loss, **given
    ).resolved()
    return experiment, TensorData(x, y)


def tokens(most):
    x = torch.randint(10, (N, 5), generator=torch.Generator().manual_seed(0))
    x[333, 2] = most

    def model():
        return nn.Sequential(nn.Embedding(10, 4), nn.Flatten(), nn.Linear(20, 2))

    y = torch.arange(N) % 2
    return Experiment(model=model, train=(x, y)).resolved(), TensorData(x, y)


def classes(largest=2, smallest=0):
    y = torch.arange(N) % 3
    y[401], y[402] = largest, smallest
    return y


OWN = nn.CrossEntropyLoss()
CASES = {
    "a label that is too large": (labelled(classes(3), OWN), True),
    "a negative label": (labelled(classes(smallest=-1), OWN), True),
    "the task's own loss": (labelled(classes(7)), True),
    "labels from one on": (labelled(classes() + 1, OWN), True),
    "an index beyond the embedding": (tokens(10), True),
    "probabilities of logits": (
        labelled((torch.arange(N) % 2).float()[:, None], nn.BCELoss(), 1, task="binary"), True,
    ),
    "all labels in range": (labelled(classes(), OWN), False),
    "labels that are left out": (labelled(classes(smallest=-100), OWN), False),
    "all indices in range": (tokens(9), False),
    "too few outputs for the targets": (
        labelled(torch.randn(N, 2), nn.MSELoss(), 3, task="regression"), False,
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("where", ["train", "val"])
def test_what_a_gpu_asserts_shows_on_the_host(case, where):
    (experiment, data), faulty = CASES[case]
    sound = TensorData(data.x[:64], data.y[:64])
    if where == "val" and case in {"labels from one on", "probabilities of logits"}:
        sound = data
    splits = Splits(data, sound) if where == "train" else Splits(sound, data)
    found = fault_on_host(experiment, splits)
    assert (found is not None) == faulty, found


@pytest.fixture
def on_a_gpu(monkeypatch):
    """The run believes that it has a GPU, until something is computed there."""
    seen = []
    far = torch.device("cuda")
    monkeypatch.setattr(run_setup, "_devices", lambda *_: (far, run_setup.Chosen()))
    monkeypatch.setattr(
        run_setup, "load_splits",
        lambda experiment, device, *_: seen.append(device) or load(experiment),
    )  # fmt: skip
    return seen


def load(experiment):
    x, y = experiment.train
    return Splits(TensorData(x, y), TensorData(x[:50], y[:50]))


def test_a_run_goes_to_the_processor_before_anything_is_computed(on_a_gpu, tmp_path):
    (experiment, _), _ = CASES["a label that is too large"]
    said = []
    started = start(
        experiment, resolve({"out": str(tmp_path)}),
        lambda e: said.append(e.text) if isinstance(e, Message) else None,
    )  # fmt: skip
    assert on_a_gpu[0].type == "cuda"
    assert started.device == CPU
    assert any("looks for the cause on the processor" in text for text in said)


@pytest.mark.usefixtures("on_a_gpu")
def test_a_sound_one_stays_where_it_is(tmp_path, monkeypatch):
    (experiment, _), _ = CASES["all labels in range"]
    started = start(experiment, resolve({"out": str(tmp_path)}), lambda _: None)
    assert started.device.type == "cuda"


@pytest.fixture
def lost(monkeypatch):
    """The device is lost as soon as a model was called."""

    def wait(_):
        raise RuntimeError("CUDA error: device-side assert triggered\nCompile with ...")

    monkeypatch.setattr(devices, "wait_for", wait)


class Asserts(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Linear(4, 3)

    def forward(self, x):
        raise RuntimeError("CUDA error: device-side assert triggered")


@pytest.mark.usefixtures("lost")
def test_a_lost_device_ends_the_run_and_no_trial(tmp_path):
    with Lab(tmp_path) as lab:
        one = specs(0.01)[0]
        given = replace(one, experiment=replace(one.experiment, model=Asserts))
        with pytest.raises(DeviceLostError) as raised:
            lab.run([given])
    said = of_the_machine(raised.value)
    assert "--device cpu" in said
    assert "device-side assert" in said
    assert "failed" not in (tmp_path / "journal.jsonl").read_text(), "it is tried again later"


def test_an_ordinary_error_is_that_of_the_trial(tmp_path):
    with Lab(tmp_path) as lab:
        one = specs(0.01)[0]
        given = replace(one, experiment=replace(one.experiment, model=Asserts))
        (trial,) = lab.run([given])
    assert trial.status == "failed"


@pytest.mark.usefixtures("lost")
def test_in_a_step_it_is_one_sentence(tmp_path, monkeypatch):
    import recipe

    monkeypatch.setattr(host_faults, "fault_on_host", lambda *_: None)
    experiment = replace(EXPERIMENT, model=Asserts)
    with pytest.raises(UsageError, match="The device cpu does not work any more"):
        recipe.run(experiment, until="inspect", out=tmp_path)
