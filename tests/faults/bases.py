"""Healthy experiments, small enough to be run by the hundred."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import torch
from sklearn.datasets import load_breast_cancer, load_diabetes, load_digits, load_iris, load_wine
from torch import Tensor, nn

from recipe import Experiment
from recipe.tasks.language_modelling import windows

ROOT = Path(__file__).parents[2]
DATA = Path(os.environ.get("RECIPE_TEST_DATA", ROOT.parent / "shared" / "data"))


@dataclass(frozen=True)
class Base:
    """A healthy experiment by name; `kind` says which faults apply."""

    name: str
    make: Callable[[int], Experiment]
    """From a seed of the split."""
    kind: str
    """classes, yes-no, real or text."""
    images: bool = False


def split(x: Tensor, y: Tensor, seed: int, share: float = 0.25) -> dict[str, tuple[Tensor, Tensor]]:
    """Training and validation data at random."""
    order = torch.randperm(len(x), generator=torch.Generator().manual_seed(seed))
    held = round(share * len(x))
    val, train = order[:held], order[held:]
    return {"train": (x[train], y[train]), "val": (x[val], y[val])}


def standardised(x: Tensor) -> Tensor:
    """By columns; columns that never vary become zero."""
    return (x - x.mean(0)) / x.std(0).clamp(min=1e-8)


def mlp(inputs: int, outputs: int, width: int = 64, activation: type[nn.Module] = nn.ReLU):
    """A factory of a network with two hidden layers."""

    def make(dropout: float = 0.0) -> nn.Module:
        return nn.Sequential(
            nn.Flatten(), nn.Linear(inputs, width), activation(), nn.Dropout(dropout),
            nn.Linear(width, width), activation(), nn.Linear(width, outputs),
        )  # fmt: skip

    return make


def cnn(channels: int, outputs: int, width: int = 16):
    """A factory of a small convolutional network with batch normalisation."""

    def block(a: int, b: int) -> nn.Module:
        return nn.Sequential(nn.Conv2d(a, b, 3, padding=1), nn.BatchNorm2d(b), nn.ReLU(),
                             nn.MaxPool2d(2))  # fmt: skip

    return lambda: nn.Sequential(
        block(channels, width), block(width, 2 * width), block(2 * width, 2 * width),
        nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(2 * width, outputs),
    )  # fmt: skip


@cache
def digit_images() -> tuple[Tensor, Tensor]:
    """1,797 images of 8 x 8 pixels, standardised."""
    x, y = load_digits(return_X_y=True)
    x = torch.from_numpy(x).float().reshape(-1, 1, 8, 8)
    return (x - x.mean()) / x.std(), torch.from_numpy(y).long()


@cache
def cifar_images(n: int = 1500) -> tuple[Tensor, Tensor]:
    """Some CIFAR-10 images, standardised by channel."""
    from torchvision.datasets import ImageFolder
    from torchvision.transforms.v2.functional import pil_to_tensor

    folder = ImageFolder(str(DATA / "cifar10" / "train"))
    chosen = np.random.default_rng(0).permutation(len(folder))[:n]
    pairs = [folder[int(i)] for i in chosen]
    x = torch.stack([pil_to_tensor(image) for image, _ in pairs]).float() / 255
    x = (x - x.mean((0, 2, 3), keepdim=True)) / x.std((0, 2, 3), keepdim=True)
    return x, torch.tensor([label for _, label in pairs])


def digits_mlp(seed: int) -> Experiment:
    """An MLP on digits."""
    return Experiment(model=mlp(64, 10), **split(*digit_images(), seed), batch_size=32, lr=0.05,
                      epochs=10)  # fmt: skip


def cifar_cnn(seed: int) -> Experiment:
    """A small CNN on CIFAR-10."""
    return Experiment(model=cnn(3, 10, 8), **split(*cifar_images(), seed), batch_size=32, lr=0.05,
                      epochs=8)  # fmt: skip


def cancer(seed: int) -> Experiment:
    """Yes or no on a table of 30 columns."""
    x, y = load_breast_cancer(return_X_y=True)
    x = standardised(torch.from_numpy(x).float())
    return Experiment(
        model=mlp(30, 1), **split(x, torch.from_numpy(y).float(), seed), task="binary",
        batch_size=16, optimizer="adam", lr=1e-3, epochs=15,
    )  # fmt: skip


def diabetes(seed: int) -> Experiment:
    """A real value on a table of 10 columns."""
    x, y = load_diabetes(return_X_y=True)
    x = standardised(torch.from_numpy(x).float())
    y = torch.from_numpy(y).float()[:, None]
    return Experiment(
        model=mlp(10, 1, 32), **split(x, (y - y.mean()) / y.std(), seed), task="regression",
        batch_size=16, optimizer="adamw", lr=1e-3, weight_decay=0.05, epochs=12,
    )  # fmt: skip


class CharacterGru(nn.Module):
    """Next character from the ones before."""

    def __init__(self, vocabulary: int, width: int = 64) -> None:
        """One recurrent layer."""
        super().__init__()
        self.embed = nn.Embedding(vocabulary, 32)
        self.cell = nn.GRU(32, width, batch_first=True)
        self.last = nn.Linear(width, vocabulary)

    def forward(self, x: Tensor) -> Tensor:
        """Logits [N, T, V]."""
        outputs: Tensor = self.last(self.cell(self.embed(x))[0])
        return outputs


@cache
def prose() -> Tensor:
    """The descriptions of scikit-learn's data sets as tokens."""
    loaders = (load_iris, load_wine, load_breast_cancer, load_diabetes, load_digits)
    text = " ".join(loader().DESCR for loader in loaders)
    known = {c: i for i, c in enumerate(sorted(set(text)))}
    return torch.tensor([known[c] for c in text])


def characters(seed: int) -> Experiment:
    """A language model of characters."""
    tokens = prose()
    x, y = windows(tokens, 32)
    vocabulary = int(tokens.max()) + 1
    return Experiment(
        model=lambda: CharacterGru(vocabulary), **split(x, y, seed), task="language_model",
        batch_size=16, optimizer="adam", lr=3e-3, epochs=8,
    )  # fmt: skip


def small_resnet() -> nn.Module:
    """Torchvision's residual network with its first two stages."""
    from torchvision.models.resnet import BasicBlock, ResNet

    model = ResNet(BasicBlock, [1, 1, 1, 1])
    model.layer3 = model.layer4 = nn.Identity()
    model.fc = nn.Linear(128, 10)
    return model


def residual(seed: int) -> Experiment:
    """A torchvision residual network on small images."""
    x, y = digit_images()
    x = nn.functional.interpolate(x, size=(16, 16)).expand(-1, 3, -1, -1)
    return Experiment(
        model=small_resnet, **split(x[:600], y[:600], seed), batch_size=32, lr=0.02, epochs=10,
    )  # fmt: skip


BASES = (
    Base("digits-mlp", digits_mlp, "classes", images=True),
    Base("cifar-cnn", cifar_cnn, "classes", images=True),
    Base("cancer-table", cancer, "yes-no"),
    Base("diabetes-table", diabetes, "real"),
    Base("characters-gru", characters, "text"),
    Base("digits-resnet", residual, "classes", images=True),
)
