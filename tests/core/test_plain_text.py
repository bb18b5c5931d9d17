"""Names of other people do nothing but be read."""

from hypothesis import given
from hypothesis import strategies as st

from recipe.core.plain_text import in_one_line, shown, visible


def test_control_characters_are_written_as_in_source():
    assert visible("a\x1b[31mb\x07\x9b") == "a\\x1b[31mb\\x07\\x9b"
    assert visible("two\nlines\tand a tab") == "two\nlines\tand a tab"
    assert visible("right\u202eto left") == "right\\u202eto left"
    assert visible("no\udce9 bytes") == "no\\udce9 bytes"
    assert visible("größer ✓ 中") == "größer ✓ 中"
    assert in_one_line(" a\n b\rc\x1b ") == "a b c\\x1b"


def test_a_line_stays_one_and_is_no_command():
    assert shown(["a\n::error::b", "  ::set-env name=A::b", "##[error]", "##vso[x]", "a ::b"]) == [
        "a ::error::b", "  \\::set-env name=A::b", "\\##[error]", "\\##vso[x]", "a ::b",
    ]  # fmt: skip


@given(st.text())
def test_nothing_that_acts_is_left(text):
    (line,) = shown([text])
    assert all(ord(c) >= 32 or c == "\t" for c in line)
    assert not line.lstrip().startswith(("::", "##"))
    line.encode()
