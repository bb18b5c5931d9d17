import math
import random
import statistics
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recipe_steps.learning_curves.shapes import (
    Rise,
    first_drop,
    isotonic,
    known,
    relative_fall,
    rise,
    smooth,
)


@given(st.lists(st.floats(-9, 9), max_size=30), st.integers(0, 4))
def test_smooth_is_the_median_of_what_lies_within_reach(values, reach):
    for i, found in enumerate(smooth(values, reach)):
        assert found == statistics.median(v for j, v in enumerate(values) if abs(i - j) <= reach)


@pytest.mark.parametrize(
    ("curve", "found"),
    [((), []), ((1.0, 2.0), [1.0, 2.0]), ((1.0, None, 3.0), [1.0]), ((None, 1.0), [])],
)
def test_known(curve, found):
    assert known(curve) == found


@pytest.mark.parametrize(
    ("values", "share", "fall"),
    [
        ([6, 5, 4, 3, 2, 1], 0.3, (5.5 - 1.5) / 5.5),  # six points at least
        ([9] * 20 + [4, 4, 4, 3, 3, 3, 2, 2, 2, 9], 1 / 3, (4 - (2 + 2 + 9) / 3) / 4),
        ([1, 1, 1, 2, 2, 2], 0.3, -1.0),
        ([-1, -1, -1, -2, -2, -2], 0.3, 1.0),  # a loss may be negative
        ([0, 0, 0, 1, 1, 1], 0.3, None),
        ([5, 4, 3, 2, 1], 0.3, None),
        ([], 0.3, None),
    ],
)
def test_relative_fall(values, share, fall):
    assert relative_fall(values, share) == (None if fall is None else pytest.approx(fall))


@given(st.lists(st.integers(-9, 9), max_size=12))
def test_isotonic_is_the_closest_curve_that_never_falls(values):
    found = isotonic(values)
    assert len(found) == len(values)
    assert all(b >= a - 1e-9 for a, b in pairwise(found))
    n = len(values)
    for i, fit in enumerate(found):  # the max-min formula (Robertson 1988)
        slow = max(
            min(statistics.fmean(values[a : b + 1]) for b in range(i, n)) for a in range(i + 1)
        )
        assert fit == pytest.approx(slow)


@pytest.mark.parametrize(
    ("values", "found"),
    [
        ([3, 2, 1, 2, 3, 4], (1, 2, 3)),  # the median at 2 is 2, as at 1
        ([3, 3, 0, 3, 3, 2, 2, 2, 3], (5, 2, 2)),  # a single low point leaves no trace
        ([3, 1, 1, 1, 1, 1, 1, 9], (1, 1, 1)),  # one spike at the very end is no rise
        ([1] * 30 + [4] * 3, (0, 1, 4)),
        ([5, 4, 3], None),
        ([9, 8, 7, 6, 5, 4, 3], None),
        ([], None),
    ],
)
def test_rise(values, found):
    rose = rise(values)
    assert (rose and (rose.lowest, rose.least, rose.last)) == found


def test_the_error_of_a_rise_is_that_of_its_levels():
    source = random.Random(0)

    def curve(n, noise):
        return [1 + max(0, i / n - 0.3) + source.gauss(0, noise) for i in range(n)]

    errors = [rise(curve(100, 0.1)).error for _ in range(100)]
    expected = 0.1 * math.sqrt(math.pi / 2 * 2 / 10)  # difference of two medians of ten
    assert statistics.median(errors) == pytest.approx(expected, rel=0.3)
    assert rise(curve(100, 0)).error < 1e-3


def test_a_share_of_what_was_gained():
    assert Rise(3, 1.0, 1.5, 0.0).share_of(2.0) == 0.25
    assert Rise(3, 1.0, 1.5, 0.0).share_of(0.0) == math.inf


@pytest.mark.parametrize(
    ("lrs", "found"),
    [
        ([1, 1, 0.5, 0.25], 2),
        ([1, 0.51, 0.26], None),
        ([1, 0.51, 0.25], 2),
        ([0.1, 1, 0.9], None),
        ([1, 0.0, 0.0], None),  # the end of a cosine
        ([], None),
    ],
)
def test_first_drop(lrs, found):
    assert first_drop(lrs, 2.0) == found
