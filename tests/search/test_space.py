import itertools
import math
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recipe import integers, log_uniform, uniform, when
from recipe.ranges import rounded
from recipe.search.space import (
    grid,
    listed_values,
    log_spaced,
    proposed_cells,
    quasi_random,
    random_draws,
    thinned_grid,
)

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


DRAWS = [random_draws, quasi_random]
SPACE = {"norm": ["batch", "group"], "groups": when("norm", "group", [2, 4])}


@pytest.mark.parametrize("draw", DRAWS)
@settings(max_examples=5, deadline=None)
@given(st.floats(1e-6, 1e-2), st.floats(2, 1e3), st.integers(0, 9))
def test_draws_stay_in_range_and_depend_on_the_seed_alone(draw, low, ratio, seed):
    axes = {"lr": log_uniform(low, low * ratio), "width": [8, 16], "depth": integers(1, 3)}
    cells = draw(axes, 8, seed)
    assert cells == draw(axes, 8, seed)
    assert cells != draw(axes, 8, seed + 1)
    for cell in cells:
        assert low <= cell["lr"] <= low * ratio
        assert cell["width"] in (8, 16)
        assert cell["depth"] in (1, 2, 3)


@pytest.mark.parametrize("draw", DRAWS)
def test_draws_are_spread_in_the_logarithm(draw):
    cells = draw({"lr": log_uniform(1e-4, 1.0), "width": [8, 16]}, 400, 0)
    decades = Counter(math.floor(math.log10(cell["lr"])) for cell in cells)
    assert all(70 < decades[decade] < 130 for decade in (-4, -3, -2, -1))  # 100 +- 8.7 each
    assert 150 < sum(cell["width"] == 8 for cell in cells) < 250


def test_quasi_random_points_leave_no_large_gap_on_any_axis():
    """In 16 points of 3 axes; 16 random ones leave a sixth of an axis empty, most times."""
    axes = {name: uniform(0.0, 1.0) for name in "abc"}
    for seed in range(5):
        cells = quasi_random(axes, 16, seed)
        for name in axes:
            values = [0.0, *sorted(cell[name] for cell in cells), 1.0]
            assert max(b - a for a, b in itertools.pairwise(values)) < 0.15


@pytest.mark.parametrize("draw", DRAWS)
def test_a_parameter_is_drawn_only_where_its_condition_holds(draw):
    cells = draw({"lr": log_uniform(1e-3, 1.0), **SPACE}, 40, 3)
    assert {cell["norm"] for cell in cells} == {"batch", "group"}
    assert all(("groups" in cell) == (cell["norm"] == "group") for cell in cells)


@pytest.mark.parametrize("draw", DRAWS)
def test_equal_draws_count_once(draw):
    assert len(draw({"width": [8, 16]}, 10, 0)) == 2


def test_the_values_that_a_grid_takes_of_an_axis():
    assert listed_values([1, 2]) == [1, 2]
    assert listed_values(uniform(0.0, 0.4)) == [0.0, 0.2, 0.4]
    assert listed_values(integers(3, 4)) == [3, 4]
    assert listed_values(when("norm", "group", [2, 4])) == [2, 4]


def bowl(cell):
    """Best at 0.01 and a width of 32; the colour does not matter."""
    return -((math.log10(cell["lr"]) + 2) ** 2) - (0.0 if cell["width"] == 32 else 1.0)


def test_proposals_gather_where_scores_are_best():
    axes = {"lr": log_uniform(1e-5, 10.0), "width": [8, 16, 32], "colour": ["red", "blue"]}
    known = [(cell, bowl(cell)) for cell in quasi_random(axes, 24, 1)]
    found = [cell for seed in range(5) for cell in proposed_cells(axes, known, 4, seed)]
    blind = [cell for seed in range(5) for cell in random_draws(axes, 4, seed)]
    mean = [sum(map(bowl, cells)) / len(cells) for cells in (found, blind)]
    assert mean[0] > mean[1] / 2
    assert proposed_cells(axes, known, 4, 0) == proposed_cells(axes, known, 4, 0)
    assert not [cell for cell in found if cell in [params for params, _ in known]]


def test_proposals_take_in_what_was_tried_beyond_a_range_and_what_a_condition_left_out():
    axes = {"lr": log_uniform(1e-3, 1e-1), **SPACE}
    known = [({"lr": 1.0, "norm": "batch"}, 0.9), ({"lr": 0.01, "norm": "group", "groups": 2}, 0.5)]
    for cell in proposed_cells(axes, known, 6, 0):
        assert 1e-3 <= cell["lr"] <= 1.0
        assert ("groups" in cell) == (cell["norm"] == "group")
