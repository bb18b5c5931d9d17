import itertools
import math
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recipe.search.space import grid, log_spaced, random_draws, rounded, thinned_grid

axes_of_values = st.dictionaries(
    st.sampled_from(["lr", "weight_decay", "width"]),
    st.lists(st.integers(0, 99), min_size=1, max_size=5, unique=True),
    min_size=1,
)
rates = st.floats(1e-8, 10)


@given(rates, st.floats(1.5, 1e6), st.integers(2, 12))
def test_log_spaced(low, ratio, count):
    found = log_spaced(low, low * ratio, count)
    assert len(found) == count
    for i, value in enumerate(found):
        assert value == pytest.approx(low * ratio ** (i / (count - 1)), rel=0.006)  # three digits


def test_log_spaced_examples():
    assert log_spaced(1e-4, 1e-1, 4) == [1e-4, 1e-3, 1e-2, 1e-1]
    assert log_spaced(0.01, 0.09, 1) == [0.03]


@given(rates)
def test_rounded(value):
    assert rounded(value) == pytest.approx(value, rel=0.005)
    assert rounded(rounded(value)) == rounded(value)
    assert len(f"{rounded(value):e}".split("e")[0].rstrip("0").replace(".", "")) <= 3


@given(axes_of_values)
def test_grid_has_every_combination_once(axes):
    cells = grid(axes)
    assert [tuple(cell.values()) for cell in cells] == list(itertools.product(*axes.values()))
    assert all(list(cell) == list(axes) for cell in cells)


@given(axes_of_values, st.integers(1, 30), st.integers(0, 5))
def test_thinned_grid(axes, limit, seed):
    cells = thinned_grid(axes, limit, seed)
    everything = grid(axes)
    if len(everything) <= limit:
        assert cells == everything
        return
    assert 0 < len(cells) <= limit
    assert all(cell in everything for cell in cells)
    assert len({tuple(cell.items()) for cell in cells}) == len(cells)
    assert cells == thinned_grid(axes, limit, seed)
    for name, values in axes.items():
        counts = Counter(cell[name] for cell in cells)
        assert max(counts.values()) <= math.ceil(limit / len(values))
        if limit >= len(values):
            assert set(counts) == set(values)


@settings(max_examples=10, deadline=None)
@given(st.floats(1e-6, 1e-2), st.floats(2, 1e3), st.integers(0, 9))
def test_random_draws_stay_in_range(low, ratio, seed):
    ranges, choices = {"lr": (low, low * ratio)}, {"width": [8, 16]}
    draws = random_draws(ranges, choices, 8, seed)
    assert draws == random_draws(ranges, choices, 8, seed)
    assert draws != random_draws(ranges, choices, 8, seed + 1)
    for draw in draws:
        assert low * 0.995 <= draw["lr"] <= low * ratio * 1.005
        assert draw["width"] in (8, 16)


def test_random_draws_are_log_uniform():
    draws = random_draws({"lr": (1e-4, 1.0)}, {"width": [8, 16]}, 400, 0)
    decades = Counter(math.floor(math.log10(draw["lr"])) for draw in draws)
    assert all(70 < decades[decade] < 130 for decade in (-4, -3, -2, -1))  # 100 +- 8.7 each
    assert 150 < sum(draw["width"] == 8 for draw in draws) < 250
