"""Cases of the rule about overfitting."""

import math
import random

import pytest

from recipe_steps.learning_curves import LearningCurves
from recipe_steps.learning_curves.overfitting import overfits, overfitting
from rule_cases import NAN, case, check, straight


def rising(last, least=1.0, train=(2.0, 0.2), **more):
    """Validation loss falls from 2 over the first 5 of 12 epochs, then rises to `last`."""
    val = straight(2.0, least, 5) + [least] * 3 + [last] * 4
    return {"val_loss": val, "train_loss": straight(*train), **more}


def held(end):
    """A score that ends here, after a best of 0.9."""
    return [0.5, 0.8, *[0.9] * 5, *[end] * 5]


def scored(end, best):
    """Shares of right answers on both sides; validation ends here, after a best one."""
    val = [0.5, 0.8, *[best] * 5, *[end] * 5]
    return {"val_score": val, "train_score": straight(0.5, 1.0), "chance": 0.5}


OVERFITTING = [
    case(overfitting, "warn", "rose by 50% after epoch 5, undoing 50% of", **rising(1.5)),
    case(overfitting, "warn", **rising(1.06)),
    case(overfitting, None, **rising(1.04)),  # a twenty-fifth of what had been gained
    case(overfitting, "warn", start=3.0, **rising(1.15)),
    case(overfitting, None, start=3.0, **rising(1.09)),  # more had been gained
    case(overfitting, "warn", start=NAN, **rising(1.06)),
    case(overfitting, "warn", **rising(1.93, least=1.88)),
    case(overfitting, None, **rising(1.92, least=1.88)),  # a fiftieth of the loss
    case(overfitting, "warn", "after epoch 1", val_loss=straight(2, 4), train_loss=straight(2, 0)),
    # so few items could differ by a quarter
    case(overfitting, None, **rising(1.24, items=16)),
    case(overfitting, "warn", **rising(1.26, items=16)),
    case(overfitting, "warn", **rising(1.24, items=NAN)),
    # the score holds, and little was lost
    case(overfitting, "note", **rising(1.49, items=400, val_score=held(0.89))),
    case(overfitting, "warn", **rising(1.51, items=400, val_score=held(0.89))),
    case(overfitting, "warn", **rising(1.14, items=400, val_score=held(0.88))),
    # the score falls, by a handful of items, and little was lost
    case(overfitting, "note", **rising(1.49, items=79, **scored(0.899, 0.99))),
    case(overfitting, "warn", **rising(1.49, items=81, **scored(0.899, 0.99))),
    case(overfitting, "warn", **rising(1.51, items=79, **scored(0.899, 0.99))),
    case(overfitting, "warn", **rising(1.49, items=79, **scored(0.899, 0.99) | {"chance": 0.0})),
    case(overfitting, "warn", **rising(1.49, items=NAN, **scored(0.899, 0.99))),
    case(overfitting, "warn", **rising(1.14, items=400, val_score=[NAN] * 12)),
    # training does not go on falling
    case(overfitting, None, **rising(1.5) | {"train_loss": [0.5] * 12}),
    case(overfitting, None, **rising(1.5) | {"train_loss": straight(1.0, 2.0)}),
    case(overfitting, None, val_loss=rising(1.5)["val_loss"]),
    # no rise: a spike, two curves that fall, too few epochs
    case(overfitting, None, **rising(1.5) | {"val_loss": straight(2, 1, 6) + [9.0] + [1.0] * 5}),
    case(overfitting, None, **rising(1.0)),
    case(overfitting, None, val_loss=[2.0, 1.0, 1.0, 2.0, 2.0], train_loss=straight(2, 0, 5)),
    case(overfitting, None, **rising(1.5) | {"val_loss": [2.0, 1.0, NAN, 9.0, 9.0, 9.0, 9.0]}),
]


@pytest.mark.parametrize("given", OVERFITTING, ids=str)
def test_rule(given):
    check(LearningCurves(), given)


def valley(n, lost, noise=0.0, seed=0):
    """A validation loss that falls from 2 to 0.5 and rises again by `lost`."""
    source = random.Random(seed)
    return [
        0.5 + 1.5 * math.exp(-12 * i / n) + lost * max(0.0, i / n - 0.3) / 0.7
        + 0.5 * noise * source.gauss(0, 1)
        for i in range(n)
    ]  # fmt: skip


@pytest.mark.parametrize("n", [8, 12, 50, 200, 1000])
def test_a_rise_is_found_at_every_length_and_scale(n):
    train = straight(2, 0.1, n)
    assert overfits(train, valley(n, 0.4))
    assert not overfits(train, valley(n, 0.02))
    for scale in (1e-6, 1e6):
        assert overfits(train, [scale * v for v in valley(n, 0.4)])


@pytest.mark.parametrize("n", [8, 12, 50, 200])
def test_noise_is_no_rise(n):
    train = straight(2, 0.1, n)
    said = [overfits(train, valley(n, 0.0, 0.05, seed)) is not None for seed in range(300)]
    assert sum(said) <= 3
    said = [overfits(train, valley(n, 0.4, 0.03, seed)) is not None for seed in range(100)]
    assert sum(said) >= 80


def test_a_double_descent_that_ends_low_is_no_overfitting():
    val = straight(2, 0.6, 20) + straight(0.6, 1.4, 20) + straight(1.4, 0.5, 60)
    assert not overfits(straight(2, 0, 100), val)
    assert overfits(straight(2, 0, 40), val[:40])
