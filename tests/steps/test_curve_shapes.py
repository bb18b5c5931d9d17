import statistics

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recipe_steps.learning_curves.shapes import (
    first_drop,
    known,
    relative_fall,
    rise_from_lowest,
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


@pytest.mark.parametrize(
    ("values", "found"),
    [
        ([3, 2, 1, 2, 3, 4], (1, 2, 3)),  # the median at 2 is 2, as at 1
        ([3, 3, 0, 3, 3, 2, 2, 2, 3], (5, 2, 2)),  # a single low point leaves no trace
        ([5, 4, 3], (2, 3.5, 4)),
        ([3, 1, 1, 1, 1, 1, 1, 9], (1, 1, 1)),  # one spike at the very end is no rise
        ([1] * 30 + [4] * 3, (0, 1, 4)),
    ],
)
def test_rise_from_lowest(values, found):
    assert rise_from_lowest(values) == found


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
