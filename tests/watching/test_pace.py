import pytest

from recipe.watching.pace import FIRST, TIMED, Pace


class Clock:
    """Says what it is told."""

    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return self.now


def spent(share, iteration, look, always=0.0, iterations=5000):
    """Share of the time that watching took, and looks, in a loop of such iterations."""
    clock = Clock()
    pace = Pace(share, clock)
    taken = 0.0
    for _ in range(iterations):
        clock.now += iteration + always
        taken += always
        if pace.timing:
            pace.time(always)
        if pace.due():
            clock.now += look
            taken += look
            pace.book(look)
            pace.looked()
    return taken / clock.now, pace.looks


@pytest.mark.parametrize("share", [0.01, 0.03, 0.1])
@pytest.mark.parametrize(
    ("iteration", "look"), [(1e-3, 1e-3), (1e-2, 5e-3), (0.3, 0.05), (2e-4, 2e-3)]
)
def test_looks_take_no_more_than_their_share(share, iteration, look):
    taken, looks = spent(share, iteration, look)
    assert taken <= share
    assert taken > 0.5 * share
    assert looks > 3


def test_what_is_done_in_every_iteration_counts_too():
    taken, looks = spent(0.03, 1e-3, 1e-3, always=5e-6)
    without = spent(0.03, 1e-3, 1e-3)[1]
    assert taken <= 0.03
    assert looks < 0.7 * without


def test_where_that_is_more_than_the_share_nothing_is_looked_at_again():
    assert spent(0.01, 1e-4, 1e-3, always=5e-5)[1] <= 2


def test_hooks_in_every_iteration_go_where_they_cost_too_much():
    for iteration, dense in ((1e-2, False), (1e-4, True)):
        clock = Clock()
        pace = Pace(0.03, clock)
        for _ in range(TIMED + FIRST + 1):
            clock.now += iteration
            pace.time(5e-6)
            pace.due()
        assert pace.too_dense == dense


def test_a_long_validation_does_not_save_up_many_looks():
    clock = Clock()
    pace = Pace(0.03, clock)
    looks = []
    for i in range(400):
        clock.now += 100.0 if i == 200 else 1e-3
        if pace.due():
            pace.book(1e-3)
            pace.looked()
            looks.append(i)
    assert sum(200 <= i < 260 for i in looks) < 15
