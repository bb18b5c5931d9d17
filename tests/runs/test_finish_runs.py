"""The last step through whole runs: what it leaves is what `recipe.load` gives, bit for bit, also
after a kill.
"""

import json
import signal
from pathlib import Path

import pytest
import torch

import recipe
import warm
from recipe import UsageError
from recipe.core.chosen_model import Chosen
from recipe.core.settings import Settings
from recipe.data.splitting import load_splits
from recipe.engine.run_execution import execute
from recipe.training.ensemble import Ensemble
from recipe.training.evaluation import evaluate, model_outputs
from recipe.training.models_from_weights import model_of
from tiny import experiment, tested

pytestmark = pytest.mark.usefixtures("without_plots")
CPU = torch.device("cpu")


def run(out, declared=tested, observe=None, **settings):
    return execute(
        declared, Settings(out=out, device="cpu", **settings), target="tiny:tested",
        observe=observe,
    )  # fmt: skip


def without_times(value):
    if isinstance(value, dict):
        return {
            k: without_times(v) for k, v in value.items() if k not in ("seconds", "proofs", "out")
        }
    return [without_times(item) for item in value] if isinstance(value, list) else value


def content(result):
    return without_times(json.loads((result.folder / "result.json").read_text()))


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("recipe.report.write.draw_plots", lambda *_, **__: ())
        return run(tmp_path_factory.mktemp("finished"), ensemble=2)


def test_what_was_measured(finished):
    found = finished.step("finish").evidence
    assert found.number("trainings") == 2
    assert len(found.curve("seed_score")) == 2
    assert len(found.curve("together_score")) == 2
    assert found.number("snapshots") == 2
    assert {f.rule for f in finished.step("finish").findings} == {
        "ensemble-gain", "snapshot-gain", "averaging-gain", "test-score", "score-uncertainty",
    }  # fmt: skip
    assert finished.chosen.kind == found.text("chosen")
    assert finished.chosen.val_score >= finished.best.val_score


def test_the_test_score_is_that_of_the_chosen_model(finished):
    model = recipe.load(finished.folder, tested)
    x, y = tested.test
    with torch.no_grad():
        share = (model(x).argmax(1) == y).float().mean().item()
    test = finished.chosen.test
    assert test.score == pytest.approx(share)
    assert test.items == 300
    assert test.low < test.score < test.high
    assert test.how == "wilson"


def test_loading_gives_the_outputs_of_the_run_bit_for_bit(finished):
    resolved = tested.resolved()
    data = load_splits(resolved, CPU, 0)
    model = recipe.load(finished.folder, tested)
    assert not model.training
    loss, score = evaluate(model, resolved, data.val)
    assert (loss, score) == (finished.chosen.val_loss, finished.chosen.val_score)
    again = recipe.load(finished.folder)  # by the target that the run names
    for (one, _), (other, _) in zip(
        model_outputs(model, data.val), model_outputs(again, data.val), strict=True
    ):
        assert torch.equal(one, other)


def test_only_the_weights_of_the_chosen_model_are_kept(finished):
    kept = {f"models/{path.name}" for path in (finished.folder / "models").glob("*.safetensors")}
    used = {member.weights for member in finished.chosen.members}
    assert kept == {name for name in used if name.startswith("models/")}
    assert all((finished.folder / name).is_file() for name in used)


def test_several_members_answer_together(finished):
    (best, *_) = finished.chosen.members
    two = Chosen("ensemble", (best, best))
    model = model_of(tested.resolved(), two, finished.folder)
    assert isinstance(model, Ensemble)
    alone = model_of(tested.resolved(), Chosen("single", (best,)), finished.folder)
    x = tested.val[0]
    with torch.no_grad():
        assert torch.allclose(model(x).softmax(1), alone(x).softmax(1), atol=1e-6)


