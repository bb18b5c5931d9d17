"""What a cell of a notebook shows while a run is at work."""

from recipe.core.events import (
    Message,
    Progress,
    RunFinished,
    RunStarted,
    StepFinished,
    StepStarted,
    TrialFinished,
)
from recipe.core.findings import Finding
from recipe.core.results import RunResult, StepResult
from recipe.core.trials import Trial
from recipe.engine.notebook_display import NotebookDisplay, curve, display_here, report_in_cell


def shown(monkeypatch, *events):
    display = NotebookDisplay()
    monkeypatch.setattr(display, "_draw", lambda: None)
    for event in events:
        display(event)
    return display.html()


def test_steps_progress_curve_best_and_findings(monkeypatch, tmp_path):
    found = Finding("overfitting", "warn", "a gap of <5>", "a")
    trial = Trial("k", "b", 1, 1, {"lr": 0.1}, 0, "finished", 1, 1, 1.0, "accuracy", 0.75)
    begun = (
        RunStarted("x", tmp_path, (("a", "Inspect"), ("b", "Coarse grid")), resumed=False),
        StepStarted("a", "Inspect", 1),
        StepFinished(StepResult("a", "Inspect", 1, "warn", findings=(found,)), reused=False),
        StepStarted("b", "Coarse grid", 1),
        Message("a fallback"),
        Progress(1, 4, "trial 1", 2.0),
        Progress(2, 4, "trial 1", 1.0),
        TrialFinished(trial, reused=False),
    )
    said = shown(monkeypatch, *begun)
    for part in ("! Inspect", "▸ Coarse grid", "trial 1", "50%", "<polyline", "loss 1",
                 "accuracy so far: 0.7500 at lr 0.1", "a gap of &lt;5&gt;", "a fallback"):  # fmt: skip
        assert part in said
    result = RunResult("x", steps=(StepResult("a", "A", 1, "warn", findings=(found,)),))
    assert "Verdict: warn" in shown(monkeypatch, *begun, RunFinished(result))


def test_a_curve_of_one_value_is_none():
    assert curve([1.0]) == ""
    assert "polyline" in curve([1.0, 1.0])


def test_outside_of_a_notebook_nothing_is_displayed():
    assert display_here() is None


def test_a_result_shows_its_report_in_a_frame(tmp_path):
    assert report_in_cell(RunResult("x")) == "<b>x: fail</b>"
    (tmp_path / "report.md").write_text('# "A" report\n')
    framed = report_in_cell(RunResult("x", folder=tmp_path))
    assert framed.startswith("<iframe srcdoc=")
    assert "&quot;" in framed
