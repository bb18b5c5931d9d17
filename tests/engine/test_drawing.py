"""Plots that are drawn beside the run are those that are drawn at its end."""

import os
import signal
import time
from contextlib import closing

import pytest
import torch

from recipe.core.clock import working_until
from recipe.core.events import StepFinished
from recipe.engine import drawing
from recipe.engine.drawing import DrawnBeside
from recipe.report.plots import draw_plots
from report_samples import full_run


def beside(folder, quiet=lambda: True):
    return DrawnBeside(folder, torch.device("cpu"), quiet)


def told(drawer, result):
    seen = []
    observe = drawer.watching(seen.append)
    for step in result.steps:
        observe(StepFinished(step, reused=False))
    return observe, seen


def of_steps(plots):
    return {plot.link for plot in plots if plot.about == "step"}


def test_what_is_drawn_beside_is_the_same_and_not_drawn_again(tmp_path, monkeypatch):
    result = full_run()
    expected = draw_plots(result, tmp_path / "alone")
    with closing(beside(tmp_path / "run")) as drawer:
        _, seen = told(drawer, result)
        time.sleep(2)
        done = drawer.drawn(result.steps)
        drawer._go_on()
        done |= drawer.drawn(result.steps)
    assert [event.result for event in seen] == list(result.steps)
    assert done == of_steps(expected)
    drawn_now = []
    monkeypatch.setattr("recipe.report.plots.png", lambda shown: drawn_now.append(shown) or b"x")
    assert draw_plots(result, tmp_path / "run", done=done) == expected
    assert len(drawn_now) == len(expected) - len(done)
    for link in done:
        one, other = (tmp_path / name / link for name in ("alone", "run"))
        assert one.read_bytes() == other.read_bytes()


def test_nothing_is_drawn_while_something_is_timed(tmp_path):
    quiet = []
    result = full_run()
    with closing(beside(tmp_path, lambda: bool(quiet))) as drawer:
        observe, _ = told(drawer, result)
        assert drawer._child is None
        quiet.append(1)
        observe(StepFinished(result.steps[0], reused=True))
        assert drawer._child is not None


def test_a_step_that_was_measured_again_is_drawn_again(tmp_path):
    result = full_run()
    with closing(beside(tmp_path)) as drawer:
        told(drawer, result)
        other = full_run()
        assert drawer.drawn(other.steps) == set()


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGSTOP])
def test_one_that_dies_or_stands_still_costs_no_plot(tmp_path, how, monkeypatch):
    monkeypatch.setattr(drawing, "LONGEST", 1.0)
    result = full_run()
    with closing(beside(tmp_path)) as drawer:
        told(drawer, result)
        child = drawer._child.process
        os.kill(child.pid, how)
        done = drawer.drawn(result.steps)
        plots = draw_plots(result, tmp_path, done=done)
        assert drawer._child is None
    assert {plot.link for plot in plots} == {p.link for p in draw_plots(result, tmp_path / "b")}
    assert all((tmp_path / plot.link).read_bytes().startswith(b"\x89PNG") for plot in plots)


def test_the_end_of_the_time_ends_the_wait(tmp_path):
    with closing(beside(tmp_path)) as drawer:
        told(drawer, full_run())
        with working_until(time.monotonic()):
            before = time.monotonic()
            drawer.drawn(full_run().steps)
            assert time.monotonic() - before < 1
        child = drawer._child.process
    assert not child.is_alive()
