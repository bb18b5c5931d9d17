"""Drawn data whose labels are sound, and whose labels are not: what the probe of labels says.

    python tests/faults/label_draws.py [--held-out] [--draws 40]

Each kind is a function of a generator to (x, y, kind of target); a fault changes the labels of a
sound one. Prints, for each, how often each finding came.

The first look at the held-out half, 20 draws of each kind: none of 200 sound ones was told. Shuffled
training labels of numbers and photos and shuffled validation labels of photos 60 of 60, of wine 1 of
20 (45 validation items are too few); all labels of moons 18 of 20, as a note. Wrong labels of fifty
shapes 40 of 40, 5 % of handwritten numbers 0 of 20: wrong answers among the surest had to be half of
all. Since they have to be a quarter, which let nothing through in 360 new sound draws, 17 of 20.
"""

import argparse
import sys
import time
from collections import Counter
from pathlib import Path

import numpy as np
import torch
from sklearn.datasets import load_digits, make_classification

HERE = Path(__file__).parent
CLASS, REAL, YES_NO = "class index", "real", "zero or one"


def table(r):
    classes = int(r.integers(2, 11))
    x, y = make_classification(
        int(r.integers(200, 1500)), int(r.integers(12, 40)), n_informative=8, n_classes=classes,
        n_clusters_per_class=1, class_sep=float(r.uniform(0.3, 2.5)), flip_y=0,
        random_state=int(r.integers(1e6)),
    )  # fmt: skip
    return x, y, CLASS


def rare(r):
    n = int(r.integers(300, 1500))
    y = (r.random(n) < r.uniform(0.02, 0.2)).astype(int)
    return r.normal(size=(n, 5)) + r.uniform(0.5, 2) * y[:, None], y, YES_NO


def xor_with_flips(r):
    x = r.normal(size=(int(r.integers(300, 1000)), 2))
    return x, ((x[:, 0] * x[:, 1] > 0) ^ (r.random(len(x)) < 0.15)).astype(int), YES_NO


def parity(r):
    x = r.integers(0, 2, size=(600, int(r.integers(3, 8))))
    return x.astype(float), x.sum(1) % 2, CLASS


def many_clouds(r):
    """A hundred classes that overlap more or less."""
    y = r.integers(0, 100, 2000)
    means = r.normal(size=(100, 20))
    return means[y] + r.uniform(0.2, 1.5) * r.normal(size=(2000, 20)), y, CLASS


def digits(r):
    x, y = load_digits(return_X_y=True)
    some = r.permutation(len(x))[: int(r.integers(300, 1797))]
    return x[some].reshape(-1, 1, 8, 8) / 16, y[some], CLASS


def dim_digits(r):
    """Under noise that hides some of them."""
    x, y, kind = digits(r)
    return x + r.uniform(0.1, 0.8) * r.normal(size=x.shape), y, kind


def covered_digits(r):
    """Half of some pictures is missing."""
    x, y, kind = digits(r)
    hidden = r.random(len(x)) < r.uniform(0.05, 0.5)
    x[hidden, :, :, 4:] = 0
    return x, y, kind


def two_that_look_alike(r):
    """Pictures of two numbers under a third label each: threes as eights now and then."""
    x, y, kind = digits(r)
    return x, np.where((y == 3) & (r.random(len(y)) < 0.3), 8, y), kind


def line(r):
    x = r.normal(size=(int(r.integers(200, 800)), 6))
    return x, x[:, 0] * r.uniform(0.3, 2) + r.normal(size=len(x)), REAL


def relabelled(share):
    def change(y, r):
        count = int(y.max()) + 1
        return np.where(r.random(len(y)) < share, (y + r.integers(1, count, len(y))) % count, y)

    return change


SOUND = (table, rare, xor_with_flips, parity, many_clouds, digits, dim_digits, covered_digits,
         two_that_look_alike, line)  # fmt: skip


def clear_clouds(r):
    y = r.integers(0, 100, 2000)
    return r.normal(size=(100, 20))[y] + 0.4 * r.normal(size=(2000, 20)), y, CLASS


def of_part(part):
    """Labels of one part, or of both, handed round."""

    def change(y, r, val):
        which = {"train": ~val, "val": val, "both": np.ones(len(y), bool)}[part]
        y = y.copy()
        y[which] = r.permutation(y[which])
        return y

    return change


FAULTS = {
    "5 % of digits": (digits, relabelled(0.05)), "10 % of digits": (digits, relabelled(0.1)),
    "30 % of a hundred classes": (clear_clouds, relabelled(0.3)),
    "digits, training shuffled": (digits, of_part("train")),
    "digits, validation shuffled": (digits, of_part("val")),
    "digits, all shuffled": (digits, of_part("both")),
    "table, training shuffled": (table, of_part("train")),
    "line, training shuffled": (line, of_part("train")),
}  # fmt: skip


def said(make, change, seed):
    """What is found in one draw, and the seconds it took."""
    from recipe.testing import judge_scalars
    from recipe_steps.inspect import Inspect
    from recipe_steps.inspect.label_probe import label_probe

    r = np.random.default_rng(seed)
    x, y, kind = make(r)
    val = r.random(len(x)) < 0.25
    if change is not None:
        y = change(y, r, val) if change.__code__.co_argcount == 3 else change(y, r)
    x, y = torch.tensor(x).float(), torch.tensor(y)
    start = time.perf_counter()
    marks = label_probe((x[~val], y[~val]), (x[val], y[val]), kind)
    seconds = time.perf_counter() - start
    return [f"{f.rule} {f.severity}" for f in judge_scalars(Inspect(), marks)], seconds


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--held-out", action="store_true")
    parser.add_argument("--draws", type=int, default=40)
    given = parser.parse_args()
    torch.set_num_threads(1)
    sound, faults, first = SOUND, FAULTS, 0
    if given.held_out:
        sys.path.insert(0, str(HERE))
        import label_draws_held_out as held

        sound, faults, first = held.SOUND, held.FAULTS, 10_000
    todo = [(f"sound: {make.__name__}", make, None) for make in sound]
    todo += [(name, make, change) for name, (make, change) in faults.items()]
    for name, make, change in todo:
        found, longest = Counter(), 0.0
        for seed in range(first, first + given.draws):
            rules, seconds = said(make, change, seed)
            found.update(rules or ["nothing"])
            longest = max(longest, seconds)
        print(f"{name}: {dict(found)}, {longest:.1f} s at most", flush=True)


if __name__ == "__main__":
    main()
