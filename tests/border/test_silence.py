"""Where a run gives no sign, it is said what runs."""

import time

from recipe.border.silence import silence_told
from recipe.core.budget import Budget


def hang(seconds):
    time.sleep(seconds)


def test_what_hangs_is_named_with_its_callers():
    told, heard = [], []
    with silence_told(Budget(0.2, "seconds"), heard.append, told.append) as emit:
        emit("an event")
        hang(0.5)
    assert heard == ["an event"]
    assert 1 <= len(told) <= 2
    assert told[0].startswith("No sign for 0.2 s: test_silence.py:")
    assert "(hang), called from test_silence.py:" in told[0]
    time.sleep(0.3)
    assert len(told) <= 2


def test_signs_keep_it_silent():
    told = []
    with silence_told(Budget(0.4, "seconds"), lambda _: None, told.append) as emit:
        for _ in range(6):
            time.sleep(0.1)
            emit("an event")
    assert not told


def test_it_can_be_turned_off():
    def emit(_):
        return None

    with silence_told(None, emit, print) as same:
        assert same is emit
