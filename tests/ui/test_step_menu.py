"""What may be chosen after a step, and in which order."""

import pytest

from recipe.core.evidence import Figure
from recipe.core.findings import Finding, RemedyOutcome
from recipe.core.results import StepResult
from recipe.ui.step_menu import Choice, StepMenu, open_causes

REMEDY = RemedyOutcome("return logits")


class Script:
    def __init__(self, *answers):
        self.answers, self.asked = list(answers), []

    def choose(self, text, items, default, *, back):
        self.asked.append((text, [item.value for item in items], default, back))
        return self.answers.pop(0)


def found(rule, severity="fail", **more):
    return Finding(rule, severity, "m", "do", **more)


def step(status, *findings, figures=()):
    return StepResult("a", "Step a", 1, status, findings=findings, figures=figures)


def panel(*answers, told=None, **more):
    said = [] if told is None else told
    return StepMenu(
        Script(*answers), lambda rule: said.append(("explain", rule)),
        lambda result: said.append(("plot", result.name)), **more,
    )  # fmt: skip


def actions(result, **more):
    return [item.value.action for item in panel(**more).items(result)]


@pytest.mark.parametrize(
    ("result", "first"),
    [
        (step("fail", found("x", remedy=REMEDY)), ["mend", "stop", "go on", "explain"]),
        (step("fail", found("x")), ["stop", "go on", "explain"]),
        (step("fail", found("x", blocks=True)), ["stop", "explain"]),
        (step("error"), ["stop", "go on"]),
        (step("warn", found("x", "warn", remedy=REMEDY)), ["mend", "go on", "stop", "explain"]),
    ],
)
def test_what_most_people_want_comes_first(result, first):
    assert actions(result) == first


def test_more_choices_where_there_is_more():
    result = step("fail", found("x"), figures=(Figure("f", "F", ("s",)),))
    assert actions(result, again="experiment.py", change=True) == [
        "stop", "go on", "explain", "plot", "again", "change",
    ]  # fmt: skip


def test_a_remedy_is_offered_only_where_the_run_goes_on_from_there():
    assert "mend" not in actions(
        step("fail", found("x", remedy=REMEDY)), may_repair=lambda _: False
    )


def test_explanations_and_plots_come_back_to_the_question():
    told = []
    asked = panel(Choice("explain", "x"), Choice("plot"), Choice("mend", "x"), told=told)
    result = step("fail", found("x", remedy=REMEDY), figures=(Figure("f", "F", ("s",)),))
    assert asked.decide(result) == Choice("mend", "x")
    assert told == [("explain", "x"), ("plot", "a")]
    assert len(asked.asker.asked) == 3
    assert asked.asker.asked[0][2] == Choice("mend", "x")


def test_causes_that_are_open():
    result = step(
        "fail", found("cause"), found("effect", because="cause"), found("known", ignored="why"),
        found("note", "note"), found("mended", remedy=RemedyOutcome("r", applied=True)),
    )  # fmt: skip
    assert [f.rule for f in open_causes(result)] == ["cause"]
