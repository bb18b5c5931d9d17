import random

import pytest

from recipe.core.budget import MOST_FOR_REPORT, REPORT_SHARE, Budget, Meter, parse_budget


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


def test_a_budget_of_time_keeps_a_part_for_the_report(monkeypatch):
    clock = [100.0]
    monkeypatch.setattr("recipe.core.budget.time.monotonic", lambda: clock[0])
    meter = Meter(Budget(20.0, "seconds"), started=100.0)
    assert (meter.left, meter.deadline, meter.end) == (20.0, 120.0, 120.0)
    meter.keep_for_report()
    kept = REPORT_SHARE * 20.0
    assert (meter.left, meter.deadline, meter.end) == (20.0 - kept, 120.0 - kept, 120.0)
    with meter.keeping(0.5):
        assert meter.left == pytest.approx(10.0 - kept)
    clock[0] += 18
    assert meter.spent
    assert meter.out_of_time()
    long = Meter(Budget(3600.0, "seconds"), started=100.0)
    long.keep_for_report()
    assert long.end - long.deadline == MOST_FOR_REPORT


@pytest.mark.parametrize("budget", [None, Budget(20.0, "epochs")])
def test_other_budgets_know_no_deadline(budget):
    meter = Meter(budget)
    meter.keep_for_report()
    with meter.keeping(0.5):
        assert (meter.end, meter.deadline, meter.kept) == (None, None, 0.0)
        assert meter.left == (None if budget is None else 20.0)


def test_thinking_about_an_answer_does_not_count(monkeypatch):
    clock = [100.0]
    monkeypatch.setattr("recipe.core.budget.time.monotonic", lambda: clock[0])
    meter = Meter(Budget(20.0, "seconds"), started=100.0)
    clock[0] += 3
    with meter.paused():
        clock[0] += 500
    assert (meter.seconds, meter.left) == (3.0, 17.0)


def test_what_is_left_out_is_said_once_with_its_reason():
    meter = Meter(Budget(40.0, "seconds"))
    meter.leave_out("finish", "one training takes 30 s")
    meter.leave_out("the proof of a")
    meter.leave_out("the proof of a")
    assert [(said.what, said.why) for said in meter.left_out] == [
        ("finish", "one training takes 30 s"), ("the proof of a", "40s were used up"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("written", "seconds"),
    [
        ("10 minutes", 600), ("10min", 600), ("1h30m", 5400), ("1 hour and 30 minutes", 5400),
        ("90 sec", 90), ("2 HOURS", 7200), ("1.5h", 5400), ("15m", 900),
    ],
)  # fmt: skip
def test_times_as_people_write_them(written, seconds):
    assert parse_budget(written) == Budget(seconds, "seconds")
    assert parse_budget(str(parse_budget(written))) == parse_budget(written)


def test_epochs_as_people_write_them():
    assert parse_budget("40 epochs") == parse_budget("40epochs") == Budget(40.0, "epochs")


@pytest.mark.parametrize(
    "written", ["", "soon", "10", "m", "10 parsecs", "5m 3m", "0h0m", "3 epochs 5m", "1m?", "-3m"]
)
def test_what_is_no_budget(written):
    with pytest.raises(ValueError, match="is no budget"):
        parse_budget(written)
