"""Four new users, recorded through a pseudo-terminal: something new is shown all the time.

What is counted is the processor time of the busiest process between two writes, since other work on
the machine makes real time longer; real seconds stand in tests/benchmarks/SILENCE.md.
"""

import pytest

from four_users import USERS
from pace import record

FIRST_WORD, SILENCE = 0.5, 2.0
"""Processor seconds."""


@pytest.mark.slow
@pytest.mark.parametrize("user", USERS)
def test_nothing_is_silent_for_two_seconds(tmp_path, user):
    bring, args, answers = USERS[user]
    bring(tmp_path)
    seen = record(tmp_path, *args, answers=answers, XDG_CACHE_HOME=str(tmp_path / "cache"))
    assert seen.code == 0, seen.said[-2000:]
    assert "Verdict" in seen.said
    first = next(gap for gap in seen.gaps if not gap.after)
    assert first.work <= FIRST_WORD
    assert [gap for gap in seen.gaps if gap.work > SILENCE] == []
