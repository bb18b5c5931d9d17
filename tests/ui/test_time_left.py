"""How long the rest takes, from how long the first part took."""

import pytest

from recipe.ui import time_left
from recipe.ui.time_left import TimeLeft


@pytest.fixture
def clock(monkeypatch):
    now = [100.0]
    monkeypatch.setattr(time_left.time, "monotonic", lambda: now[0])
    return now


def test_what_is_left_follows_the_work_and_shrinks_between_reports(clock):
    work = TimeLeft()
    assert work.left is None
    clock[0] += 20
    assert work.update(10, 50) is False
    assert (work.share, work.left) == (0.2, pytest.approx(80))
    clock[0] += 10
    assert work.left == pytest.approx(70)
    clock[0] += 500
    assert work.left == 0


def test_the_bar_goes_on_between_reports_but_not_past_the_next_one(clock):
    work = TimeLeft()
    clock[0] += 10
    work.update(10, 100)
    clock[0] += 5
    assert work.likely == pytest.approx(15)
    clock[0] += 500
    assert work.likely == pytest.approx(19)  # the last stretch was 10 long


def test_less_than_before_is_another_piece_of_work(clock):
    work = TimeLeft()
    clock[0] += 60
    work.update(100, 100)
    clock[0] += 1
    assert work.update(0, 50) is True
    assert work.left is None
    clock[0] += 20
    assert work.update(10, 50) is False
    assert work.left == pytest.approx(80)
