"""How often a training waits for the device: each number that is read from it costs the time in
which it would have been given the next work.
"""

import sys

import pytest
import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode

from recipe import Experiment
from recipe.data.datasets import Splits, TensorData
from recipe.speed.fused_training import FusedTraining
from recipe.training import loop
from recipe.training.execution_mode import ExecutionMode
from recipe.training.loop import Training
from recipe.training.plan import LOOK_EVERY

CPU = torch.device("cpu")
READS = {
    Tensor.item, Tensor.tolist, Tensor.cpu, Tensor.numpy, Tensor.__bool__, Tensor.__float__,
    Tensor.__int__, Tensor.__index__, Tensor.nonzero, torch.nonzero, Tensor.is_nonzero,
    torch.equal, Tensor.equal, torch.allclose, Tensor.allclose, Tensor.__contains__,
}  # fmt: skip
BELOW = {"_local_scalar_dense", "is_nonzero", "nonzero", "equal", "masked_select", "unique"}


class Functions(TorchFunctionMode):
    """Counts what is read by functions that Python calls."""

    def __init__(self):
        super().__init__()
        self.read = []

    def __torch_function__(self, func, types, args=(), kwargs=None):
        # PyTorch's own code names the device that a tensor is on already.
        own = "site-packages" in sys._getframe(1).f_code.co_filename
        to_host = func is Tensor.to and "cpu" in [str(each) for each in args[1:]] and not own
        if func in READS or to_host:
            self.read.append(getattr(func, "__name__", str(func)))
        return func(*args, **(kwargs or {}))


class Operations(TorchDispatchMode):
    """Counts what operations read by themselves."""

    def __init__(self):
        super().__init__()
        self.read = []

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        name = func.overloadpacket.__name__
        if name in BELOW:
            self.read.append(name)
        return func(*args, **(kwargs or {}))


def reads(work):
    with Operations() as below, Functions() as above:
        work()
    return [*above.read, *below.read]


def mlp():
    return nn.Sequential(nn.Linear(4, 16), nn.ReLU(), nn.Dropout(0.1), nn.Linear(16, 3))


def cnn():
    return nn.Sequential(
        nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(),
        nn.Linear(4, 3),
    )  # fmt: skip


def data(n, pictures=False):
    source = torch.Generator().manual_seed(0)
    shape = (n, 1, 8, 8) if pictures else (n, 4)
    x = torch.randn(shape, generator=source)
    if pictures:
        x = (x * 40 + 128).clamp(0, 255).to(torch.uint8)
    part = TensorData(x, torch.randint(3, (n,), generator=source))
    return Splits(part, TensorData(x[:64], part.y[:64]))


class Bytes(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = cnn()

    def forward(self, x):
        assert x.dtype == torch.uint8, "bytes stay bytes until they are on the device"
        return self.body(x.float() / 255)


CASES = {
    "sgd": (mlp, {}),
    "adamw, clipped, warm": (mlp, {"optimizer": "adamw", "clip_norm": 1.0, "warmup": 0.2}),
    "rmsprop, augmented": (mlp, {"optimizer": "rmsprop", "augment": lambda x: x + 0.01}),
    "a convolution with batch norm, of bytes": (Bytes, {}),
    "weights of classes": (mlp, {"loss": nn.CrossEntropyLoss(weight=torch.ones(3))}),
    "in parts": (mlp, {"accumulate": 2}),
    "averaged": (mlp, {"epochs": 1}),
}


def training(case, iterations):
    model, given = CASES[case]
    given = {"lr": 0.01, "epochs": 1, "batch_size": 8, **given}
    experiment = Experiment(model=model, train=None, **given).resolved()
    compared = (1,) if case == "averaged" else ()
    return Training(
        experiment, data(8 * iterations, pictures=model is Bytes), seed=0, device=CPU,
        compared_after=compared,
    )  # fmt: skip


@pytest.fixture
def as_on_a_gpu(monkeypatch):
    monkeypatch.setattr(loop, "looked_at_every", lambda _: LOOK_EVERY)


@pytest.mark.parametrize("case", CASES)
@pytest.mark.usefixtures("as_on_a_gpu")
def test_a_loss_is_looked_at_at_every_16th_iteration_alone(case):
    few, many = (reads(training(case, n).epoch) for n in (64, 128))
    more = 64 / LOOK_EVERY
    assert len(many) - len(few) <= more, sorted(many)


@pytest.mark.usefixtures("as_on_a_gpu")
def test_reads_are_counted():
    made = training("sgd", 64)
    pick = made.passes.seen

    def nosy(outputs, y):
        outputs.sum().item()
        return pick(outputs, y)

    made.passes.seen = nosy
    assert len(reads(made.epoch)) >= 64


@pytest.mark.parametrize("width", [2, 8])
def test_trials_that_train_as_one_model_are_looked_at_once_an_epoch(width):
    def fused(iterations):
        experiment = Experiment(
            model=mlp, train=None, lr=0.01, epochs=1, batch_size=8, optimizer="adamw",
            clip_norm=1.0,
        ).resolved()  # fmt: skip
        made = FusedTraining(
            [experiment] * width, data(8 * iterations), seed=0, device=CPU, mode=ExecutionMode()
        )
        return reads(made.epoch)

    assert len(fused(128)) == len(fused(64))
