"""A run that was killed and resumed ends like one that was not."""

import json
import signal
from pathlib import Path

import pytest

import warm
from marks import heavy, slow_but
from recipe.core.settings import Settings
from recipe.engine.run_execution import execute
from recipe.notebook.journal import FILE
from tiny import experiment, halved, rounds, transferred

pytestmark = pytest.mark.usefixtures("without_plots")

KILLS = [
    ("inspect", "StepStarted"),
    ("initial_loss", "Progress"),
    ("overfit_sample", "Progress"),
    ("lr_range", "Progress"),
    ("coarse_grid", "TrialFinished"),
    ("coarse_grid", "StepFinished"),
    ("refine_grid", "TrialFinished"),
    ("learning_curves", "StepStarted"),
]


def without_times(value):
    if isinstance(value, dict):
        return {k: without_times(v) for k, v in value.items() if k not in ("seconds", "proofs")}
    return [without_times(item) for item in value] if isinstance(value, list) else value


def finish(out: Path, declared=experiment):
    events = []
    result = execute(declared, Settings(out=out), target="tiny", observe=events.append)
    content = json.loads((result.folder / "result.json").read_text())
    content["settings"].pop("out", None)
    return without_times(content), result, events


def never_killed(folder, declared):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("recipe.report.write.draw_plots", lambda *_, **__: ())
        return finish(folder, declared)


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    return never_killed(tmp_path_factory.mktemp("undisturbed"), experiment)


def names(events):
    return [type(event).__name__ for event in events]


def kill(out, step, event, name, passed=0):
    script = Path(__file__).parents[1] / "helpers" / "killed.py"
    done = warm.run([script, out, step, event, name, passed])
    assert done.returncode == -signal.SIGKILL, done.stderr


@pytest.mark.parametrize(("step", "event"), slow_but({("coarse_grid", "TrialFinished")}, KILLS))
def test_killed_in_a_step_and_resumed_it_ends_the_same(tmp_path, undisturbed, step, event):
    kill(tmp_path, step, event, "experiment")
    (folder,) = tmp_path.iterdir()
    assert not (folder / "result.json").exists()
    content, result, events = finish(tmp_path)
    assert result.folder == folder
    assert next(e for e in events if type(e).__name__ == "RunStarted").resumed
    assert content == undisturbed[0]
    weights = [r.folder / "best.safetensors" for r in (result, undisturbed[1])]
    assert weights[0].read_bytes() == weights[1].read_bytes()


@pytest.mark.slow
def test_a_cut_inside_an_epoch_is_the_same_when_resumed(tmp_path):
    expected, whole, _ = finish(tmp_path / "whole", halved)
    stopped = [trial for trial in whole.trials if 0 < trial.part < 1]
    assert {(t.step, t.status, t.epochs) for t in stopped} == {("coarse_grid", "stopped", 0)}
    kill(tmp_path / "killed", "coarse_grid", "TrialFinished", "halved")
    content, result, _ = finish(tmp_path / "killed", halved)
    assert content == expected
    journal = result.folder / FILE
    lines = journal.read_bytes().splitlines(keepends=True)
    cut = next(k for k, line in enumerate(lines) if b'"stopped"' in line)
    for keep in (cut + 1, cut + len(stopped), cut + len(stopped) + 2):
        journal.write_bytes(b"".join(lines[:keep]))
        assert finish(tmp_path / "killed", halved)[0] == expected


@pytest.fixture(scope="module")
def in_rounds(tmp_path_factory):
    return never_killed(tmp_path_factory.mktemp("rounds"), rounds)


@pytest.mark.slow
def test_the_rounds_that_are_killed_try_a_change_and_train_it_from_fresh_seeds(in_rounds):
    refined = [t for t in in_rounds[1].trials if t.step == "refine_grid"]
    assert {t.round for t in refined} == {1, 2}
    assert [t.round for t in refined[:4]] == [1] * 3 + [2]
    assert [t.repeats is not None for t in refined].index(True) == 7
    assert any(t.status == "stopped" for t in refined[3:7])


@pytest.mark.slow
@pytest.mark.parametrize("trials", [1, 6, *(heavy(n) for n in (4, 9))])
def test_killed_within_a_round_it_proposes_the_same_and_ends_the_same(tmp_path, in_rounds, trials):
    kill(tmp_path, "refine_grid", "TrialFinished", "rounds", trials)
    content, result, events = finish(tmp_path, rounds)
    assert next(e for e in events if type(e).__name__ == "RunStarted").resumed
    assert content == in_rounds[0]
    assert result.best == in_rounds[1].best
    weights = [r.folder / "best.safetensors" for r in (result, in_rounds[1])]
    assert weights[0].read_bytes() == weights[1].read_bytes()


