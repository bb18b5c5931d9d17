"""Threads that a busy processor has room for."""

import pytest

from recipe.machine import threads


@pytest.fixture
def four(monkeypatch):
    """Four processors, of which PyTorch would use all."""
    for name in threads.SET_BY_USER:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(threads.torch, "get_num_threads", lambda: 4)
    monkeypatch.setattr(threads, "cores", lambda: 4)


@pytest.mark.parametrize(("busy", "wanted"), [(0, 4), (1, 3), (3, 1), (4, 1), (20, 1)])
def test_as_many_as_have_nothing_to_do(four, monkeypatch, busy, wanted):
    monkeypatch.setattr(threads, "busy_processors", lambda: busy)
    assert threads.fitting_threads() == wanted


def test_what_the_user_chose_stands(four, monkeypatch):
    monkeypatch.setattr(threads, "busy_processors", lambda: 9)
    monkeypatch.setenv("OMP_NUM_THREADS", "4")
    assert threads.fitting_threads() == 4


@pytest.mark.parametrize(
    ("minute", "now", "busy"), [(4.0, 4.0, 4), (4.0, 0.0, 0), (0.1, 3.0, 0), (1.6, None, 2)]
)
def test_what_ended_or_just_began_counts_for_nothing(monkeypatch, minute, now, busy):
    monkeypatch.setattr(threads.os, "getloadavg", lambda: (minute, 0.0, 0.0))
    monkeypatch.setattr(threads, "_running", lambda: now)
    assert threads.busy_processors() == busy