@pytest.mark.slow
@pytest.mark.parametrize("passed", [0, 3, 9])
def test_killed_in_the_last_step_and_resumed_it_ends_the_same(
    tmp_path, monkeypatch, finished, passed
):
    script = Path(__file__).parents[1] / "helpers" / "killed.py"
    monkeypatch.setenv("KILLED_ENSEMBLE", "2")
    done = warm.run([script, tmp_path, "finish", "Progress", "tested", passed])
    assert done.returncode == -signal.SIGKILL, done.stderr
    (folder,) = (path for path in tmp_path.iterdir() if path.is_dir())
    result = execute(tested, Settings(out=tmp_path, ensemble=2), target="tiny")
    assert result.folder == folder
    mine, other = content(result), content(finished)
    for each in (mine, other):
        del each["settings"], each["environment"]
    assert mine == other
    for member in result.chosen.members:
        same = (finished.folder / member.weights).read_bytes()
        assert (folder / member.weights).read_bytes() == same


@pytest.mark.slow
def test_the_test_data_are_looked_at_once(tmp_path):
    first = run(tmp_path)
    assert first.chosen.test is not None
    second = run(tmp_path, fresh=True, seed=1)
    assert second.chosen.test is None
    (found,) = [f for f in second.step("finish").findings if f.rule == "test-score"]
    assert first.folder.name in found.message
    assert "--again" in found.advice
    third = run(tmp_path, fresh=True, seed=1, again=True)
    assert third.chosen.test.items == 300
    assert second.verdict == third.verdict


def test_without_test_data_and_without_more_trainings(tmp_path):
    result = run(tmp_path, experiment)
    found = result.step("finish").evidence
    assert found.number("trainings") == 0
    assert result.chosen.test is None
    assert result.step("finish").status == "pass"
    assert not [f for f in result.step("finish").findings if f.rule == "test-score"]


def test_a_run_that_ended_before_gives_its_best_model(tmp_path):
    result = run(tmp_path, until="refine_grid")
    assert result.chosen is None
    resolved = tested.resolved()
    loss, score = evaluate(
        recipe.load(result.folder, tested), resolved, load_splits(resolved, CPU, 0).val
    )
    assert score == pytest.approx(result.best.val_score)
    assert loss == pytest.approx(result.best.val_loss, rel=1e-5)


@pytest.mark.slow
def test_a_run_that_was_mended_loads_as_it_was_mended(tmp_path):
    def soft():
        return torch.nn.Sequential(torch.nn.Linear(8, 16), torch.nn.ReLU(),
                                   torch.nn.Linear(16, 2), torch.nn.Softmax(1))  # fmt: skip

    declared = recipe.Experiment(
        model=soft, train=tested.train, val=tested.val, lr=0.05, epochs=3, batch_size=16
    )
    result = execute(declared, Settings(out=tmp_path, device="cpu", mend=("softmax-before-loss",)))
    assert any(f.remedy and f.remedy.applied for f in result.findings)
    model = recipe.load(result.folder, declared)
    with torch.no_grad():
        outputs = model(tested.val[0])
    assert not torch.allclose(outputs.sum(1), torch.ones(len(outputs)))
    right = (outputs.argmax(1) == tested.val[1]).float().mean().item()
    assert right == pytest.approx(result.chosen.val_score)


def test_what_cannot_be_loaded_gets_one_sentence(tmp_path, finished):
    with pytest.raises(UsageError, match="do not fit the model"):
        recipe.load(finished.folder, experiment)
    with pytest.raises(UsageError, match="There is no folder"):
        recipe.load(tmp_path / "nowhere")
    checked = run(tmp_path, until="initial_loss")
    with pytest.raises(UsageError, match="has no trained model"):
        recipe.load(checked.folder, tested)
    python = execute(tested, Settings(out=tmp_path, device="cpu", until="initial_loss", seed=3))
    with pytest.raises(UsageError, match="was started from Python"):
        recipe.load(python.folder)
