"""The lines about the running step: as wide as the terminal, and no word of them cut."""

import io

import pytest
from rich.console import Console

from recipe.core.events import Progress, RunFinished, StepStarted, TrialFinished
from recipe.core.findings import Finding, RemedyOutcome
from recipe.core.results import RunResult, StepResult
from recipe.core.trials import Trial
from recipe.ui import live_status
from recipe.ui.line_layout import broken
from recipe.ui.live import Live
from recipe.ui.live import Screen as Screen_
from recipe.ui.live_status import Status, curve
from terminals import ESCAPES


@pytest.fixture
def clock(monkeypatch):
    now = [100.0]
    monkeypatch.setattr("recipe.ui.time_left.time.monotonic", lambda: now[0])
    return now


class Screen(io.StringIO):
    encoding = "utf-8"

    def isatty(self):
        return True


def trial(number, score, **more):
    return Trial(
        f"k{number}", "coarse_grid", 1, number, {"lr": 0.1 * number}, 0, "finished", 3, 3, 2.0,
        "accuracy", score, **more,
    )  # fmt: skip


def lines(status, width):
    return [text.plain for text in status.lines(width)]


@pytest.mark.parametrize("width", [40, 60, 80, 100])
@pytest.mark.parametrize("unicode", [True, False])
def test_two_lines_that_fit(clock, width, unicode):
    status = Status(unicode=unicode)
    status.begin()
    for done in range(1, 6):
        clock[0] += 10
        status.advance(Progress(done, 10, "trial 3 of 9", 2.0 / done))
    status.ended(trial(1, 0.5))
    bar, below = lines(status, width)
    assert len(bar) == width
    assert bar[3:].startswith("trial 3 of 9 ")
    assert bar.endswith("  50%  50 s left")
    assert "loss" in below
    assert "0.4   best accuracy 0.5000 at lr 0.1" in below
    assert (bar + below).isascii() is not unicode


def test_a_long_name_leaves_room_for_the_bar(clock):
    status = Status(unicode=True)
    status.begin()
    status.advance(Progress(1, 2, "proving the remedy of " + "x" * 80))
    (bar,) = lines(status, 60)
    assert len(bar) == 60
    assert "…" in bar


def test_the_best_is_the_highest_score_and_a_repeat_is_none():
    status = Status(unicode=True)
    for each in (trial(1, None), trial(2, -4.0), trial(3, -2.0), trial(4, 9.0, repeats="k1")):
        status.ended(each)
    assert status.course.best.number == 3


def test_the_loss_shown_is_that_of_the_lowest_trial(clock):
    status = Status(unicode=True)
    status.begin()
    for what, loss in (("trial 1", 2.0), ("trial 2", 1.0), ("trial 1", 1.5), ("trial 2", 0.5)):
        status.advance(Progress(1, 10, what, loss))
    assert "loss █▁ 0.5" in lines(status, 80)[1]
    status.advance(Progress(0, 10, "another piece of work"))
    assert len(lines(status, 80)) == 1


def test_before_anything_is_known_it_says_so():
    status = Status(unicode=True)
    status.begin("loading digits")
    (line,) = lines(status, 60)
    assert line[3:] == "loading digits ..."


@pytest.mark.parametrize(
    ("values", "drawn"),
    [([], ""), ([1.0], ""), ([3.0, 3.0], "▁▁"), ([8.0, 4.5, 1.0], "█▅▁"), ([1.0, 2.0], "▁█")],
)
def test_a_curve(values, drawn):
    assert curve(values, live_status.LEVELS[0][0]) == drawn


def test_a_long_curve_keeps_its_ends():
    drawn = curve([float(1000 - i) for i in range(1000)], live_status.LEVELS[0][0])
    assert len(drawn) == live_status.LONGEST_CURVE
    assert (drawn[0], drawn[-1]) == ("█", "▁")
    assert curve([1.0, 2.0], "") == ""


def test_lines_break_at_words_and_stay_indented():
    assert broken("   warn: a rule: " + "word " * 20, 40)[1].startswith("      word")
    assert all(len(part) <= 40 for part in broken("   " + "word " * 50, 40))
    assert broken("", 40) == [""]


@pytest.mark.parametrize("width", [60, 200])
def test_the_verdict_stands_in_a_frame_and_the_report_on_a_line_of_its_own(
    monkeypatch, tmp_path, width
):
    monkeypatch.setenv("COLUMNS", str(width))
    monkeypatch.setenv("TERM", "xterm")
    found = Finding(
        "softmax-before-loss", "warn", "probabilities", "Return logits. " * 8,
        remedy=RemedyOutcome("leave it out", True, "val_accuracy", 0.81, 0.92, applied=True),
    )  # fmt: skip
    step = StepResult("a", "A", 1, "warn", findings=(found,))
    folder = tmp_path / ("long" * 30)
    result = RunResult("x", ("softmax-before-loss",), (step,), folder=folder)
    out = Screen()
    shown = Live(out)
    shown(StepStarted("a", "A", 1))
    shown(TrialFinished(trial(1, 0.5), reused=False))
    shown(RunFinished(result))
    said = ESCAPES.sub("", out.getvalue())
    framed = [line for line in said.splitlines() if "│" in line]
    assert all(line.count("│") == 2 for line in framed)
    assert "Proved: val_accuracy 0.81 -> 0.92, better." in " ".join(said.replace("│", "").split())
    assert f"Report: {folder / 'report.md'}" in said


def test_what_stays_shows_steps_and_what_was_found(monkeypatch):
    """Signs of the steps, the running one, the loss, the best so far, what was found; every line
    as wide as the terminal at most.
    """
    monkeypatch.setenv("TERM", "xterm")
    found = Finding("overfitting", "warn", "m", "a")
    for width, unicode in ((60, True), (100, True), (200, False)):
        screen = Screen_(unicode=unicode)
        screen.steps.begin([("a", "Inspect data and model"), ("b", "Coarse grid"), ("c", "Finish")])
        screen.steps.finished(StepResult("a", "A", 1, "warn", findings=(found,)))
        screen.steps.started("b")
        screen.status.advance(Progress(2, 10, "trial 3 of 9", 1.5))
        screen.status.ended(trial(1, 0.5))
        out = Screen()
        Console(file=out, width=width, height=40, color_system=None, safe_box=True).print(screen)
        said = out.getvalue()
        assert all(len(line) <= width for line in said.splitlines())
        for part in ("! Inspect data and model", "Coarse grid", "trial 3 of 9", "found: overfitting",
                     "best accuracy 0.5000"):  # fmt: skip
            assert part in said
        assert ("·" in said) == unicode
    low = Screen()
    Console(file=low, width=80, height=12, color_system=None).print(screen)
    assert "Inspect" not in low.getvalue()
