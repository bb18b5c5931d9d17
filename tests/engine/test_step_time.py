"""Which part of a budget of time a step has."""

from types import SimpleNamespace

import pytest

from recipe.core.budget import Budget, Meter
from recipe.core.clock import TimeUp, seconds_left
from recipe.engine.step_time import LEAST, time_before, time_for


@pytest.fixture
def now(monkeypatch):
    time = [1000.0]
    for module in ("core.budget", "core.clock", "engine.step_time"):
        monkeypatch.setattr(f"recipe.{module}.time.monotonic", lambda: time[0])
    return time


def context(budget, pace=None, best=None):
    meter = Meter(budget, started=1000.0)
    return SimpleNamespace(meter=meter, best_trial=best, experiment=SimpleNamespace(epochs=10),
                           lasts=lambda epochs: epochs * (pace or 0.0))  # fmt: skip


def step(needs=0.0, *, always=False):
    return SimpleNamespace(needs=needs, always=always)


GRID, LOOK = step(0.2), step(0.05)
SECONDS = Budget(100, "seconds")


@pytest.mark.parametrize(
    ("this", "later", "pace", "expected"),
    [
        (step(), [], None, 100),
        (step(), [GRID, LOOK], None, 75),
        (step(), [GRID, LOOK], 0.5, 90),  # two trainings take ten seconds
        (step(), [GRID, LOOK], 5.0, 75),
        (step(always=True), [GRID, LOOK], None, 100),
        (GRID, [LOOK], None, 95),
    ],
)
def test_a_step_leaves_to_later_ones_what_they_need(now, this, later, pace, expected):
    ctx = context(SECONDS, pace)
    with time_for(ctx, this, later):
        assert seconds_left() == pytest.approx(expected)
        assert ctx.meter.left == pytest.approx(expected)
    assert ctx.meter.left == 100


def test_where_nothing_is_left_only_what_is_owed_runs(now):
    now[0] += 99.5
    with pytest.raises(TimeUp), time_for(context(SECONDS), step(), [LOOK]):
        raise AssertionError("it ran")
    with time_for(context(SECONDS), step(always=True), [GRID]):
        assert seconds_left() == LEAST
    with time_for(context(SECONDS), GRID, [LOOK]):  # there is no model yet
        assert seconds_left() == LEAST
    with pytest.raises(TimeUp), time_for(context(SECONDS, best="a trial"), GRID, [LOOK]):
        raise AssertionError("it ran")


@pytest.mark.parametrize("budget", [None, Budget(1, "epochs")])
def test_other_budgets_limit_no_step(now, budget):
    now[0] += 1e6
    ctx = context(budget)
    ctx.meter.spend(5)
    with time_for(ctx, step(), [GRID]):
        assert seconds_left() == float("inf")
    with time_before(ctx, [GRID]):
        assert seconds_left() == float("inf")
