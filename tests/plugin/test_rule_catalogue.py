"""Rules, each once, with the steps that judge by it."""

from types import SimpleNamespace

from recipe.core.evidence import Evidence
from recipe.plugin.registry import Plugin
from recipe.plugin.rule_catalogue import entries, of_step
from recipe.plugin.rules import finding, rule


@rule("fail")
def too_heavy(evidence):
    """What: it weighs too much.

    Why: the Bridge may break.

    Fix: warm-up exercises.
    """
    weight = evidence.number("weight")
    return finding("fail", f"It weighs {weight:g}.", "Eat less.") if weight else None


@rule("warn")
def too_light(evidence):
    """What: it weighs too little.

    Why: wind.

    Fix: eat.
    """


def step(name, *rules, **more):
    return Plugin(SimpleNamespace(name=name, rules=rules, **more), "package")


def test_a_rule_of_two_steps_is_one_entry_under_the_first():
    first, second = step("first", too_heavy), step("second", too_light, too_heavy)
    known = entries([first, second])
    assert [(e.rule, e.step_names) for e in known] == [
        (too_heavy, ("first", "second")),
        (too_light, ("second",)),
    ]
    assert [e.rule for e in of_step(known, first.step)] == [too_heavy]
    assert [e.rule for e in of_step(known, second.step)] == [too_light]


def test_rules_that_share_a_name_stay_apart():
    def again(evidence):
        """What: it is heavy elsewhere.

        Why: other scales.

        Fix: none.
        """

    again.__name__ = "too_heavy"
    known = entries([step("first", too_heavy), step("second", rule("fail")(again))])
    assert [e.rule.what for e in known] == ["it weighs too much.", "it is heavy elsewhere."]


def test_the_example_is_judged_when_it_is_asked_for():
    given = {"too-heavy": Evidence({"weight": 12.5})}
    (entry,) = entries([step("first", too_heavy), step("second", too_heavy, examples=given)])
    example = entry.example()
    assert example.evidence is given["too-heavy"]
    assert (example.finding.rule, example.finding.message) == ("too-heavy", "It weighs 12.5.")


def test_no_example_where_none_is_given_or_the_rule_does_not_fire():
    silent = {"too-heavy": Evidence({"weight": 0})}
    for more in ({}, {"examples": {}}, {"examples": silent}):
        (entry,) = entries([step("first", too_heavy, **more)])
        assert entry.example() is None


def test_words_are_found_by_their_beginning_in_any_case():
    (entry,) = entries([step("first", too_heavy)])
    for words in (["bridge"], ["Heavy"], ["warm"], ["up"], ["weigh", "break"], []):
        assert entry.speaks_of(words), words
    for words in (["eavy"], ["much", "little"], ["e.ercise"]):
        assert not entry.speaks_of(words), words
