"""The commands about steps and rules, piped and in a terminal."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from test_cli import one_sentence

from recipe.core.evidence import Evidence
from recipe.plugin import registry
from recipe.plugin.rule_catalogue import entries
from recipe.plugin.rules import finding, rule
from terminals import ESCAPES, ended, ended_in_colour, started

PLUGINS = registry.load()
RULES = {entry.rule.name: entry for entry in entries(PLUGINS)}
WIDEST = 90


@rule("warn")
def foreign_words(evidence):
    """What: naïve names.

    Why: “quotes”.

    Fix: none → needed.
    """
    said = evidence.text("said")
    return finding("warn", f"It says “{said}”.", "Say it in ASCII.") if said else None


class Foreign:
    name, title, version = "foreign", "Étape", 1
    requires = frozenset()
    rules = (foreign_words,)

    def measure(self, ctx):
        return Evidence({"said": "déjà"})


@pytest.fixture
def foreign(monkeypatch):
    """A step of another package, which gives neither reasoning nor examples."""
    plugins = (*PLUGINS, registry.Plugin(Foreign(), "foreign-package"))
    monkeypatch.setattr(registry, "load", lambda: plugins)


def test_piped_rules_are_one_line_each_in_columns(recipe):
    code, out, _ = recipe("rules")
    assert code == 0
    lines = out.splitlines()
    assert len(lines) == len(entries(PLUGINS)) > 79
    starts = set()
    for text in lines:
        name, severity, steps, what = text.split(None, 3)
        starts.add((text.index(f" {severity} "), text.index(f" {steps} "), text.index(what)))
        known = [e for e in entries(PLUGINS) if (e.rule.name, e.rule.what) == (name, what)]
        (entry,) = known
        assert (severity, tuple(steps.split(","))) == (entry.rule.severity, entry.step_names)
    assert len(starts) == 1


def test_a_rule_of_two_steps_is_listed_once(recipe):
    _, out, _ = recipe("rules")
    (line,) = [text for text in out.splitlines() if text.startswith("trials-fail ")]
    assert "coarse_grid,refine_grid" in line


def test_rules_that_speak_of_words(recipe):
    _, every, _ = recipe("rules")
    code, out, _ = recipe("rules", "Softmax")
    assert code == 0
    found = [text.split()[0] for text in out.splitlines()]
    assert "softmax-before-loss" in found
    assert "overfitting" not in found
    assert set(out.splitlines()) < set(every.splitlines())  # the same columns
    _, both, _ = recipe("rules", "softmax", "sigmoid")
    assert set(both.splitlines()) < set(out.splitlines())


def test_no_rule_speaks_of_it(recipe):
    code, out, err = recipe("rules", "unheard-of")
    assert (code, out) == (2, "")
    assert "unheard-of" in one_sentence(err)


@pytest.mark.parametrize("name", RULES)
def test_explanations_show_what_the_rule_says_of_the_evidence(recipe, name):
    code, out, _ = recipe("explain", name)
    assert code == 0
    lines = out.splitlines()
    entry = RULES[name]
    for head, text in (("What", entry.rule.what), ("Why", entry.rule.why), ("Fix", entry.rule.fix)):
        assert head in lines
        assert text.split("\n\n")[0][1:] in out
    assert (entry.rule.remedy is None) == ("None that a program can apply" in out)
    if entry.rule.remedy:
        assert entry.rule.remedy.name[1:] in lines[lines.index("Remedy") + 1]
    assert all(effect in out for effect in entry.rule.explains)
    shown = lines[lines.index("For example") + 1 :]
    example = entry.example()
    assert f"  {example.finding.severity}: {example.finding.message}" in shown
    assert f"  -> {example.finding.advice}" in shown
    evidence = example.evidence
    names = {text.split()[0] for text in shown if text.strip()}
    assert {*evidence.scalars, *evidence.curves} <= names


def test_the_message_is_that_of_the_evidence_now(recipe, monkeypatch):
    entry = RULES["update-ratio-too-high"]
    (step,) = entry.steps
    changed = {entry.rule.name: Evidence({"declared_update_ratio": 0.77})}
    monkeypatch.setattr(type(step), "examples", changed)
    _, out, _ = recipe("explain", entry.rule.name)
    assert entry.rule(changed[entry.rule.name]).message in out
    assert "0.77" in out


def test_rules_that_share_a_name_are_both_explained(recipe):
    _, out, _ = recipe("explain", "schedule-differs-from-plan")
    assert out.count("\nWhat\n") == 2
    assert out.index("in overfit_sample") < out.index("in learning_curves")


@pytest.mark.parametrize("plugin", PLUGINS, ids=lambda plugin: plugin.step.name)
def test_a_step_gives_its_reasoning_and_its_rules(recipe, plugin):
    code, out, _ = recipe("explain", plugin.step.name)
    assert code == 0
    assert plugin.step.why in out
    listed = [
        text.split()[1]
        for text in out.splitlines()
        if text.startswith(("  fail", "  warn", "  note"))
    ]
    assert listed == [each.name for each in plugin.step.rules]


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ("softmax-before-los", "did you mean 'softmax-before-loss'?"),
        ("lr_rang", "did you mean 'lr_range'?"),
        ("dropout", "`recipe rules dropout` lists the"),
        ("qqq", "`recipe rules` lists the rules"),
    ],
)
def test_an_unknown_name_is_code_2_and_says_what_to_type(recipe, typed, says):
    code, out, err = recipe("explain", typed)
    assert (code, out) == (2, "")
    assert says in one_sentence(err)


def test_explain_without_a_name_says_what_to_type(recipe):
    code, _, err = recipe("explain")
    assert code == 2
    assert "recipe rules" in one_sentence(err)


def test_piped_steps_are_one_line_each(recipe):
    code, out, _ = recipe("steps")
    assert code == 0
    assert [text.split()[0] for text in out.splitlines()] == [p.step.name for p in PLUGINS]
    assert all(text.endswith("; training-recipe)") for text in out.splitlines())


def test_a_step_without_reasoning_and_examples(recipe, foreign):
    code, out, _ = recipe("explain", "foreign-words")
    assert code == 0
    assert "For example" not in out
    assert "Naïve names." in out
    code, out, _ = recipe("explain", "foreign")
    assert code == 0
    assert "Why" not in out
    assert "foreign-words" in out


COMMANDS = [["rules"], ["steps"], ["explain", "overfitting"], ["explain", "inspect"]]


@pytest.mark.parametrize("width", [60, 200])
@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_in_a_terminal_lines_are_wrapped_at_words(tmp_path, recipe, command, width):
    said, code = ended(started(tmp_path, *command, width=width))
    assert code == 0, said
    lines = said.splitlines()
    widest = max(map(len, lines))
    assert min(width, WIDEST) - 20 < widest <= min(width, WIDEST)
    assert not [text for text in lines if text != text.rstrip()]


def test_in_a_terminal_rules_stand_below_their_steps(tmp_path):
    said, _ = ended(started(tmp_path, "rules"))
    heads = [text for text in said.splitlines() if text.endswith(")") and not text.startswith(" ")]
    assert heads == [f"{p.step.title} ({p.step.name})" for p in PLUGINS]
    assert said.count("trials-fail") == 1
    assert "trials-fail  (and refine_grid)" in said
    assert said.index("(coarse_grid)") < said.index("trials-fail") < said.index("(refine_grid)\r")


def test_wrapped_words_are_those_of_the_pipe(tmp_path, recipe):
    _, piped, _ = recipe("explain", "overfitting")
    said, _ = ended(started(tmp_path, "explain", "overfitting", width=60))
    assert said.split() == piped.split()


RED, COLOUR = "\x1b[1;31mfail", r"\x1b\[[0-9;]*3[0-9]m"


def test_severities_have_colours(tmp_path):
    said, _ = ended_in_colour(started(tmp_path, "explain", "softmax-before-loss"))
    assert RED in said


@pytest.mark.parametrize(
    ("env", "plain"),
    [({"NO_COLOR": "1"}, False), ({"RECIPE_PLAIN": "1"}, True), ({"TERM": "dumb"}, True)],
)
def test_without_colour_where_none_is_wanted(tmp_path, recipe, env, plain):
    said, code = ended_in_colour(started(tmp_path, "rules", width=60, **env))
    assert code == 0
    assert not re.search(COLOUR, said)
    if plain:
        _, piped, _ = recipe("rules")
        assert said.splitlines() == piped.splitlines()
    else:
        assert max(map(len, ESCAPES.sub("", said).splitlines())) <= 60


@pytest.mark.parametrize(
    "env",
    [{"PYTHONIOENCODING": "ascii"}, {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}],
)
@pytest.mark.parametrize("command", [*COMMANDS, ["rules", "--markdown"]], ids=" ".join)
def test_a_terminal_of_ascii(tmp_path, command, env):
    said, code = ended(started(tmp_path, *command, **env))
    assert code == 0, said
    assert said.isascii()


HERE = Path(__file__).parent
FOREIGN_RUN = """
import sys
sys.path[:0] = {folders!r}
import test_rule_commands as t
from recipe.plugin import registry
from recipe.ui.cli import main
plugins = (*t.PLUGINS, registry.Plugin(t.Foreign(), "foreign-package"))
registry.load = lambda: plugins
main({command!r})
"""


@pytest.mark.parametrize("command", [["rules"], ["explain", "foreign-words"]], ids=" ".join)
def test_what_ascii_cannot_write_becomes_a_question_mark(command):
    code = FOREIGN_RUN.format(folders=[str(HERE), str(HERE.parent / "helpers")], command=command)
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, check=False,
        env={**os.environ, "PYTHONIOENCODING": "ascii"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert b"na?ve names" in done.stdout.lower()


def test_a_cold_start_in_a_terminal_is_light(tmp_path):
    code = (
        "import io, sys\nclass Screen(io.TextIOWrapper):\n    def isatty(self): return True\n"
        "sys.stdout = Screen(sys.stdout.buffer)\nfrom recipe.ui.cli import main\n"
        "try:\n    main(['explain', 'overfitting'])\nexcept SystemExit as stop:\n    assert not stop.code\n"
        "assert 'rich' in sys.modules\n"
        "assert not {'torch', 'numpy', 'matplotlib', 'jinja2'} & set(sys.modules)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False,
        env={**os.environ, "TERM": "xterm", "RECIPE_PLAIN": ""},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
