"""What is finished is used again: whatever the options, whatever lies beside it, whatever became of
single files.
"""

import json
import os
from dataclasses import replace

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from safetensors.torch import load_file

from marks import slow_but
from recipe import Experiment
from recipe.core.checksums import checksum
from recipe.core.errors import UsageError
from recipe.core.settings import Settings, parse
from recipe.engine.run_execution import execute
from recipe.notebook.journal import FILE, Journal
from recipe.search import trial_run
from tiny import blobs, experiment, network

pytestmark = [pytest.mark.torture, pytest.mark.usefixtures("without_plots")]
SHORT = {"until": "initial_loss"}
OPTIONS = st.fixed_dictionaries(
    {},
    optional={
        "skip": st.lists(st.sampled_from(["transfer", "refine_grid", "finish"]), unique=True),
        "only": st.lists(st.sampled_from(["inspect", "initial_loss", "finish"]), unique=True),
        "mend": st.lists(st.sampled_from(["initial-loss-too-high", "noisy-labels"]), unique=True),
        "ignore": st.lists(st.sampled_from(["noisy-labels=known"]), max_size=1),
        "epochs": st.integers(1, 9),
        "budget": st.sampled_from(["40epochs", "10m", "1h"]),
        "verify_budget": st.sampled_from(["off", "3epochs"]),
        "call_limit": st.sampled_from(["off", "90s"]),
        "seed": st.integers(0, 3),
        "search": st.sampled_from(["auto", "grid", "random"]),
        "ensemble": st.integers(0, 3),
        "keep_going": st.booleans(), "strict": st.booleans(), "again": st.booleans(),
        "exact": st.booleans(), "html": st.booleans(), "ci": st.booleans(),
    },
)  # fmt: skip


def events_of(declared, options, **given):
    events = []
    result = execute(declared, options, target="tiny", observe=events.append, **given)
    return result, [type(event).__name__ for event in events], events


def said(events):
    return [event.text for event in events if type(event).__name__ == "Message"]


def assert_reused(events):
    ran = [e for e in events if type(e).__name__ == "StepFinished" and e.result.status != "skip"]
    assert all(event.reused for event in ran)


def unfinish(folder):
    """As a kill before the last line leaves it."""
    lines = (folder / FILE).read_bytes().splitlines(keepends=True)
    (folder / FILE).write_bytes(b"".join(line for line in lines if b'"finished"' not in line))


