"""The terminal face, driven through a real pseudo-terminal."""

import json
from functools import partial

import pytest

from terminals import ended, started

TARGET = """
import torch
from tiny import blobs, network
from recipe import Experiment
sound = Experiment(model=network, train=blobs(), batch_size=32, epochs=6)
soft = Experiment(
    model=lambda: torch.nn.Sequential(network(), torch.nn.Softmax(1)), train=blobs(), epochs=6
)
"""


@pytest.fixture
def terminal(tmp_path):
    """Start a command line in a terminal of some width."""
    (tmp_path / "target.py").write_text(TARGET)
    return partial(started, tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("width", [60, 200])
def test_a_check_shows_each_step_and_the_verdict(terminal, width):
    child = terminal("check", "target.py:sound", "--until", "initial_loss", width=width)
    said, code = ended(child)
    assert code == 0, said
    for line in ("== Check the initial loss", "ok Check the initial loss: pass", "Verdict: pass"):
        assert line in said


DOWN, ENTER = "\x1b[B", "\r"


@pytest.mark.slow
@pytest.mark.parametrize(("answer", "goes_on"), [(DOWN, False), (2 * DOWN, True)])
def test_a_failed_gate_asks_whether_to_go_on(terminal, tmp_path, answer, goes_on):
    child = terminal("check", "target.py:soft", "--until", "overfit_sample")
    child.expect("go on all the same")
    child.send(answer + ENTER)
    said, code = ended(child)
    assert code == 1, said
    (folder,) = (tmp_path / "reports").iterdir()
    steps = json.loads((folder / "result.json").read_text())["steps"]
    statuses = {step["name"]: step["status"] for step in steps}
    assert statuses["initial_loss"] == "fail"
    assert (statuses["overfit_sample"] != "skip") is goes_on


@pytest.mark.slow
def test_ctrl_c_ends_with_130_and_keeps_what_is_finished(terminal, tmp_path):
    child = terminal("run", "target.py:sound")
    child.expect(r"trial \d+ of \d+")
    child.sendintr()
    said, code = ended(child)
    assert code == 130, said
    (folder,) = (tmp_path / "reports").iterdir()
    assert json.loads((folder / "result.json").read_text())["interrupted"] is True
    said, code = ended(terminal("resume", str(folder)))
    assert code == 0, said
    assert "known from an earlier run" in said
