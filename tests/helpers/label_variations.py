"""What tests of labels and inputs share: small data, and experiments in which validation differs."""

import torch
from torch import nn

from recipe import Experiment
from recipe.data.splitting import load_splits
from recipe.training.preparation import prepare

CPU = torch.device("cpu")
SOURCE = torch.Generator().manual_seed(11)
X = torch.randn(60, 4, generator=SOURCE)
KIND = torch.arange(60) % 3
WORDS = [("cat", "dog", "cow")[k] for k in KIND.tolist()]
BYTES = torch.randint(0, 256, (40, 3, 8, 8), generator=SOURCE, dtype=torch.uint8)


class Listed(torch.utils.data.Dataset):
    """Items made by a function of their number."""

    def __init__(self, make, n=60):
        self.make, self.n = make, n

    def __len__(self):
        return self.n

    def __getitem__(self, index):
        return self.make(index)


def linear(outputs=3, inputs=4):
    return lambda: nn.Linear(inputs, outputs)


def convolution(channels=3, outputs=3):
    return lambda: nn.Sequential(
        nn.Conv2d(channels, 4, 3), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(),
        nn.Linear(4, outputs),
    )  # fmt: skip


def prepared(**given):
    """The experiment and the data as a run begins with them, and what was said."""
    said = []
    experiment = Experiment(**{"model": linear(), **given}).resolved()
    data = load_splits(experiment, CPU, 0, None, said.append)
    classes = data.classes
    experiment, data = prepare(experiment, data, said.append)
    return experiment, data, classes, said


def targets_of(data):
    """Of training items, as they are or as they are drawn."""
    return data.y if hasattr(data, "y") else data.sample(8, torch.Generator().manual_seed(0)).y


def table(n=700, inputs=12, classes=4, noise=0.3, seed=0, held=300):  # noqa: PLR0917
    """A table whose classes a network learns; the last rows are for validation."""
    source = torch.Generator().manual_seed(seed)
    x = torch.randn(n, inputs, generator=source)
    weights = torch.randn(inputs, classes, generator=source)
    y = (x @ weights + noise * torch.randn(n, classes, generator=source)).argmax(1)
    return (x[:-held], y[:-held]), (x[-held:], y[-held:])


def colours(n=700, seed=0, held=300):
    """Small images whose class is told by which channel is bright, and where."""
    source = torch.Generator().manual_seed(seed)
    y = torch.randint(0, 6, (n,), generator=source)
    x = 0.5 * torch.randn(n, 3, 8, 8, generator=source)
    for index, label in enumerate(y.tolist()):
        rows = slice(0, 3) if label >= 3 else slice(5, 8)
        x[index, label % 3, rows] += 1.0
    return (x[:-held], y[:-held]), (x[-held:], y[-held:])


def network(inputs=12, outputs=4, width=64):
    return lambda: nn.Sequential(
        nn.Flatten(), nn.Linear(inputs, width), nn.ReLU(), nn.Linear(width, outputs)
    )


def learning(data, **given):
    """An experiment that learns such a table in a few epochs."""
    train, val = data
    known = {"inputs": train[0][0].numel(), "outputs": int(train[1].max()) + 1}
    usual = {"model": network(**known), "batch_size": 32, "lr": 0.05, "epochs": 15}
    return Experiment(**{**usual, "train": train, "val": val, **given})


def in_validation(data, inputs=lambda x: x, labels=lambda y: y):
    """The same data with something done to validation alone."""
    train, (x, y) = data
    return train, (inputs(x), labels(y))
