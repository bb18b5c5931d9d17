import math
import statistics

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recipe.search.halving import (
    ERRORS,
    LEAST_ITERATIONS,
    Halving,
    Standing,
    behind_in_loss,
    behind_in_score,
    compared_losses,
    group_of,
)


@pytest.mark.parametrize(("epochs", "rung"), [(1, 1 / 3), (2, 2 / 3), (3, 1), (9, 3), (30, 10)])
def test_scores_are_compared_at_the_end_of_an_epoch_unless_that_is_too_late(epochs, rung):
    assert Halving(share=1 / 3).rung(epochs, 1000) == pytest.approx(rung)


@pytest.mark.parametrize(
    ("epochs", "iterations", "warmup", "rung"),
    [
        (1, 1000, 0.0, 0.25),
        (5, 1000, 0.0, 1.25),
        (2, 1000, 0.5, 1.25),  # a quarter of what follows the warm-up
        (1, LEAST_ITERATIONS * 3, 0.0, 1 / 3),  # later, for the least number of iterations
        (1, LEAST_ITERATIONS * 2 - 1, 0.0, None),  # too late to be worth it
        (10, 12, 0.0, 2.5),
    ],
)
def test_losses_are_compared_after_any_iteration(epochs, iterations, warmup, rung):
    found = Halving(share=1 / 4, on_losses=True).rung(epochs, iterations, warmup)
    assert found == (None if rung is None else pytest.approx(rung))


@pytest.mark.parametrize(
    ("halving", "count", "cost"),
    [
        (Halving(1 / 4, 0.5), 9, 9 / 4 + 5 * 3 / 4),
        (Halving(1 / 4, 0.5), 1, 1.0),  # nobody to be compared with
        (Halving(1 / 8, 0.4, then=Halving(1 / 3, 0.5)), 4, 4 / 8 + 2 * (1 / 3 - 1 / 8) + 2 / 3),
        (Halving(1 / 8, 0.4, then=Halving(1 / 3, 0.5)), 2, 2 / 8 + 7 / 8),
    ],
)
def test_the_cost_of_trials_that_are_cut(halving, count, cost):
    assert halving.cost(count) == pytest.approx(cost)


@pytest.mark.parametrize("on_losses", [False, True])
@pytest.mark.parametrize(("epochs", "rung"), [(1, None), (2, 1), (3, 1), (9, 3)])
def test_where_an_epoch_cannot_pause_the_cut_is_between_two(on_losses, epochs, rung):
    halving = Halving(share=1 / 3, on_losses=on_losses)
    assert halving.rung(epochs, 1000, whole=True) == rung


def test_trials_are_compared_with_those_of_the_same_model():
    one = group_of({"lr": 0.1, "weight_decay": 1e-4, "epochs": 3, "dropout": 0.5})
    assert one == group_of({"dropout": 0.5, "lr": 0.2, "schedule": "cosine", "momentum": 0.5})
    assert one != group_of({"dropout": 0.2, "lr": 0.1})
    assert one != group_of({"dropout": 0.5, "batch_size": 8})


@pytest.mark.parametrize("n", [30, 31, 40, 1000])
def test_a_course_is_the_later_half_of_the_losses(n):
    losses = [float(i) for i in range(n)]
    found = compared_losses(losses)
    assert len(found) == min(20, n - n // 2)
    weights = [n // 2 + (i + 0.5) * (n - n // 2) / len(found) - 0.5 for i in range(len(found))]
    assert found == pytest.approx(weights, abs=1)


scores = st.lists(st.none() | st.sampled_from([0.1, 0.2, 0.3, 0.4]), min_size=1, max_size=9)


@given(scores, st.sampled_from([0.1, 0.4, 0.5, 1.0]))
def test_behind_in_score_is_who_has_enough_betters(values, keep):
    behind = behind_in_score([Standing((), score) for score in values], keep)
    kept = max(1, math.ceil(len(values) * keep))

    def better(a, b):
        return a is not None and (b is None or a > b)

    def before(j, k):
        return better(values[j], values[k]) or (j < k and not better(values[k], values[j]))

    places = range(len(values))
    assert behind == {k for k in places if sum(before(j, k) for j in places) >= kept}


def standings(*courses, groups=None):
    return [Standing(groups[k] if groups else (), None, c) for k, c in enumerate(courses)]


def test_the_higher_losses_are_behind():
    courses = [tuple(level + 0.01 * (i % 3) for i in range(15)) for level in (4, 1, 3, 2)]
    assert behind_in_loss(standings(*courses), 0.5) == {0, 2}
    assert behind_in_loss(standings(*courses), 0.75) == {0}
    assert behind_in_loss(standings(*courses), 0.1) == {0, 2, 3}
    assert behind_in_loss(standings(*courses), 1.0) == set()


def test_each_group_keeps_its_own():
    courses = [(level,) * 15 for level in (4.0, 3.0, 2.0, 1.0)]
    assert behind_in_loss(standings(*courses, groups="aabb"), 0.5) == {0, 2}
    assert behind_in_loss(standings(*courses, groups="abcd"), 0.5) == set()


def test_who_failed_is_behind_and_who_is_unknown_is_not_compared():
    level = [(x,) * 15 for x in (3.0, 2.0, 1.0)]
    assert behind_in_loss(standings(level[0], (), (), level[1]), 0.5) == {1, 2}
    assert behind_in_loss(standings(level[0], None, None, level[1]), 0.5) == {0}
    assert behind_in_loss(standings((), (), ()), 0.5) == set()
    assert behind_in_loss(standings(None, None), 0.5) == set()


@given(
    st.lists(st.lists(st.floats(-1, 1), min_size=15, max_size=15), min_size=2, max_size=6),
    st.floats(0, 1),
)
def test_behind_in_loss_is_beyond_the_noise_of_paired_differences(noise, apart):
    courses = [tuple(k * apart + v for v in values) for k, values in enumerate(noise)]
    means = [sum(c) / len(c) for c in courses]
    order = sorted(range(len(courses)), key=means.__getitem__)
    bar = order[math.ceil(len(courses) / 2) - 1]
    expected = set()
    for k in order[math.ceil(len(courses) / 2) :]:
        above = [a - b for a, b in zip(courses[k], courses[bar], strict=True)]
        error = statistics.stdev(above) / len(above) ** 0.5
        if statistics.mean(above) > ERRORS * error:
            expected.add(k)
    if len({round(mean, 9) for mean in means}) == len(means):  # else rounding decides the order
        assert behind_in_loss(standings(*courses), 0.5) == expected
