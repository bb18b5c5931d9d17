import math

import pytest

from recipe.core.budget import Budget, Meter
from recipe.plugin import Allowance


class Clock:
    """A meter whose time passes when it is told to."""

    def __init__(self, monkeypatch, budget):
        self.now = 100.0
        monkeypatch.setattr("recipe.core.budget.time.monotonic", lambda: self.now)
        self.meter = Meter(budget, started=100.0)

    def allowance(self, share=0.5, per_epoch=10, pace=None):
        return Allowance(self.meter, share, per_epoch, pace, lambda _, make: make())


def test_without_a_budget_everything_is_paid(monkeypatch):
    allowed = Clock(monkeypatch, None).allowance()
    assert allowed.pays("all", 1e9)
    assert allowed.iterations("tests", 7, least=20, most=100) == 100


def test_epochs_pay_for_a_share_of_what_is_left(monkeypatch):
    clock = Clock(monkeypatch, Budget(40, "epochs"))
    clock.meter.spend(20)
    allowed = clock.allowance()  # 10 epochs of 10 iterations
    assert allowed.iterations("tests", 4, least=20, most=100) == 25
    assert (allowed.pays("100", 100), allowed.pays("101", 101)) == (True, False)
    clock.meter.spend(6)
    assert (allowed.pays("40", 40), allowed.pays("41", 41)) == (True, False)


@pytest.mark.parametrize(("pace", "paid"), [(0.1, 300), (1.0, 30), (None, math.inf)])
def test_seconds_pay_by_the_pace_that_is_known(monkeypatch, pace, paid):
    allowed = Clock(monkeypatch, Budget(60, "seconds")).allowance(pace=pace)
    assert allowed.pays("as many", min(paid, 1e9))
    assert allowed.pays("more", paid + 1) == (pace is None)


def test_the_clock_corrects_a_pace_that_was_wrong(monkeypatch):
    clock = Clock(monkeypatch, Budget(60, "seconds"))
    allowed = clock.allowance(pace=0.1)
    clock.meter.spend(2)  # 20 iterations, a second each
    clock.now += 20
    assert allowed.iterations("tests", 1, least=1, most=100) == 10
    clock.now += 20
    assert not allowed.pays("one more", 1)


def test_something_is_always_tried(monkeypatch):
    clock = Clock(monkeypatch, Budget(60, "seconds"))
    allowed = clock.allowance(pace=0.1)
    clock.now += 100
    assert allowed.iterations("tests", 5, least=20, most=100) == 20


def test_a_question_is_answered_once(monkeypatch):
    kept = {}
    clock = Clock(monkeypatch, Budget(60, "seconds"))
    allowed = Allowance(clock.meter, 0.5, 10, 0.1, lambda name, make: kept.setdefault(name, make()))
    assert allowed.pays("more", 300)
    clock.now += 50
    assert allowed.pays("more", 300)
    assert not allowed.pays("another", 300)


@pytest.mark.parametrize(("unit", "paid"), [("epochs", True), ("seconds", False)])
def test_what_only_time_limits_is_paid_though_the_epochs_are_spent(monkeypatch, unit, paid):
    clock = Clock(monkeypatch, Budget(40, unit))
    clock.meter.spend(40)
    clock.now += 40
    decide = lambda _, make: make()  # noqa: E731
    allowed = Allowance(clock.meter, 0.5, 10, 0.1, decide, only_time=True)
    assert allowed.pays("a test", 100) == paid
    assert allowed.iterations("tests", 4, least=20, most=100) == (100 if paid else 20)
