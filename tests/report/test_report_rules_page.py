"""The page of all rules, and the words about a rule."""

import re
from pathlib import Path

import pytest
from markdown_it import MarkdownIt

from recipe.core.evidence import Evidence
from recipe.plugin import registry
from recipe.plugin.rule_catalogue import entries
from recipe.report.rule_words import measured, opened, points, remedy
from recipe.report.rules_page import anchors, page

PAGE = Path(__file__).parents[2] / "docs" / "rules.md"


@pytest.fixture(scope="module")
def made():
    plugins = registry.load()
    return page(plugins, entries(plugins))


def headings(text, level):
    tokens = MarkdownIt("commonmark").parse(text)
    return [
        tokens[i + 1].content for i, each in enumerate(tokens)
        if each.type == "heading_open" and each.tag == level
    ]  # fmt: skip


def test_the_committed_page_is_what_the_command_prints(recipe):
    code, out, _ = recipe("rules", "--markdown")
    assert code == 0
    assert out == PAGE.read_text("utf-8"), "make docs"


def test_rules_stand_once_in_the_order_of_the_steps(made):
    plugins = registry.load()
    known = entries(plugins)
    assert headings(made, "h2") == ["Contents", *(plugin.step.title for plugin in plugins)]
    assert headings(made, "h3") == [entry.rule.name for entry in known]


def test_links_lead_to_headings(made):
    places = anchors(each for level in ("h1", "h2", "h3") for each in headings(made, level))
    linked = re.findall(r"\]\(#([^)]+)\)", made)
    assert set(linked) <= set(places)
    assert len(set(linked)) == len(entries(registry.load())) + len(registry.load())


def test_each_rule_shows_all_of_it(made):
    known = entries(registry.load())
    sections = re.split(r"^### ", made, flags=re.MULTILINE)[1:]
    for entry, section in zip(known, sections, strict=True):
        for head in ("What", "Why", "Fix", "Remedy"):
            assert f"**{head}:** " in section, entry.rule.name
        assert ("**Explains:**" in section) == bool(entry.rule.explains)
        assert all(effect in section for effect in entry.rule.explains)
        found = entry.example().finding
        assert f"> {found.severity}: {found.message}" in section
        assert f"> {found.advice}" in section


def test_code_is_no_emphasis(made):
    html = MarkdownIt("commonmark").enable("table").render(made)
    assert not re.findall(r"<em>", html)
    assert set(re.findall(r"<strong>([^<]*)", html)) == {"What:", "Why:", "Fix:", "Remedy:", "Explains:"}  # fmt: skip


def test_anchors_are_those_of_github():
    assert anchors(["Find the rate", "a-b", "What's up?", "a-b"]) == ["find-the-rate", "a-b", "whats-up", "a-b-1"]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "begins"),
    [("the loss", "The loss"), ("cross-entropy for", "Cross-entropy for"), ("drop.", "drop."),
     ("shuffle=True.", "shuffle=True."), ("log_softmax in", "log_softmax in"), ("He's", "He's"),
     ("zero_grad, then", "zero_grad, then"), ("epsilon, or", "Epsilon, or"), ("", "")],
)  # fmt: skip
def test_sentences_begin_with_a_capital_and_code_stays(text, begins):
    assert opened(text) == begins


def test_long_curves_are_shortened():
    assert points((1.0, 0.5, 0.25)) == "1, 0.5, 0.25"
    assert points((1.0, None)) == "1, missing"
    shown = points(tuple(float(n) for n in range(40)))
    assert shown == "0, 1, 2, ..., 38, 39 (40 values)"


def test_evidence_is_shown_on_one_line_each():
    evidence = Evidence({"said": "two\nlines", "right": True, "rate": 0.123456}, {"loss": (2.0,)})
    assert measured(evidence) == [
        ("said", "two lines"), ("right", "yes"), ("rate", "0.1235"), ("loss", "2")
    ]  # fmt: skip


def test_a_remedy_that_decides_says_so():
    known = {entry.rule.name: entry.rule for entry in entries(registry.load())}
    assert "becomes a note" in remedy(known["best-at-edge-of-grid"])
    assert "becomes a note" not in remedy(known["softmax-before-loss"])
    assert remedy(known["inputs-ignored"]).startswith("none")
