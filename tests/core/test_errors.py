"""Errors in one line."""

import pytest

from recipe.core.errors import UsageError, in_a_line, raised, reason_of


@pytest.mark.parametrize(
    ("error", "raises", "line"),
    [
        (ValueError("bad\nline two"), "ValueError: bad", "bad"),
        (RuntimeError("\n  sizes differ"), "RuntimeError: sizes differ", "sizes differ"),
        (KeyError("boxes"), "KeyError: 'boxes'", "KeyError: 'boxes'"),
        (AssertionError(), "AssertionError", "AssertionError"),
        (ValueError(), "ValueError", "ValueError"),
        (TypeError("got 'x'"), "TypeError: got 'x'", "got 'x'"),
    ],
)
def test_an_error_in_one_line(error, raises, line):
    assert raised(error) == raises
    assert in_a_line(error) == line


def test_a_reason_keeps_the_words_of_errors_that_have_some():
    assert reason_of(UsageError("val has no items.")) == "val has no items."
    assert reason_of(KeyError("x")) == "KeyError: 'x'"
