import random

import pytest

from recipe.core.budget import Budget, Meter


@pytest.mark.parametrize("iterations", [3, 47, 79, 94, 1000])
def test_parts_of_epochs_add_up_alike_in_any_order(iterations):
    part = round(0.3 * iterations) / iterations
    whole, parts = Meter(), Meter()
    source = random.Random(iterations)
    booked = [part, 1 - part, 2 * part, 1 + part, 7 / 9] * 20
    for epochs in booked:
        parts.spend(epochs)
    for epochs in source.sample(booked, len(booked)):
        whole.spend(epochs)
    assert parts.epochs == whole.epochs == pytest.approx(sum(booked), abs=1e-5)
    one = Meter()
    for epochs in (part, 1 - part):
        one.spend(epochs)
    assert one.epochs == 1


def test_what_is_left_of_a_budget():
    meter = Meter(Budget(2.0, "epochs"))
    assert (meter.left, meter.spent) == (2.0, False)
    meter.spend(0.5)
    assert meter.left == 1.5
    meter.spend(4)
    assert (meter.left, meter.spent) == (0.0, True)
    meter.spend(-4)  # what is trained again
    assert meter.left == 1.5
    assert Meter().left is None
    assert not Meter().spent


def test_the_pace_is_measured_from_the_first_training_on(monkeypatch):
    clock = [100.0]
    monkeypatch.setattr("recipe.core.budget.time.monotonic", lambda: clock[0])
    meter = Meter()
    meter.spend(3)
    assert meter.pace is None
    clock[0] += 50
    meter.mark()
    clock[0] += 4
    meter.spend(0.5)
    assert meter.pace is None  # less than an epoch says little
    meter.spend(1.5)
    assert meter.pace == pytest.approx(2.0)
