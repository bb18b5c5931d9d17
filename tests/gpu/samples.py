"""Models and made-up data of the check on a GPU."""

import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "steps")]

import torch  # noqa: E402
from torch import nn  # noqa: E402

from recipe import Experiment  # noqa: E402
from recipe.data.datasets import Splits, TensorData  # noqa: E402


def mlp(width=128):
    return nn.Sequential(
        nn.Linear(64, width), nn.ReLU(), nn.Linear(width, width), nn.ReLU(), nn.Linear(width, 10)
    )


def cnn():
    return nn.Sequential(
        nn.Conv2d(3, 16, 3, padding=1), nn.BatchNorm2d(16), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(16, 32, 3, padding=1), nn.BatchNorm2d(32), nn.ReLU(), nn.AdaptiveAvgPool2d(1),
        nn.Flatten(), nn.Linear(32, 10),
    )  # fmt: skip


def resnet18():
    from torchvision.models import resnet18 as made

    return made(num_classes=10)


def rows(n, seed=0):
    source = torch.Generator().manual_seed(seed)
    x = torch.randn(n, 64, generator=source)
    return x, x[:, :10].argmax(1)


def images(n, side=32, seed=0):
    source = torch.Generator().manual_seed(seed)
    x = torch.randn(n, 3, side, side, generator=source)
    return x, torch.randint(10, (n,), generator=source)


def splits(data, device, *, held=64):
    x, y = (part.to(device) for part in data)
    return Splits(TensorData(x, y), TensorData(x[:held], y[:held]))


def experiment(model, data=None, **given):
    declared = {"lr": 0.01, "epochs": 2, "batch_size": 64, "weight_decay": 0.0, **given}
    return Experiment(model=model, train=data, **declared).resolved()


def wait(device):
    if device.type == "cuda":
        torch.cuda.synchronize(device)
