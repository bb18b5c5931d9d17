"""What a run that goes on takes over from its journal, and what it does again."""

from dataclasses import asdict

import pytest
import torch

from recipe.core.checksums import write_sealed
from recipe.core.results import StepResult
from recipe.core.trials import Trial
from recipe.engine import reopening
from recipe.engine.proof_training import CUT_OFF
from recipe.engine.reopening import moved_to, reopened
from recipe.engine.run_wiring import STARTS, WAY
from recipe.notebook.journal import FILE, Journal
from recipe.training.execution_mode import PLAIN, mode_from_json


def trial(key, status="finished", **params):
    return vars(Trial(key, "a", 1, 1, params, 0, status, 1, 1, 1.0, reason="it broke"))


def step(*trials):
    result = asdict(StepResult("a", "A", 1, "pass"))
    return {"result": result, "trials": list(trials), "epochs": 1.0, "chosen": None, "left_out": []}


@pytest.fixture
def journal(tmp_path):
    with Journal(tmp_path) as made:
        yield made


def test_what_is_sound_is_taken_over(journal):
    journal.put("trial", "t", trial("t"))
    journal.put("step", "s", step(trial("t")))
    journal.put("proof", "p", {"score": 0.5, "loss": 1.0, "epochs": 2})
    journal.put("proof", "cut", CUT_OFF)
    journal.put(WAY, "w", asdict(PLAIN))
    journal.put("decision", "d", 3)
    journal.put("answer", "a", {"answer": True, "failed": False})
    journal.put("unknown", "u", [1])
    before = set(journal.entries)
    assert list(reopened(journal)) == []
    assert set(journal.entries) == before


def test_what_failed_is_done_again_with_the_step_that_it_belongs_to(journal):
    journal.put("trial", "good", trial("good"))
    journal.put("trial", "bad", trial("bad", "failed"))
    journal.put("step", "with it", step(trial("good"), trial("bad", "failed")))
    journal.put("step", "without", step(trial("good")))
    journal.put("proof", "bad", {"score": None, "loss": None, "epochs": 0, "failed": True})
    assert list(reopened(journal)) == ["What failed before is tried again: 1 trial, 1 proof."]
    assert set(journal.entries) == {("trial", "good"), ("step", "without")}


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("trial", {"key": 1}), ("trial", {**trial("a"), "status": "odd"}), ("step", {"result": {}}),
        ("proof", {"score": 1}), ("decision", "three"), ("decision", True), ("pace", []),
        (WAY, {**asdict(PLAIN), "width": 0}), (WAY, {**asdict(PLAIN), "threads": -3}),
        (WAY, {**asdict(PLAIN), "width": "2"}), (WAY, {**asdict(PLAIN), "sharing": "odd"}),
        ("answer", {}), ("final", {"seed": 0}),
    ],
)  # fmt: skip
def test_a_line_of_another_form_is_done_again(journal, kind, value):
    journal.put(kind, "key", value)
    (said,) = reopened(journal)
    assert f"cannot read ({kind})" in said
    assert not journal.entries


def test_lines_that_are_not_what_was_written_are_counted(tmp_path):
    with Journal(tmp_path) as journal:
        for number in range(3):
            journal.put("decision", str(number), number)
    content = (tmp_path / FILE).read_bytes()
    changed = content.replace(b'"value": 0', b'"value": 7').replace(b'"value": 1', b'"value": 8')
    (tmp_path / FILE).write_bytes(changed)
    with Journal(tmp_path) as journal:
        (said,) = reopened(journal)
    assert said.startswith("2 lines of journal.jsonl are not what was written")


def test_weights_to_begin_with_that_are_damaged_are_made_again(journal, tmp_path):
    (tmp_path / STARTS).mkdir()
    header = b'{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}'
    file = len(header).to_bytes(8, "little") + header + b"\0\0\0\0"
    path = tmp_path / STARTS / "probe-1.safetensors"
    write_sealed(path, file)
    journal.put("trial", "t", trial("t", begin_from="probe-1"))
    journal.put("trial", "u", trial("u", begin_from="scratch"))
    journal.put("step", "s", step())
    assert list(reopened(journal)) == []
    path.write_bytes(path.read_bytes()[:-1] + b"\1")
    (said,) = reopened(journal)
    assert "probe-1" in said
    assert not path.exists()
    assert set(journal.entries) == {("trial", "t"), ("trial", "u")}


def test_a_way_to_train_is_read_back_with_fields_of_a_later_version():
    assert mode_from_json({**asdict(PLAIN), "later": 1}) == PLAIN


CPU, GPU = torch.device("cpu"), torch.device("cuda")


def test_a_run_that_goes_on_on_another_device_says_so(journal, monkeypatch):
    monkeypatch.setattr(reopening, "chip", lambda _: ["H200", 1])
    assert moved_to(journal, CPU) is None
    assert not journal.get("device", "device"), "a processor is no news"
    journal.put("trial", "a", trial("a"))
    said = moved_to(journal, GPU)
    assert "so far were trained on the processor, those that come are on cuda (H200)" in said
    assert moved_to(journal, GPU) is None, "once"
    assert "on cuda (H200), those that come are on the processor" in moved_to(journal, CPU)


def test_a_run_that_begins_on_a_gpu_says_nothing(journal, monkeypatch):
    monkeypatch.setattr(reopening, "chip", lambda _: ["H200", 1])
    assert moved_to(journal, GPU) is None
    assert moved_to(journal, GPU) is None
    journal.put("trial", "a", trial("a"))
    assert moved_to(journal, GPU) is None
