"""What a terminal can do, and what its user wants of it."""

import io

import pytest

from recipe.ui import terminal
from recipe.ui.terminal import has_screen, is_true, plain_wanted, unicode_works


class Screen(io.StringIO):
    encoding = "utf-8"

    def isatty(self):
        return True


@pytest.mark.parametrize(
    ("env", "plain"),
    [({}, False), ({"TERM": "dumb"}, True), ({"TERM": ""}, True), ({"RECIPE_PLAIN": "yes"}, True),
     ({"RECIPE_PLAIN": ""}, False)],
)  # fmt: skip
def test_plain_lines_are_asked_for(monkeypatch, env, plain):
    monkeypatch.setattr(terminal.os, "name", "posix")
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("RECIPE_PLAIN", raising=False)
    for name, value in env.items():
        monkeypatch.setenv(name, value)
    assert plain_wanted(Screen()) is plain
    assert plain_wanted(io.StringIO())


@pytest.mark.parametrize(
    ("encoding", "works"), [("utf-8", True), ("UTF8", True), ("cp1252", False), (None, False)]
)
def test_unicode_is_a_matter_of_the_encoding(encoding, works):
    out = Screen()
    out.encoding = encoding
    assert unicode_works(out) is works


def test_a_screen_is_a_display_or_a_desktop_system(monkeypatch):
    monkeypatch.setattr(terminal.sys, "platform", "linux")
    for name in ("DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    assert not has_screen()
    monkeypatch.setenv("DISPLAY", ":0")
    assert has_screen()
    monkeypatch.delenv("DISPLAY")
    monkeypatch.setattr(terminal.sys, "platform", "darwin")
    assert has_screen()


@pytest.mark.parametrize(
    ("value", "true"), [("1", True), ("TRUE", True), ("yes", True), ("0", False), ("", False)]
)
def test_a_variable_says_yes(monkeypatch, value, true):
    monkeypatch.setenv("CI", value)
    assert is_true("CI") is true