@pytest.mark.slow
@settings(max_examples=6, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(options=OPTIONS)
def test_the_same_command_goes_on_whatever_its_options(tmp_path_factory, options):
    out = tmp_path_factory.mktemp("out")
    chosen = Settings(**parse({**SHORT, **options, "out": str(out)}))
    first, *_ = events_of(experiment, chosen)
    unfinish(first.folder)
    again, _, events = events_of(experiment, chosen)
    assert again.folder == first.folder
    assert next(e for e in events if type(e).__name__ == "RunStarted").resumed
    assert_reused(events)


STRANGE = {
    "an empty folder": lambda folder: None,
    "a journal that is a folder": lambda folder: (folder / FILE).mkdir(),
    "a journal that is a pipe": lambda folder: os.mkfifo(folder / FILE),
    "a journal that is a link": lambda folder: (folder / FILE).symlink_to("/dev/zero"),
    "a line with a list as kind": lambda folder: (folder / FILE).write_text(
        '{"kind": [1], "key": "a", "value": 1}\n'
    ),
    "a line nested too deep": lambda folder: (folder / FILE).write_text("[" * 100_000 + "\n"),
    "bytes": lambda folder: (folder / FILE).write_bytes(bytes(range(256)) * 50),
    "an identity that is none": lambda folder: (folder / FILE).write_text(
        '{"kind": "run", "key": "identity", "value": 7}\n'
    ),
    "no rights": lambda folder: folder.chmod(0),
    "a lock that is a folder": lambda folder: (folder / ".lock").mkdir(),
}


def test_strange_folders_are_passed_over(tmp_path):
    for number, (_, make) in enumerate(STRANGE.items()):
        folder = tmp_path / f"tiny-9999{number}"
        folder.mkdir()
        make(folder)
    (tmp_path / "tiny-a-file").write_text("x")
    (tmp_path / "tiny-a-link").symlink_to(tmp_path / "nowhere")
    chosen = Settings(out=tmp_path, **SHORT)
    first, *_ = events_of(experiment, chosen)
    unfinish(first.folder)
    again, *_ = events_of(experiment, chosen)
    assert again.folder == first.folder


def as_later(value):
    return {**value, "a field of a later version": [1]}


def lines_of(folder):
    return [json.loads(line) for line in (folder / FILE).read_text().splitlines()]


def rewrite(folder, how):
    lines = []
    for entry in lines_of(folder):
        entry.pop("sum")
        body = json.dumps(how(entry), ensure_ascii=False).encode()
        lines.append(b'%b, "sum": "%b"}\n' % (body[:-1], checksum(body).encode()))
    (folder / FILE).write_bytes(b"".join(lines))


def test_fields_and_kinds_of_a_later_version_are_passed_over(tmp_path):
    chosen = Settings(out=tmp_path, **SHORT)
    first, *_ = events_of(experiment, chosen)

    def later(entry):
        if entry["kind"] == "step":
            inside = as_later(entry["value"]["result"])
            inside["evidence"] = as_later(inside["evidence"])
            entry["value"] = as_later({**entry["value"], "result": inside})
        return as_later(entry)

    unfinish(first.folder)
    rewrite(first.folder, later)
    with Journal(first.folder) as journal:
        journal.put("a kind of a later version", "key", [])
    again, _, events = events_of(experiment, chosen)
    assert again.folder == first.folder
    assert_reused(events)


@pytest.mark.parametrize("value", [None, {"result": 1, "trials": 2}])
def test_lines_of_another_form_are_done_again_and_that_is_said(tmp_path, value):
    chosen = Settings(out=tmp_path, **SHORT)
    first, *_ = events_of(experiment, chosen)
    unfinish(first.folder)
    rewrite(first.folder, lambda e: {**e, "value": value} if e["kind"] == "step" else e)
    again, _, events = events_of(experiment, chosen)
    assert again.folder == first.folder
    assert again.verdict == first.verdict
    assert any("cannot read (step)" in text for text in said(events))


GRID = {"only": ("lr_range", "coarse_grid")}


@pytest.fixture(scope="module")
def searched(tmp_path_factory):
    out = tmp_path_factory.mktemp("searched")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("recipe.report.write.draw_plots", lambda *_, **__: ())
        return execute(experiment, Settings(out=out, **GRID), target="tiny")


@pytest.fixture
def begun(searched, tmp_path):
    """A copy that has its finish line before it."""
    import shutil

    folder = tmp_path / searched.folder.name
    shutil.copytree(searched.folder, folder)
    unfinish(folder)
    return folder


def test_a_changed_digit_in_the_journal_is_told_and_measured_again(begun, searched):
    path = begun / FILE
    lines = path.read_bytes().splitlines(keepends=True)
    place = next(n for n, line in enumerate(lines) if b'"best_lr"' in line)
    lines[place] = (
        lines[place]
        .replace(b'"best_lr": 0.', b'"best_lr": 5.')
        .replace(b'"best_lr": 1.', b'"best_lr": 5.')
    )
    path.write_bytes(b"".join(lines))
    chosen = Settings(out=begun.parent, **GRID)
    again, _, events = events_of(experiment, chosen, folder=begun)
    assert any("not what was written" in text for text in said(events))
    assert again.best == searched.best


WEIGHTS = {
    "cut": lambda path: os.truncate(path, path.stat().st_size // 2),
    "one bit": lambda path: path.write_bytes(
        path.read_bytes()[:-9] + bytes([path.read_bytes()[-9] ^ 64]) + path.read_bytes()[-8:]
    ),
    "garbage": lambda path: path.write_bytes(b"garbage" * 99),
    "empty": lambda path: path.write_bytes(b""),
    "missing": lambda path: path.unlink(),
    "a link": lambda path: (path.unlink(), path.symlink_to("/dev/zero")),
}


@pytest.mark.parametrize("name", slow_but({"one bit"}, WEIGHTS))
def test_damaged_weights_are_trained_again(begun, searched, name):
    damage = WEIGHTS[name]
    for path in (begun / "checkpoints").iterdir():
        damage(path)
    (begun / "best.safetensors").unlink()
    again, *_ = events_of(experiment, Settings(out=begun.parent, **GRID), folder=begun)
    assert again.best == searched.best
    expected = (searched.folder / "best.safetensors").read_bytes()
    assert (begun / "best.safetensors").read_bytes() == expected


def test_damaged_weights_are_not_answered_with(begun):
    from recipe import load

    load(begun, experiment)
    path = begun / "best.safetensors"
    WEIGHTS["one bit"](path)
    with pytest.raises(UsageError, match="not what was written"):
        load(begun, experiment)
    assert load_file(path)  # which a library takes


class Passing:
    """A fault that passes: a file server that does not answer."""

    down = False

    def loss(self, outputs, y):
        if Passing.down:
            raise RuntimeError("the file server does not answer")
        return torch.nn.functional.cross_entropy(outputs, y)


def faulty_loss(outputs, y):
    return Passing().loss(outputs, y)


def test_trials_that_failed_for_a_fault_that_passed_are_trained_when_it_goes_on(
    tmp_path, monkeypatch
):
    declared = Experiment(
        model=network, train=blobs(), batch_size=32, epochs=3, loss=faulty_loss, task="classification",
        lr=0.05, name="passing",
    )  # fmt: skip
    chosen = Settings(out=tmp_path, only=("coarse_grid",))

    def down_for(_, trial=trial_run.TrialRun.__init__):
        Passing.down = True

    try:
        Passing.down = False
        first = execute(declared, chosen, target="tiny", observe=lambda event: (
            down_for(event) if type(event).__name__ == "StepStarted" else None
        ))  # fmt: skip
    except UsageError:
        first = None
    Passing.down = False
    again, *_ = events_of(replace(declared), chosen)
    assert again.best is not None
    if first is not None:
        assert again.folder == first.folder
    assert len(list(tmp_path.glob("passing-*"))) == 1
    assert {trial.status for trial in again.trials} <= {"finished", "stopped"}
