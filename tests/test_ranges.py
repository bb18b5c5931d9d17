import math
from collections import Counter

import pytest

import recipe
from recipe import UsageError
from recipe.ranges import Range, When, active_params, check, plain


def test_a_range_is_spread_evenly():
    assert [recipe.uniform(0.0, 0.5).at(unit) for unit in (0, 0.5, 1)] == [0.0, 0.25, 0.5]
    assert [recipe.log_uniform(1e-4, 1e-2).at(unit) for unit in (0, 0.5, 1)] == [1e-4, 1e-3, 1e-2]
    assert recipe.uniform(0.0, 1.0).at(0.123456) == 0.123
    assert recipe.log_uniform(0.00123456, 1.0).at(0.0) == 0.00123456  # its own end, to all digits


def test_whole_numbers_come_equally_often_and_both_ends_too():
    three = recipe.integers(2, 4)
    found = Counter(three.at((k + 0.5) / 300) for k in range(300))
    assert found == {2: 100, 3: 100, 4: 100}
    assert all(isinstance(value, int) for value in found)
    wide = recipe.integers(1, 100, log=True)
    assert (wide.at(0.0), wide.at(1.0)) == (1, 100)
    assert 5 < wide.at(0.5) < 15


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: recipe.uniform(1.0, 0.0), "from 1.0 to 0.0"),
        (lambda: recipe.uniform(1.0, 1.0), "low first"),
        (lambda: recipe.uniform(0.0, math.nan), "nan"),
        (lambda: recipe.uniform(0.0, math.inf), "inf"),
        (lambda: recipe.uniform("a", 1.0), "'a'"),
        (lambda: recipe.uniform(False, True), "False"),
        (lambda: recipe.log_uniform(0.0, 1.0), "above zero"),
        (lambda: recipe.integers(1, 2.5), "2.5"),
    ],
)
def test_an_impossible_range_is_one_sentence(make, says):
    with pytest.raises(UsageError, match=says):
        make()


def test_a_condition_takes_one_value_or_several():
    assert recipe.when("norm", "group", [2, 4]) == When("norm", ("group",), [2, 4])
    assert recipe.when("depth", (2, 3), [8]).values == (2, 3)


SPACE = {
    "norm": ["batch", "group"],
    "groups": recipe.when("norm", "group", [2, 4]),
    "affine": recipe.when("groups", 4, [True, False]),
}


def test_parameters_whose_condition_fails_are_left_out():
    full = {"lr": 0.1, "norm": "group", "groups": 4, "affine": True}
    assert active_params(full, SPACE) == full
    assert active_params({**full, "groups": 2}, SPACE) == {"lr": 0.1, "norm": "group", "groups": 2}
    assert active_params({**full, "norm": "batch"}, SPACE) == {"lr": 0.1, "norm": "batch"}


def test_a_sound_space_is_accepted():
    check(SPACE)
    check({"width": Range(8, 64, whole=True), "deep": recipe.when("width", [8, 16], [1, 2])})


@pytest.mark.parametrize(
    ("space", "says"),
    [
        ({"groups": recipe.when("norm", "group", [2])}, "put 'norm' into the space"),
        ({"groups": recipe.when("norm", "group", [2]), "norm": ["group"]}, "before 'groups'"),
        ({"norm": ["batch"], "groups": recipe.when("norm", "group", [2])}, "never one of these"),
        ({"norm": ["group"], "groups": recipe.when("norm", "group", "ab")}, "list of values"),
        ({"norm": ["group"], "groups": recipe.when("norm", "group", [])}, "list of values"),
        ({"width": 3}, "'width': 3"),
    ],
)
def test_a_space_that_cannot_be_searched_is_one_sentence(space, says):
    with pytest.raises(UsageError, match=says):
        recipe.Experiment(model=lambda: None, train=None, space=space)


def test_scientific_values_are_searched_like_a_list():
    axis = recipe.scientific([0.0, 0.2])
    assert plain(axis) == (0.0, 0.2)
    check({"dropout": axis})
    recipe.Experiment(model=list, train=1, space={"dropout": axis})


@pytest.mark.parametrize("values", [[0.1], [0.1, 0.1], "ab", 3, []])
def test_nothing_is_compared_with_less_than_two_values(values):
    with pytest.raises(UsageError, match="two or more values that differ"):
        recipe.scientific(values)
