from dataclasses import replace

import pytest

from recipe.core.evidence import Evidence
from recipe.plugin.rules import documentation, explain_away, finding, judge, rule

DOC = "What: it is so.\n\nWhy: because\n    it is.\n\nMore   why.\n\nFix: undo it."


def make(name, severity="warn", fires=True, **options):
    def check(evidence):
        return finding(severity, f"{name} seen", "undo", 0.75) if fires else None

    check.__name__, check.__doc__ = name, DOC
    return rule(severity, **options)(check)


def test_name_severity_and_documentation_come_from_the_function():
    made = make("softmax_before_loss", "fail", blocks=True, explains=["other-rule"])
    assert (made.name, made.severity, made.blocks) == ("softmax-before-loss", "fail", True)
    assert made.explains == {"other-rule"}
    assert made.what == "it is so."
    assert made.why == "because it is.\n\nMore why."
    assert made.fix == "undo it."


def test_a_finding_carries_the_name_and_what_blocks():
    found = make("too_large", blocks=True)(Evidence())
    assert (found.rule, found.message, found.advice) == ("too-large", "too_large seen", "undo")
    assert (found.severity, found.confidence, found.blocks) == ("warn", 0.75, True)
    assert not make("too_large")(Evidence()).blocks
    assert make("quiet", fires=False)(Evidence()) is None


@pytest.mark.parametrize("part", ["What", "Why", "Fix"])
@pytest.mark.parametrize("change", ["{part}:", "{part}: \n"])
def test_a_missing_or_empty_part_is_named(part, change):
    parts = {name: f"{name}: words.\n\n" for name in ("What", "Why", "Fix")}
    parts[part] = change.format(part=part) + "\n\n" if change.endswith("\n") else ""
    with pytest.raises(ValueError, match=f"'my-rule'.*{part!r}"):
        documentation("my-rule", "".join(parts.values()))


def test_a_rule_without_docstring_is_refused():
    def bare(evidence):
        return None

    with pytest.raises(ValueError, match="'bare'"):
        rule("warn")(bare)


def test_the_evidence_reaches_the_rule():
    @rule("fail")
    def above(evidence):
        """What: x. \n\nWhy: y. \n\nFix: z."""
        x = evidence.number("x")
        return finding("fail", f"x is {x:g}", "lower it") if x is not None and x > 1 else None

    assert judge([above], Evidence({"x": 2.0}))[0].message == "x is 2"
    assert judge([above], Evidence({"x": 1.0})) == ()
    assert judge([above], Evidence({"x": float("nan")})) == ()


def test_judge_keeps_the_order_of_the_rules_and_marks_the_ignored():
    found = judge([make("b"), make("no", fires=False), make("a")], Evidence(), {"a": "known"})
    assert [(f.rule, f.ignored, f.counts) for f in found] == [
        ("b", None, True),
        ("a", "known", False),
    ]


@pytest.mark.parametrize(
    ("cause", "ignore", "because"),
    [
        ({}, {}, "cause"),
        ({}, {"cause": "known"}, None),  # an ignored finding explains nothing
        ({"severity": "note"}, {}, None),
        ({"fires": False}, {}, None),
    ],
)
def test_a_cause_explains_its_consequence_only_when_it_counts(cause, ignore, because):
    rules = [make("effect"), make("cause", explains=["effect"], **cause), make("free")]
    found = {f.rule: f.because for f in judge(rules, Evidence(), ignore)}
    assert found["effect"] == because
    assert found["free"] is None


def test_explain_away_spans_rules_of_several_steps():
    cause, effect = make("cause", explains=["effect"]), make("effect")
    marked = explain_away([effect(Evidence()), cause(Evidence())], [effect, cause])
    assert [(f.rule, f.because) for f in marked] == [("effect", "cause"), ("cause", None)]


@pytest.mark.parametrize("order", [("a", "b", "c"), ("b", "c", "a"), ("c", "a", "b")])
def test_of_findings_that_explain_each_other_the_first_stays_a_cause(order):
    effects = {"a": ["b"], "b": ["c"], "c": ["a", "d"]}
    rules = {name: make(name, explains=effects.get(name, [])) for name in "abcd"}
    found = [rules["d"](Evidence()), *(rules[name](Evidence()) for name in order)]
    because = {f.rule: f.because for f in explain_away(found, rules.values())}
    assert because.pop(order[0]) is None
    assert all(because.values())


def test_what_is_no_longer_a_cause_explains_nothing():
    """A warning that a proof made a note had hidden another."""
    cause, effect = make("cause", explains=["effect"]), make("effect")
    (first, hidden) = judge([cause, effect], Evidence())
    assert hidden.because == "cause"
    (_, freed) = explain_away([replace(first, severity="note"), hidden], [cause, effect])
    assert freed.because is None
