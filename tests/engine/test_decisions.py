"""What happens after a step: from the journal, the settings, or whoever is asked."""

import pytest

from recipe.core.errors import UsageError
from recipe.core.findings import Finding, RemedyOutcome
from recipe.core.results import StepResult
from recipe.core.settings import Settings
from recipe.engine.decisions import Decisions, repairable
from recipe.notebook.journal import Journal

UNTRIED = RemedyOutcome("mend it")


def found(rule, severity="fail", remedy=UNTRIED, **more):
    return Finding(rule, severity, "is wrong", "do better", remedy=remedy, **more)


def step(status, *findings):
    return StepResult("a", "Step a", 1, status, findings=findings)


FAILED = step("fail", found("worst"), found("other"))


@pytest.fixture
def decisions(tmp_path):
    opened = []

    def make(gate=None, **settings):
        while opened:
            opened.pop().close()
        opened.append(Journal(tmp_path))
        return Decisions(Settings(**settings), opened[0], gate)

    yield make
    while opened:
        opened.pop().close()


@pytest.mark.parametrize(
    ("status", "goes_on"),
    [("pass", True), ("warn", True), ("fail", False), ("error", False)],
)
def test_with_nobody_to_ask_a_failure_stops(decisions, status, goes_on):
    assert decisions().after(step(status), "k") is goes_on
    assert decisions(keep_going=True).after(step(status), "k") is True


def test_nobody_is_asked_about_a_pass(decisions):
    asked = []
    decide = decisions(gate=lambda result: asked.append(result.status) or False)
    assert decide.after(step("pass"), "k") is True
    assert [decide.after(step(s), "k") for s in ("warn", "fail", "error")] == [False] * 3
    assert asked == ["warn", "fail", "error"]


def test_an_experiment_that_cannot_be_used_is_not_kept_going(decisions):
    blocked = step("fail", found("bad-shape", remedy=None, blocks=True))
    assert decisions(keep_going=True).after(blocked, "k") is False


def test_settings_mend_what_they_name_and_ask_nobody(decisions):
    decide = decisions(mend=("other", "elsewhere"), gate=lambda _: pytest.fail("asked"))
    assert decide.after(FAILED, "k") == "other"


def test_an_answer_is_kept_and_a_stop_is_not(decisions):
    assert decisions(gate=lambda _: False).after(FAILED, "k") is False
    assert decisions(gate=lambda _: "worst").after(FAILED, "k") == "worst"
    again = decisions(gate=lambda _: pytest.fail("asked"))
    assert again.after(FAILED, "k") == "worst"
    assert decisions(gate=lambda _: True).after(FAILED, "later") is True


def test_the_settings_that_ask_nobody_again(decisions):
    decide = decisions(gate=lambda result: "worst" if result is FAILED else True, mend=("x",))
    decide.after(step("warn"), "a")
    assert decide.taken() == Settings(mend=("x",))
    decide.after(FAILED, "b")
    assert decide.taken() == Settings(mend=("x", "worst"))
    decide.after(step("fail"), "c")
    assert decide.taken() == Settings(mend=("x", "worst"), keep_going=True)


def test_a_gate_that_names_no_remedy_is_told(decisions):
    with pytest.raises(UsageError, match="'nothing' has no remedy to apply after 'a'"):
        decisions(gate=lambda _: "nothing").after(FAILED, "k")


def test_mendable_is_what_counts_is_a_cause_and_was_not_tried():
    findings = (
        found("cause"),
        found("consequence", because="cause"),
        found("ignored", ignored="known"),
        found("note", "note"),
        found("by hand", remedy=None),
        found("helped", remedy=RemedyOutcome("x", verified=True)),
        found("in vain", remedy=RemedyOutcome("x", verified=False)),
        found("applied", remedy=RemedyOutcome("x", applied=True)),
    )
    assert repairable(step("fail", *findings)) == ["cause"]
