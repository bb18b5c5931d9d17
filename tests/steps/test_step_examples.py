"""Every rule has an example on which it fires as usual; no torch is imported for it."""

import json
from pathlib import Path

import pytest

import recipe_steps
from recipe.core.errors import StepError
from recipe.core.evidence import Evidence
from recipe.plugin import registry
from recipe.plugin.rule_catalogue import entries
from recipe.plugin.step import examples_of, read_examples

PLUGINS = registry.load()
FILES = sorted(Path(recipe_steps.__file__).parent.glob("*/examples.json"))
GRAVITY = ("note", "warn", "fail")


@pytest.mark.parametrize(
    "entry", entries(PLUGINS), ids=lambda e: f"{e.steps[0].name}-{e.rule.name}"
)
def test_the_rule_fires_on_its_example(entry):
    example = entry.example()
    assert example is not None
    found = example.finding
    assert found == entry.rule(example.evidence)
    assert GRAVITY.index(found.severity) <= GRAVITY.index(entry.rule.severity)
    assert found.message.endswith(".")


@pytest.mark.parametrize(
    "entry", entries(PLUGINS), ids=lambda e: f"{e.steps[0].name}-{e.rule.name}"
)
def test_an_example_holds_nothing_that_the_finding_does_not_need(entry):
    evidence, found = entry.example().evidence, entry.example().finding
    for name in (*evidence.scalars, *evidence.curves):
        less = Evidence(
            {n: v for n, v in evidence.scalars.items() if n != name},
            {n: v for n, v in evidence.curves.items() if n != name},
        )
        assert entry.rule(less) != found, name


def test_examples_belong_to_rules_of_their_step_and_are_given_once():
    named = [(plugin.step, name) for plugin in PLUGINS for name in examples_of(plugin.step)]
    assert all(name in {rule.name for rule in step.rules} for step, name in named)
    assert len(named) == len(entries(PLUGINS))


def test_numbers_have_four_digits():
    assert len(FILES) == len(PLUGINS)
    for path in FILES:
        json.loads(path.read_text("utf-8"), parse_float=four_digits)


def four_digits(text):
    assert float(f"{float(text):.4g}") == float(text), text
    return float(text)


def test_examples_are_read_from_beside_the_module(tmp_path):
    kept = {"too-heavy": {"scalars": {"weight": 3.0}, "curves": {"loss": [1.0, None]}}}
    (tmp_path / "examples.json").write_text(json.dumps(kept))
    read = read_examples(str(tmp_path / "step.py"))
    assert read == {"too-heavy": Evidence({"weight": 3.0}, {"loss": (1.0, None)})}


@pytest.mark.parametrize("content", [None, "{", "[]", '{"a": 3}', '{"a": {"figures": {}}}'])
def test_examples_that_cannot_be_read_name_their_file(tmp_path, content):
    if content is not None:
        (tmp_path / "examples.json").write_text(content)
    with pytest.raises(StepError, match=r"examples\.json.*fix the file"):
        read_examples(str(tmp_path / "step.py"))
