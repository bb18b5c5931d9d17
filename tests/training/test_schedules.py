import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recipe.experiment import SCHEDULES as NAMES
from recipe.training.schedules import SCHEDULES, restart_rates, schedule_rates, with_warmup

SLOW = {
    "constant": lambda t: 1.0,
    "step": lambda t: 1.0 if t < 0.5 else 0.1 if t < 0.75 else 0.01,
    "cosine": lambda t: (1 + math.cos(t * math.pi)) / 2,
    "linear": lambda t: 1 - t,
    "inverse_sqrt": lambda t: (1 + 99 * t) ** -0.5,
}


def test_the_names_of_an_experiment_are_the_schedules():
    assert set(NAMES) == set(SCHEDULES) == set(SLOW)


@pytest.mark.parametrize("name", SLOW)
def test_each_shape(name):
    for i in range(101):
        assert SCHEDULES[name](i / 100) == pytest.approx(SLOW[name](i / 100), abs=1e-12)
    assert SCHEDULES[name](0.0) == 1.0


@pytest.mark.parametrize(
    ("name", "progress", "factor"),
    [
        ("step", 0.4999, 1.0),
        ("step", 0.5, 0.1),
        ("step", 0.75, 0.01),
        ("cosine", 0.5, 0.5),
        ("cosine", 1 / 3, 0.75),
        ("cosine", 1.0, 0.0),
        ("linear", 0.25, 0.75),
        ("inverse_sqrt", 1.0, 0.1),
        ("inverse_sqrt", 3 / 99, 0.5),
    ],
)
def test_values_of_the_lecture(name, progress, factor):
    assert SCHEDULES[name](progress) == pytest.approx(factor, abs=1e-12)


def test_warmup_rises_in_a_line_and_the_shape_follows_over_the_rest():
    factor = with_warmup("cosine", 0.2)
    assert [factor(p) for p in (0.0, 0.05, 0.1)] == pytest.approx([0, 0.25, 0.5])
    assert [factor(p) for p in (0.2, 0.6, 1.0)] == pytest.approx([1, 0.5, 0], abs=1e-12)
    assert with_warmup("step", 0.0) is SCHEDULES["step"]


@pytest.mark.parametrize("name", SLOW)
def test_rates_follow_the_shape(name):
    expected = [0.3 * SLOW[name](i / 20) for i in range(20)]
    assert schedule_rates(0.3, name, 0.0, 20) == pytest.approx(expected)


def test_rates_of_a_callable_and_of_a_warmup():
    assert schedule_rates(2.0, lambda p: 1 - p / 2, 0.0, 4) == pytest.approx([2, 1.75, 1.5, 1.25])
    assert schedule_rates(1.0, "constant", 0.5, 4) == pytest.approx([0.25, 0.75, 1, 1])


@given(
    name=st.sampled_from(sorted(SLOW)),
    warmup=st.floats(0, 0.9),
    iterations=st.integers(1, 200),
    lr=st.floats(1e-6, 10),
)
def test_there_is_one_rate_per_iteration_above_zero_and_never_above_lr(
    name, warmup, iterations, lr
):
    found = schedule_rates(lr, name, warmup, iterations)
    assert len(found) == iterations
    assert all(0 < rate <= lr * (1 + 1e-12) for rate in found)


@pytest.mark.parametrize("cycles", [(10,), (10, 10, 5), (3, 1)])
def test_restarts_fall_like_a_cosine_in_every_cycle(cycles):
    found = restart_rates(0.2, 0.0, cycles)
    expected = [
        0.1 * (1 + math.cos(math.pi * i / length)) for length in cycles for i in range(length)
    ]
    assert found == pytest.approx(expected)


def test_only_the_first_cycle_warms_up():
    found = restart_rates(0.2, 0.5, (10, 10))
    assert found[0] < found[4] < 0.2
    assert found[:10] == schedule_rates(0.2, "cosine", 0.5, 10)
    assert found[10] == 0.2
