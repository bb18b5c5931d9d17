import threading
import time

import pytest

from recipe.core import clock
from recipe.core.clock import (
    TimeUp,
    check,
    is_up,
    seconds_left,
    unless_late,
    without_limit,
    working_until,
)


@pytest.fixture
def now(monkeypatch):
    """A clock that moves when it is told to."""
    time = [100.0]
    monkeypatch.setattr("recipe.core.clock.time.monotonic", lambda: time[0])
    return time


def test_without_a_limit_nothing_ends():
    check(1e9)
    with working_until(None):
        check(1e9)
        assert seconds_left() == float("inf")


def test_work_ends_at_its_limit_or_shortly_before(now):
    with working_until(110):
        check()
        assert (is_up(), is_up(before=9.9), is_up(before=10)) == (False, False, True)
        now[0] = 110
        with pytest.raises(TimeUp):
            check()
        assert not is_up(before=-1)  # a grace
    check()


@pytest.mark.parametrize(("inner", "end"), [(105, 105), (120, 110), (None, 110)])
def test_a_limit_inside_another_ends_no_later(now, inner, end):
    with working_until(110), working_until(inner):
        assert seconds_left() == end - now[0]


def test_what_was_paid_for_before_is_done_to_its_end(now):
    with working_until(90):
        assert is_up()
        with without_limit():
            check()
        assert is_up()


def test_a_limit_ends_with_its_block_even_if_that_raises():
    with pytest.raises(ValueError, match="x"), working_until(0):
        raise ValueError("x")
    assert clock._ends == []


def test_code_that_takes_failures_for_a_property_does_not_swallow_it():
    assert not issubclass(TimeUp, Exception)


def test_what_nobody_can_stop_is_given_up_at_its_limit():
    ended = threading.Event()

    def slow():
        time.sleep(0.5)
        ended.set()

    with working_until(time.monotonic() + 0.05), pytest.raises(TimeUp):
        unless_late(slow)
    assert not ended.is_set()
    assert ended.wait(5)


def test_what_is_done_in_time_is_given_and_what_it_raises_is_raised():
    def breaks():
        raise KeyError("of its own")

    assert unless_late(threading.current_thread) is threading.main_thread()
    with working_until(time.monotonic() + 60):
        assert unless_late(lambda: 3) == 3
        assert unless_late(threading.current_thread) is not threading.main_thread()
        with pytest.raises(KeyError, match="of its own"):
            unless_late(breaks)
