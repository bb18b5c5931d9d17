from recipe.core.findings import Finding, RemedyOutcome
from recipe.core.results import RunResult, StepResult
from recipe.report.finding_texts import advice, applied, brought, causes, ignored, notes
from report_samples import full_run


def run_with(*findings: Finding, diagnosis=()) -> RunResult:
    step = StepResult("a", "A", 1, "fail", findings=findings)
    return RunResult("x", diagnosis=diagnosis, steps=(step,))


def test_causes_follow_the_diagnosis_with_their_consequences():
    found = causes(full_run(diagnosis=("still-improving", "softmax-before-loss")))
    assert [each.finding.rule for each in found] == ["still-improving", "softmax-before-loss"]
    assert [f.rule for f in found[1].consequences] == ["loss-off"]
    assert found[1].step == "Check the initial loss"


def test_a_chain_of_consequences_stands_under_its_first_cause():
    result = run_with(
        Finding("c", "warn", "", "", because="b"),
        Finding("b", "warn", "", "", because="a"),
        Finding("a", "fail", "", ""),
    )
    (cause,) = causes(result)
    assert cause.finding.rule == "a"
    assert [f.rule for f in cause.consequences] == ["c", "b"]


def test_a_consequence_of_something_not_shown_is_shown_itself():
    (cause,) = causes(run_with(Finding("b", "warn", "", "", because="gone")))
    assert cause.finding.rule == "b"


def test_rules_that_blame_each_other_are_not_lost():
    result = run_with(
        Finding("b", "warn", "", "", because="a"), Finding("a", "warn", "", "", because="b")
    )
    (cause,) = causes(result)
    assert (cause.finding.rule, cause.consequences[0].rule) == ("a", "b")


def test_only_the_last_round_counts():
    old = StepResult("a", "A", 1, "fail", findings=(Finding("x", "fail", "", ""),))
    assert causes(RunResult("x", steps=(old, StepResult("a", "A", 2, "pass")))) == ()


def test_advice_that_did_not_help_comes_last():
    failed = RemedyOutcome("r", verified=False)
    result = run_with(
        Finding("a", "fail", "", "First.", remedy=failed),
        Finding("b", "warn", "", "Second."),
        Finding("c", "warn", "", " "),
        Finding("d", "warn", "", "Second."),
        diagnosis=("a", "b", "c", "d"),
    )
    assert [a.finding.rule for a in advice(result)] == ["b", "c", "d", "a"]


def test_what_a_remedy_brought():
    outcomes = {
        "a": None,
        "b": RemedyOutcome("more-data"),
        "c": RemedyOutcome("r", verified=True, metric="val_loss", before=None, after=0.5),
        "d": RemedyOutcome("r", verified=False, applied=True),
    }
    result = run_with(*(Finding(r, "fail", "", "", remedy=o) for r, o in outcomes.items()))
    assert [brought(cause) for cause in causes(result)] == [
        ("`a`", "none that a program can apply", "—", "not tested", "no"),
        ("`b`", "more-data", "—", "not tested", "no"),
        ("`c`", "r", "val loss — → 0.5", "better", "no"),
        ("`d`", "r", "—", "not better", "yes"),
    ]
    assert applied(result) == {"d": "r"}


def test_notes_and_ignored_findings_are_apart():
    assert [n.finding.rule for n in notes(full_run())] == ["small-data"]
    assert [n.finding.rule for n in ignored(full_run())] == ["data-order"]
