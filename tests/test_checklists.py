"""The page of checklists names nothing that does not exist."""

import re
from collections import Counter
from pathlib import Path

import pytest

import recipe
from recipe.core.option_definitions import OPTIONS
from recipe.plugin.registry import load
from recipe_steps.finish.answers import FILE

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "checklists.md").read_text("utf-8")
HEADER = "| part | check | state | where |"
STATES = {"yes", "partly", "no", "not a program's"}
LISTS = {
    "A Recipe for Training Neural Networks": (49, 40),
    "Deep Learning Tuning Playbook": (71, 60),
}
"""Checks of each list, and those of them that are automated at least."""


def rows(title):
    """The rows of the table under a heading: part, check, state, where."""
    section = PAGE.split(f"## {title}\n")[1].split("\n## ")[0]
    lines = [line for line in section.splitlines() if line.startswith("|")]
    assert lines[0] == HEADER
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


def titles():
    return re.findall(r"^## (.+)$", PAGE, re.MULTILINE)


def exists(name, rules, steps):
    if name.startswith("--"):
        return name in {option.flag for option in OPTIONS}
    if name.startswith("recipe."):
        return name.removeprefix("recipe.") in recipe.__all__
    return (
        name == FILE or name in rules or name in steps or ("/" in name and (ROOT / name).exists())
    )


@pytest.mark.parametrize("title", titles())
def test_what_is_named_exists(title):
    plugins = load()
    steps = {plugin.step.name for plugin in plugins}
    rules = {rule.name for plugin in plugins for rule in plugin.step.rules}
    for part, check, state, where in rows(title):
        assert part
        assert check
        assert state in STATES, check
        named = re.findall(r"`([^`]+)`", where)
        unknown = [name for name in named if not exists(name, rules, steps)]
        assert not unknown, (check, unknown)
        assert named or state != "yes", check


@pytest.mark.parametrize("title", LISTS)
def test_how_many_checks_are_automated(title):
    checks, least = LISTS[title]
    found = rows(title)
    assert len(found) == checks
    assert len({check for _, check, _, _ in found}) == checks
    assert Counter(state for _, _, state, _ in found)["yes"] >= least
