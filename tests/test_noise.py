"""Standard errors of scores, against simulation."""

import random
from statistics import fmean, stdev

import pytest

from recipe.noise import chance_of_at_least, standard_error


def test_a_share_of_right_answers():
    source = random.Random(0)
    seen = [fmean(source.random() < 0.8 for _ in range(100)) for _ in range(2000)]
    assert standard_error(0.8, 100, shares=True) == pytest.approx(stdev(seen), rel=0.1)


def r_squared(source, true, items):
    y = [source.gauss(0, 1) for _ in range(items)]
    error = [source.gauss(0, (true / (1 - true)) ** -0.5) for _ in y]
    target = [a + b for a, b in zip(y, error, strict=True)]
    middle = fmean(target)
    return 1 - sum(e * e for e in error) / sum((t - middle) ** 2 for t in target)


def test_r_squared():
    source = random.Random(0)
    seen = [r_squared(source, 0.5, 100) for _ in range(2000)]
    assert standard_error(0.5, 100, shares=False) == pytest.approx(stdev(seen), rel=0.25)


def test_what_is_not_known():
    assert standard_error(0.8, 0, shares=True) == 0
    assert standard_error(40.0, 100, shares=False) == 0
    assert standard_error(-0.2, 100, shares=False) == pytest.approx(0.12)
    assert standard_error(1.0, 100, shares=True) == 0


def test_the_upper_tail_of_the_binomial_distribution():
    from scipy.stats import binom

    for count, items, share in ((1, 3, 0.1), (7, 20, 0.1), (60, 1000, 0.04), (900, 1000, 0.88),
                                (300, 100_000, 0.002), (5, 5, 0.5)):  # fmt: skip
        expected = binom.sf(count - 1, items, share)
        assert chance_of_at_least(count, items, share) == pytest.approx(expected, rel=1e-6)


def test_what_is_to_be_expected_and_what_is_impossible():
    assert chance_of_at_least(10, 100, 0.1) == 1
    assert chance_of_at_least(0, 100, 0.0) == 1
    assert chance_of_at_least(100, 100, 1.0) == 1
    assert chance_of_at_least(1, 100, 0.0) == 0
    assert chance_of_at_least(101, 100, 0.5) == 0
