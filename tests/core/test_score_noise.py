"""Standard errors of scores, against simulation."""

import random
from statistics import fmean, stdev

import pytest

from recipe.core.score_noise import standard_error


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
