"""Plain lines: one per event, and a time left that follows the work."""

import io
import time

import pytest

from recipe.core.events import Message, Progress, RunFinished, StepStarted, TrialFinished
from recipe.core.findings import Finding, RemedyOutcome
from recipe.core.results import RunResult, StepResult
from recipe.core.trials import Trial
from recipe.ui import plain
from recipe.ui.plain import Plain


@pytest.fixture
def clock(monkeypatch):
    now = [100.0]
    monkeypatch.setattr(plain.time, "monotonic", lambda: now[0])
    return now


def test_progress_is_rare_and_says_what_is_left(clock):
    shown = Plain(io.StringIO())
    assert shown.lines(StepStarted("a", "Step", 1)) == ["== Step"]
    clock[0] += 1.5
    assert shown.lines(Progress(10, 100, "work")) == []
    clock[0] += 18.5
    assert shown.lines(Progress(40, 100, "work")) == ["   work: 40%, about 30 s left"]
    clock[0] += 1.5
    assert shown.lines(Progress(50, 100, "work")) == []
    clock[0] += 980
    shown.lines(Progress(51, 100, "work"))
    clock[0] += 9
    assert shown.lines(Progress(52, 100, "work")) == []  # rarer, the longer a run takes


def test_work_that_says_nothing_is_said_to_go_on():
    out = io.StringIO()
    shown = Plain(out)
    shown.begin("loading digits")
    with shown:
        shown._told -= plain.SOON
        while "..." not in out.getvalue().partition("\n")[2]:
            time.sleep(0.01)
    assert out.getvalue().splitlines()[0] == "Loading digits ..."
    assert out.getvalue().splitlines()[1].startswith("   loading digits ... ")


def test_another_piece_of_work_starts_its_own_clock(clock):
    shown = Plain(io.StringIO())
    clock[0] += 60
    shown.lines(Progress(100, 100, "first"))
    clock[0] += 1
    assert shown.lines(Progress(0, 50, "second")) == []
    clock[0] += 20
    assert shown.lines(Progress(10, 50, "second")) == ["   second: 20%, about 1 min 20 s left"]


def test_no_line_for_an_unknown_total_and_one_for_a_message(clock):
    shown = Plain(io.StringIO())
    clock[0] += 60
    assert shown.lines(Progress(1, 0, "work")) == []
    assert shown.lines(Message("a fallback")) == ["   a fallback"]


def test_a_trial_that_was_stopped_inside_an_epoch_says_where():
    trial = Trial(
        "k", "coarse_grid", 1, 4, {"lr": 0.1}, 0, "stopped", 0, 1, 2.0, "accuracy", part=0.379
    )
    (line,) = Plain(io.StringIO()).lines(TrialFinished(trial, reused=False))
    assert line == "   trial 4: lr 0.1: no score (0.38 of 1 epochs, stopped)"


@pytest.mark.parametrize(("verified", "said"), [(True, True), (False, False), (None, False)])
def test_a_note_whose_remedy_helped_stands_in_the_verdict(verified, said):
    remedy = RemedyOutcome("train longer", verified, "accuracy", 0.71, 0.8)
    note = Finding("too-few-updates", "note", "m", "Train for more epochs.", remedy=remedy)
    result = RunResult("x", steps=(StepResult("a", "A", 1, "pass", findings=(note,)),))
    lines = Plain(io.StringIO()).lines(RunFinished(result))
    told = [line for line in lines if line.startswith("Note: too-few-updates: Train for more")]
    assert bool(told) == said
    assert all("0.71" in line and "0.8" in line for line in told)
