import random

import pytest

from recipe.budget import Meter
from recipe.settings import Budget


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
