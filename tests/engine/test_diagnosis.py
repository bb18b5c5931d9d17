from recipe.core.findings import Finding
from recipe.core.results import StepResult
from recipe.engine.diagnosis import diagnose
from recipe.plugin.rules import Rule


def step(name, *findings, round_=1):
    return StepResult(name, name.title(), round_, "fail", findings=findings)


def found(rule, severity="fail", confidence=1.0, **more):
    return Finding(rule, severity, "m", "a", confidence, **more)


def a_rule(name, *explains):
    return Rule(name, "fail", lambda _: None, "", "", "", explains=frozenset(explains))


def test_nothing_found():
    steps = (step("one"),)
    assert diagnose(steps, []) == (steps, ())


def test_consequences_in_other_steps_are_folded():
    rules = [a_rule("softmax", "slow", "flat"), a_rule("slow"), a_rule("flat"), a_rule("free")]
    steps = (
        step("early", found("slow", "warn")),
        step("middle", found("softmax")),
        step("late", found("flat"), found("free", "warn")),
    )
    marked, diagnosis = diagnose(steps, rules)
    assert diagnosis == ("softmax", "free")
    because = {f.rule: f.because for s in marked for f in s.findings}
    assert because == {"slow": "softmax", "softmax": None, "flat": "softmax", "free": None}
    assert [s.name for s in marked] == ["early", "middle", "late"]


def test_order_by_severity_then_step_then_confidence():
    steps = (
        step("one", found("warn-early", "warn"), found("unsure", confidence=0.3)),
        step("two", found("late-certain"), found("late-unsure", confidence=0.9)),
        step("three", found("warn-late", "warn")),
    )
    assert diagnose(steps, [])[1] == (
        "unsure",
        "late-certain",
        "late-unsure",
        "warn-early",
        "warn-late",
    )


def test_equal_causes_have_a_fixed_order():
    assert diagnose((step("one", found("b"), found("a")),), [])[1] == ("a", "b")


def test_ignored_findings_and_notes_are_left_out_and_explain_nothing():
    rules = [a_rule("mine", "effect"), a_rule("hint", "effect"), a_rule("effect")]
    steps = (step("one", found("mine", ignored="known"), found("hint", "note"), found("effect")),)
    marked, diagnosis = diagnose(steps, rules)
    assert diagnosis == ("effect",)
    assert [f.because for f in marked[0].findings] == [None, None, None]


def test_the_last_round_counts_and_earlier_rounds_stay_as_they_were():
    rules = [a_rule("cause", "effect"), a_rule("effect")]
    steps = (
        step("grid", found("cause"), found("old")),
        step("look", found("effect")),
        step("grid", found("new"), round_=2),
    )
    marked, diagnosis = diagnose(steps, rules)
    assert diagnosis == ("new", "effect")  # the cause of round one is history
    assert marked == steps


def test_a_rule_that_fired_in_two_steps_is_named_once():
    steps = (step("one", found("same", "warn")), step("two", found("same")))
    assert diagnose(steps, [])[1] == ("same",)
