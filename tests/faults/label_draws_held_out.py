"""The held-out half of label_draws.py: kinds of data that no threshold was chosen on."""

import gzip
import os
from functools import cache
from pathlib import Path

import numpy as np
from label_draws import CLASS, REAL, YES_NO, of_part, relabelled
from sklearn.datasets import load_breast_cancer, load_diabetes, load_iris, load_wine, make_moons

DATA = Path(
    os.environ.get(
        "RECIPE_TEST_DATA", Path(__file__).resolve().parents[2].parent / "shared" / "data"
    )
)


@cache
def photographs(most=4000):
    from torchvision.datasets import ImageFolder

    folder = ImageFolder(str(DATA / "cifar10" / "train"))
    order = np.random.default_rng(0).permutation(len(folder))[:most]
    x = np.stack([np.asarray(folder[i][0]) for i in order]).transpose(0, 3, 1, 2)
    return x / 255, np.array([folder[i][1] for i in order])


@cache
def numbers(most=4000):
    folder = DATA / "mnist10k"
    x, y = (
        np.frombuffer(gzip.decompress((folder / name).read_bytes()), np.uint8, offset=offset)
        for name, offset in (("t10k-images-idx3-ubyte.gz", 16), ("t10k-labels-idx1-ubyte.gz", 8))
    )
    return x.reshape(-1, 1, 28, 28)[:most] / 255, y[:most].astype(int)


def some(x, y, r, low, high):
    rows = r.permutation(len(x))[: int(r.integers(low, high))]
    return x[rows], y[rows], CLASS


def handwritten(r):
    return some(*numbers(), r, 400, 2500)


def photos(r):
    return some(*photographs(), r, 400, 2500)


def wine_and_noise(r):
    x, y = load_wine(return_X_y=True)
    return np.hstack([x, r.normal(size=(len(x), 20))]), y, CLASS


def cancer_of_few_columns(r):
    x, y = load_breast_cancer(return_X_y=True)
    return x[:, r.permutation(30)[:3]], y, YES_NO


def iris_again(r):
    x, y = load_iris(return_X_y=True)
    return x + 0.3 * r.normal(size=x.shape), y, CLASS


def diabetes(r):
    x, y = load_diabetes(return_X_y=True)
    return x[:, r.permutation(10)[:5]], y, REAL


def moons(r):
    x, y = make_moons(
        int(r.integers(200, 900)),
        noise=float(r.uniform(0.1, 0.6)),
        random_state=int(r.integers(1e6)),
    )
    return x, y, YES_NO


def drawn_by_chance(r):
    """Eight classes of which the inputs tell the chances alone."""
    x = r.normal(size=(1200, 24))
    logits = x @ r.normal(size=(24, 8)) * r.uniform(0.1, 2)
    return x, (logits + r.gumbel(size=logits.shape)).argmax(1), CLASS


def counts(r):
    x = r.normal(size=(500, 4))
    return x, r.poisson(np.exp(0.5 + 0.5 * x[:, 0])).astype(float), REAL


def board(r):
    x = r.uniform(0, 3, size=(900, 2))
    return x, np.floor(x).sum(1).astype(int) % 2, CLASS


SOUND = (handwritten, photos, wine_and_noise, cancer_of_few_columns, iris_again, diabetes, moons,
         drawn_by_chance, counts, board)  # fmt: skip


def fifty_shapes(r):
    """Pictures of fifty kinds under noise."""
    y = r.integers(0, 50, 1500)
    return r.random((50, 3, 10, 10))[y] + 0.3 * r.normal(size=(1500, 3, 10, 10)), y, CLASS


FAULTS = {
    "5 % of handwritten numbers": (handwritten, relabelled(0.05)),
    "30 % of fifty shapes": (fifty_shapes, relabelled(0.3)),
    "5 % of fifty shapes": (fifty_shapes, relabelled(0.05)),
    "handwritten, training shuffled": (handwritten, of_part("train")),
    "photos, training shuffled": (photos, of_part("train")),
    "photos, validation shuffled": (photos, of_part("val")),
    "wine, training shuffled": (wine_and_noise, of_part("train")),
    "moons, all shuffled": (moons, of_part("both")),
}