@pytest.fixture(scope="module")
def moved(tmp_path_factory):
    return never_killed(tmp_path_factory.mktemp("moved"), transferred)


@pytest.mark.slow
def test_what_is_killed_below_freezes_blocks_and_starts_from_the_trained_head(moved):
    tried = [t.params for t in moved[1].trials if t.step == "transfer"]
    assert [p.get("begin_from", "").partition("-")[0] for p in tried] == [
        *[""] * 11, *["probe"] * 4, *["scratch"] * 3
    ]  # fmt: skip
    assert [p["freeze"] for p in tried[:13]] == [*[2] * 11, 0, 1]


@pytest.mark.slow
@pytest.mark.parametrize("trials", [0, 11, 16, *(heavy(n) for n in (5, 10, 13))])
def test_killed_while_it_transfers_it_ends_the_same(tmp_path, moved, trials):
    kill(tmp_path, "transfer", "TrialFinished", "transferred", trials)
    content, result, events = finish(tmp_path, transferred)
    assert next(e for e in events if type(e).__name__ == "RunStarted").resumed
    assert content == moved[0]
    weights = [r.folder / "best.safetensors" for r in (result, moved[1])]
    assert weights[0].read_bytes() == weights[1].read_bytes()
    starts = [next((r.folder / "starts").iterdir()) for r in (result, moved[1])]
    assert starts[0].name == starts[1].name
    assert starts[0].read_bytes() == starts[1].read_bytes()


@pytest.mark.slow
def test_killed_after_it_transferred_what_was_frozen_stays_frozen(tmp_path, moved):
    kill(tmp_path, "refine_grid", "TrialFinished", "transferred", 1)
    content, result, _ = finish(tmp_path, transferred)
    assert content == moved[0]
    assert result.best == moved[1].best


@pytest.mark.slow
@pytest.mark.parametrize("keep", [3, 14, *(heavy(n) for n in (1, 8))])
def test_a_torn_last_line_is_cut_and_its_work_done_again(tmp_path, undisturbed, keep):
    _, result, _ = finish(tmp_path)
    journal = result.folder / FILE
    lines = journal.read_bytes().splitlines(keepends=True)
    journal.write_bytes(b"".join(lines[:keep]) + lines[keep][: len(lines[keep]) // 2])
    content, again, _ = finish(tmp_path)
    assert again.folder == result.folder
    assert content == undisturbed[0]
    for line in journal.read_text().splitlines():
        json.loads(line)


@pytest.mark.slow
def test_a_finished_run_is_not_resumed_but_resuming_it_trains_nothing(tmp_path, undisturbed):
    _, first, _ = finish(tmp_path)
    _, second, _ = finish(tmp_path)
    assert second.folder != first.folder
    events = []
    again = execute(
        experiment, Settings(out=tmp_path), target="tiny", observe=events.append,
        folder=first.folder,
    )  # fmt: skip
    assert all(e.reused for e in events if type(e).__name__ in ("StepFinished", "TrialFinished"))
    assert again.best == first.best


@pytest.mark.slow
def test_fresh_starts_anew(tmp_path):
    short = Settings(out=tmp_path, until="initial_loss")
    first = execute(experiment, short, target="tiny")
    (first.folder / FILE).write_bytes((first.folder / FILE).read_bytes().splitlines(True)[0])
    assert execute(experiment, short, target="tiny").folder == first.folder
    (first.folder / FILE).write_bytes((first.folder / FILE).read_bytes().splitlines(True)[0])
    anew = Settings(out=tmp_path, until="initial_loss", fresh=True)
    assert execute(experiment, anew, target="tiny").folder != first.folder


@pytest.mark.slow
def test_ctrl_c_keeps_what_is_finished_and_resumes(tmp_path, undisturbed):
    def interrupt(event):
        if type(event).__name__ == "TrialFinished":
            raise KeyboardInterrupt

    partial = execute(experiment, Settings(out=tmp_path), target="tiny", observe=interrupt)
    assert partial.interrupted
    assert partial.verdict == "fail"
    assert [s.name for s in partial.steps][-1] == "lr_range"
    content, result, _ = finish(tmp_path)
    assert result.folder == partial.folder
    assert content == undisturbed[0]
