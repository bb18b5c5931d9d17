"""The harness of random kills itself: what it would call held, and what not."""

import kills
import pytest

pytestmark = [pytest.mark.torture, pytest.mark.slow]


def test_a_run_that_was_killed_ends_like_one_that_was_not():
    takes, expected = kills.undisturbed("rows")
    assert expected[0] == 0
    row = kills.attacked("rows", 1, takes, expected)
    assert row.held, row.why
    code, result, weights = expected
    other = {**result, "verdict": "fail"}
    assert "verdict" in kills._difference(expected, (code, other, weights))
    assert "weights" in kills._difference(expected, (code, result, weights[:-1]))
    assert "exit code" in kills._difference(expected, (1, result, weights))
