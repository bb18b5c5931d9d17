"""Lines that wrap in a terminal and nowhere else."""

import io

import pytest

from recipe.ui import line_layout
from recipe.ui.line_layout import Line, line, show

LONG = "one two three four five six seven eight nine ten eleven twelve"


class Terminal(io.StringIO):
    encoding = "utf-8"

    def isatty(self):
        return True


@pytest.fixture
def written(monkeypatch):
    """What a terminal of some width, or a pipe, is shown."""
    for name in ("RECIPE_PLAIN", "NO_COLOR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm")

    def write(lines, width=40, out=Terminal):
        monkeypatch.setenv("COLUMNS", str(width))
        monkeypatch.setattr(line_layout.sys, "stdout", out())
        show(lines)
        return line_layout.sys.stdout.getvalue().splitlines()

    return write


def test_what_wraps_is_indented_as_far_as_its_lead(written):
    said = written([Line(((LONG, ""),), (("  name  ", ""),))])
    assert said[0].startswith("  name  one two")
    assert len(said) == 3
    assert all(each.startswith(" " * 8) and each[8] != " " for each in said[1:])
    assert " ".join(" ".join(said).split()) == f"name {LONG}"
    assert max(map(len, said)) <= 40


def test_lines_are_at_most_as_wide_as_people_read(written):
    said = written([line(" ".join([LONG] * 4))], width=300)
    assert 70 < max(map(len, said)) <= line_layout.WIDEST


def test_a_lead_that_leaves_no_room_stands_alone(written):
    said = written([Line(((LONG, ""),), (("a_long_name_of_evidence", ""),))], width=30)
    assert said[0] == "a_long_name_of_evidence"
    assert all(each.startswith("    ") and len(each) <= 30 for each in said[1:])


def test_nothing_wraps_in_a_pipe_and_no_line_ends_with_blanks(written):
    lines = [Line(((LONG, "bold"),), (("  name  ", "red"),)), line(), line("end   ")]
    assert written(lines, out=io.StringIO) == [f"  name  {LONG}", "", "end"]


def test_brackets_are_text(written):
    assert written([line("outputs [N, 1] and [bold]")]) == ["outputs [N, 1] and [bold]"]
