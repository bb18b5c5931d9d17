"""A run folder that somebody sent runs nothing, writes nowhere else and says nothing in its own
voice.
"""

import json
import re
import shutil
import xml.etree.ElementTree as ET
from dataclasses import replace

import pytest
from attacks import assert_told, command, written

from marks import slow_but
from recipe.core.events import Message, RunFinished, RunStarted, StepFinished, StepStarted
from recipe.core.findings import Finding
from recipe.core.results import RunResult, StepResult
from recipe.core.trials import Best, Trial
from recipe.report.html_page import html_page
from recipe.report.junit import junit_xml
from recipe.report.markdown import render
from recipe.ui import github
from recipe.ui.plain import Plain

pytestmark = pytest.mark.torture


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A run that trained something, with the file it was run on."""
    folder = tmp_path_factory.mktemp("made")
    ended = command(folder, "run", written(folder), "--only", "coarse_grid", "--no-input")
    (run,) = (folder / "reports").glob("mine-*")
    assert (run / "best.safetensors").exists(), ended.err
    return run


@pytest.fixture
def sent(made, tmp_path):
    """A copy without the seal of this user, which names code that leaves a mark."""
    folder = tmp_path / "sent"
    shutil.copytree(made, folder)
    (folder / ".origin").unlink()
    evil = "open('ran', 'w').close()\n"
    written(tmp_path, evil, name="evil.py")
    change(folder, lambda result: result["settings"].update(target="evil.py"))
    toml = folder / "recipe.toml"
    toml.write_text(re.sub('target = ".*"', 'target = "evil.py"', toml.read_text()))
    journal = folder / "journal.jsonl"
    journal.write_text("".join(journal.read_text().splitlines(True)[:-1]))
    return folder


def change(folder, how):
    path = folder / "result.json"
    result = json.loads(path.read_text())
    how(result)
    path.write_text(json.dumps(result))


COMMANDS = {
    "predict": ["predict", "sent", "val"],
    "export": ["export", "sent", "--model", "model.pt2"],
    "resume": ["resume", "sent"],
}


@pytest.mark.parametrize("name", slow_but({"predict"}, COMMANDS))
def test_its_code_is_not_run_before_somebody_says_so(sent, tmp_path, name):
    assert_told(command(tmp_path, *COMMANDS[name]), "evil.py", "--trust")
    assert not (tmp_path / "ran").exists()
    command(tmp_path, *COMMANDS[name], "--trust")
    assert (tmp_path / "ran").exists()


@pytest.mark.parametrize("target", slow_but({"os:abort"}, ["os:abort", "sys:exit", "digits.py"]))
def test_nor_is_anything_else_that_python_can_call(sent, tmp_path, target):
    change(sent, lambda result: result["settings"].update(target=target))
    assert_told(command(tmp_path, *COMMANDS["predict"]), target, "--trust")


def test_ones_own_run_is_used_without_a_question(made):
    ended = command(made.parents[1], "predict", made, "val")
    assert ended.code == 0, ended.err


@pytest.mark.parametrize("place", ["../outside.safetensors", "{tmp}/outside.safetensors", "a/link"])
def test_weights_from_outside_are_not_read(made, tmp_path, place):
    folder = tmp_path / "sent"
    shutil.copytree(made, folder)
    outside = tmp_path / "outside.safetensors"
    shutil.copy(folder / "best.safetensors", outside)
    (folder / "a").mkdir()
    (folder / "a" / "link").symlink_to(outside)
    place = place.format(tmp=tmp_path)

    def lead_out(result):
        result["best"]["checkpoint"] = place
        for member in (result["chosen"] or {}).get("members", ()):
            member["weights"] = place

    change(folder, lead_out)
    assert_told(command(made.parents[1], "predict", folder, "val"), "outside the run folder")


@pytest.mark.slow
def test_links_are_not_written_through(made, tmp_path):
    outside = tmp_path / "outside"
    outside.mkdir()
    folder = tmp_path / "sent"
    shutil.copytree(made, folder)
    shutil.rmtree(folder / "plots", ignore_errors=True)
    (folder / "plots").symlink_to(outside)
    assert_told(command(tmp_path, "report", folder), "link")
    assert not list(outside.iterdir())
    (folder / "plots").unlink()
    (folder / "report.md").unlink()
    (folder / "report.md").symlink_to(outside / "report.md")
    assert command(tmp_path, "report", folder).code == 0
    assert not list(outside.iterdir())


HOSTILE = "evil\x1b]0;title\x07\n::error::gone\n##[error]gone\r\x9b31m\u202ename`|<b>"


def hostile_result(folder):
    finding = Finding(HOSTILE, "fail", f"{HOSTILE} message", f"{HOSTILE} advice")
    step = StepResult(
        HOSTILE, HOSTILE, 1, "fail", reason=HOSTILE, findings=(finding,), says=HOSTILE,
        hypothesis=HOSTILE, why=HOSTILE,
    )  # fmt: skip
    trial = Trial(
        "key", HOSTILE, 1, 1, {HOSTILE: HOSTILE, "lr": 0.1}, 0, "failed", 1, 1, 1.0,
        metric=HOSTILE, reason=HOSTILE,
    )  # fmt: skip
    best = Best({HOSTILE: HOSTILE}, 0.5)
    return RunResult(
        HOSTILE, (HOSTILE,), (step, replace(step, status="error")), (trial,), HOSTILE,
        baseline=best, best=best, environment={HOSTILE: HOSTILE}, settings={HOSTILE: HOSTILE},
        folder=folder,
    )  # fmt: skip


def acting(text):
    """Characters and lines that do something in a terminal or a log."""
    found = re.findall("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e]", text)
    return found + [line for line in text.splitlines() if re.match(r"\s*(::|##\[|##vso)", line)]


def test_hostile_names_only_are_read_in_every_face(tmp_path):
    result = hostile_result(tmp_path)
    plain = Plain(None)
    events = [
        RunStarted(HOSTILE, tmp_path / "run", (), resumed=False),
        StepStarted(HOSTILE, HOSTILE, 1, HOSTILE, HOSTILE), Message(HOSTILE),
        StepFinished(result.steps[0], reused=False), StepFinished(result.steps[1], reused=False),
        RunFinished(result),
    ]  # fmt: skip
    for event in events:
        for line in plain.lines(event):
            assert not acting(line), (event, line)
    report = render(result)
    assert not [c for c in acting(report) if len(c) == 1]  # which is no log
    page = html_page(report, tmp_path)
    assert not [c for c in acting(page) if len(c) == 1]
    assert "<b>" not in page
    suite = junit_xml(result)
    ET.fromstring(suite)
    assert not [c for c in acting(suite) if len(c) == 1]
    for line in github.annotations(result):
        assert line.startswith("::error title=")
        assert len(line.splitlines()) == 1
        assert not acting(line[2:])


def test_a_result_somebody_sent_is_compared_without_a_command(made, tmp_path):
    for name in ("one", "two"):
        shutil.copytree(made, tmp_path / name)
        change(tmp_path / name, lambda result, name=name: result.update(
            metric=HOSTILE, diagnosis=[HOSTILE], environment={"system": f"{HOSTILE}{name}"},
        ))  # fmt: skip
    ended = command(tmp_path, "compare", "one", "two")
    assert ended.code == 0, ended.err
    assert not acting(ended.out), acting(ended.out)


def test_a_log_of_a_hostile_name_is_read(tmp_path):
    log = tmp_path / "evil\x1b[31m\n::error::x.csv"
    log.write_text("epoch,train_loss\n1,2\n2,1\n")
    ended = command(tmp_path, "diagnose", log)
    assert not acting(ended.out + ended.err)
