"""Problems on which learning-rate finders are compared, and what constant rates reach on them."""

import gzip
import json
import math
import os
import sys
import tempfile
from contextlib import contextmanager
from dataclasses import replace
from functools import cache
from pathlib import Path
from statistics import fmean

import common

sys.path.insert(0, str(common.ROOT / "tests" / "faults"))
os.environ.setdefault("ADULT_CSV", str(common.DATA / "tables" / "adult.csv"))

SEEDS = range(5)
ITERATIONS = 300
"""Of a training at a constant rate: about an epoch of the larger sets, ten of the smallest."""
TAIL = 0.2
"""Share of the last iterations whose mean loss is what a rate reaches."""
GRID = 23
SPAN = {"sgd": (1e-4, 10.0), "adamw": (1e-5, 1.0)}
RECORD = Path(__file__).with_name("lr_reference.json")


def digits_mlp():
    import bases

    return bases.digits_mlp(0)


@cache
def mnist(n):
    import numpy as np
    import torch

    folder = common.DATA / "mnist10k"
    with gzip.open(folder / "t10k-images-idx3-ubyte.gz") as file:
        pixels = np.frombuffer(file.read(), np.uint8, offset=16).reshape(-1, 1, 28, 28)[:n]
    with gzip.open(folder / "t10k-labels-idx1-ubyte.gz") as file:
        labels = np.frombuffer(file.read(), np.uint8, offset=8)[:n]
    x = torch.from_numpy(pixels.astype(np.float32) / 255)
    return (x - x.mean()) / x.std(), torch.from_numpy(labels.astype(np.int64))


def mnist_mlp():
    """On twice the images that the CNN sees."""
    import bases

    from recipe import Experiment

    return Experiment(
        model=bases.mlp(784, 10), **bases.split(*mnist(10_000), 0), batch_size=64, epochs=5
    )


def plain_cnn(channels, size):
    """Without batch normalisation."""
    from torch import nn

    def model():
        return nn.Sequential(
            nn.Conv2d(channels, 8, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
            nn.Conv2d(8, 16, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
            nn.Flatten(), nn.Linear(16 * (size // 4) ** 2, 10),
        )  # fmt: skip

    return model


def mnist_cnn():
    import bases

    from recipe import Experiment

    return Experiment(
        model=plain_cnn(1, 28), **bases.split(*mnist(4_000), 0), batch_size=64, epochs=5
    )


def cifar_plain_cnn():
    return replace(cifar_cnn(), model=plain_cnn(3, 32))


def cifar_cnn():
    """With batch normalisation."""
    import bases

    return bases.cifar_cnn(0)


def adult_mlp():
    import adult

    return adult.experiment()


def diabetes():
    """A table with a real target."""
    import bases

    return bases.diabetes(0)


def attention():
    """A language model of characters."""
    import text

    return text.experiment


MAKERS = {
    "MLP, digits": digits_mlp,
    "MLP, MNIST": mnist_mlp,
    "CNN, MNIST": mnist_cnn,
    "CNN, CIFAR-10": cifar_plain_cnn,
    "CNN with batch norm, CIFAR-10": cifar_cnn,
    "MLP, table, yes or no": adult_mlp,
    "MLP, table, regression": diabetes,
    "attention, characters": attention,
}
PROBLEMS = [(name, optimizer) for name in MAKERS for optimizer in SPAN]


def experiment(name, optimizer):
    """Without a declared rate, schedule or decay."""
    made = MAKERS[name]()
    return replace(
        made, optimizer=optimizer, lr=None, weight_decay=0.0, schedule="constant", warmup=0.0
    )


@contextmanager
def context(declared, seed=0, **settings):
    """Of a run whose folder and cache are forgotten."""
    from recipe.testing import open_context
    from recipe_steps.lr_range import LrRange

    with tempfile.TemporaryDirectory() as out:
        os.environ["RECIPE_CACHE"] = str(Path(out) / "cache")
        with open_context(LrRange(), declared, Path(out), seed=seed, **settings) as ctx:
            yield ctx


def reached(ctx, rate, seed):
    """What a training at a constant rate reaches in float32; infinite where it diverged."""
    from recipe.core.keys_and_seeds import derive_seed
    from recipe.training.loop import Training

    training = Training(
        ctx.experiment.with_params({"lr": rate}), ctx.data, seed=derive_seed(seed, "reference"),
        device=ctx.device, rates=[rate] * ITERATIONS, mode=ctx.careful_mode,
    )  # fmt: skip
    losses = training.losses(lambda _: False)
    if len(losses) < ITERATIONS:
        return math.inf
    return fmean(losses[-round(TAIL * ITERATIONS) :])


def reference(name, optimizer):
    """Rates, and for each of them what it reaches with every seed; recorded once."""
    from recipe.search.space import log_spaced

    known = json.loads(RECORD.read_text("utf-8")) if RECORD.exists() else {}
    label = f"{name}, {optimizer}"
    if label not in known:
        rates = log_spaced(*SPAN[optimizer], GRID)
        with context(experiment(name, optimizer)) as ctx:
            table = [[reached(ctx, rate, seed) for seed in SEEDS] for rate in rates]
        told = [[None if math.isinf(loss) else round(loss, 6) for loss in row] for row in table]
        known[label] = {"rates": rates, "losses": told}
        RECORD.write_text(json.dumps(known, indent=1) + "\n", "utf-8")
    found = known[label]
    losses = [[math.inf if loss is None else loss for loss in row] for row in found["losses"]]
    return found["rates"], losses
