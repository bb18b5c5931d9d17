"""Edges of the last step: seeds that diverge, tasks that follow from the loss, lazy layers, batch
norm, frozen blocks, items that do not count.
"""

import pytest
import torch
from torch import nn
from torch.nn import functional as F

import recipe
from recipe import Experiment
from recipe.data.splitting import load_splits
from recipe.trained.prediction import predict
from recipe.training.ensemble import Ensemble, OutputPool
from recipe.training.evaluation import evaluate
from recipe.training.preparation import prepare
from recipe_steps.finish import measure as finish
from tiny import products, transferred

pytestmark = pytest.mark.usefixtures("without_plots")
CPU = torch.device("cpu")


def plain():
    return nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 2))


def declared(**given):
    made = {"model": plain, "train": products(96, 0), "val": products(200, 1), "batch_size": 16,
            "lr": 0.05, "epochs": 4, **given}  # fmt: skip
    return Experiment(**made)


def only(kind):
    """Choose this kind whatever the noise."""
    return lambda options, noise: next(o for o in options if o.kind == kind)


def loaded(result, experiment):
    """Loss and score in validation of what `recipe.load` gives."""
    fit, data = prepare(experiment.resolved(), load_splits(experiment.resolved(), CPU, 0))
    model = recipe.load(result.folder, experiment)
    return model, evaluate(model, fit, data.val)


def run(out, experiment, **given):
    settings = {"device": "cpu", "only": ["coarse_grid", "finish"], "ensemble": 2, **given}
    return recipe.run(experiment, out=out, **settings)


@pytest.fixture
def ensemble(monkeypatch):
    monkeypatch.setattr(finish, "choose", only("ensemble"))
    monkeypatch.setattr(OutputPool, "greedy", lambda _, candidates: list(candidates)[:3])


def shares(outputs, targets):
    return F.cross_entropy(outputs, targets)


def soft(data):
    return data[0], 0.2 + 0.6 * F.one_hot(data[1], 2).float()


CASES = {
    "plain": declared(),
    "shares": declared(train=soft(products(96, 0)), val=soft(products(200, 1)), loss=shares,
                       task="classification"),
    "lazy": declared(model=lambda: nn.Sequential(nn.LazyLinear(16), nn.ReLU(), nn.LazyLinear(2))),
    "normed": declared(model=lambda: nn.Sequential(
        nn.Linear(8, 16), nn.BatchNorm1d(16), nn.ReLU(), nn.Linear(16, 2))),
    "double": declared(model=lambda: plain().double()),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_an_ensemble_is_loaded_as_it_was_measured(tmp_path, ensemble, name):
    result = run(tmp_path, CASES[name])
    assert result.step("finish").status == "pass", result.step("finish").reason
    assert len(result.chosen.members) == 3
    model, found = loaded(result, CASES[name])
    assert isinstance(model, Ensemble)
    assert found == (result.chosen.val_loss, result.chosen.val_score)


@pytest.mark.parametrize("name", CASES)
def test_averaged_weights_are_loaded_as_they_were_measured(tmp_path, monkeypatch, name):
    monkeypatch.setattr(finish, "choose", only("averaged"))
    result = run(tmp_path, CASES[name])
    assert result.chosen.kind == "averaged"
    _, found = loaded(result, CASES[name])
    assert found == (result.chosen.val_loss, result.chosen.val_score)


def test_shares_of_classes_are_answered_as_classes_also_by_several(tmp_path, ensemble):
    made = CASES["shares"]
    folder = run(tmp_path, made).folder
    model, x = recipe.load(folder, made), made.val[0]
    with torch.no_grad():
        expected = [str(int(k)) for k in model(x).argmax(1)]
    assert [each.answer for each in predict(folder, "val", made)] == expected


def fragile():
    """Of some seeds it is not finite."""
    model = plain()
    if torch.rand(()) < 0.5:
        nn.init.constant_(model[2].bias, float("nan"))
    return model


def test_a_seed_that_diverges_at_once_does_not_end_the_step(tmp_path):
    for seed in range(20):  # until the one of the run is a sound one
        result = run(tmp_path / str(seed), declared(model=fragile), ensemble=4, seed=seed)
        step = result.step("finish")
        assert step.status == "pass", step.reason
        if 1 < (trained := step.evidence.number("trainings") or 0) < 4:
            break
    assert 1 < trained < 4
    assert len(step.evidence.curve("seed_score")) == trained
    assert len(step.evidence.curve("together_score")) == trained
    assert None not in step.evidence.curve("seed_score")
    assert result.chosen.val_score is not None


@pytest.mark.slow
def test_frozen_blocks_are_loaded(tmp_path):
    result = recipe.run(transferred, out=tmp_path, device="cpu", ensemble=2, verify_budget="off")
    assert result.step("finish").status in ("pass", "warn"), result.step("finish").reason
    _, found = loaded(result, transferred)
    assert found == (result.chosen.val_loss, result.chosen.val_score)


def test_items_that_do_not_count_leave_the_correlation(tmp_path):
    made = declared(task="classification").resolved()
    source = torch.Generator().manual_seed(0)
    y = torch.randint(2, (40,), generator=source)
    outputs = [torch.randn(40, 2, generator=source) for _ in range(2)]
    whole, partly = (
        OutputPool(made, [y[:30]]),
        OutputPool(made, [torch.cat([y[:30], torch.full((10,), -100)])]),
    )
    for each in outputs:
        whole.add([each[:30]])
        partly.add([each])
    assert partly.error_correlation([0, 1]) == pytest.approx(whole.error_correlation([0, 1]))


def test_a_budget_pays_for_the_final_trainings(tmp_path):
    result = run(tmp_path, declared(), ensemble=None, budget="60epochs")
    found = result.step("finish").evidence
    assert 0 < found.number("trainings") <= finish.MOST
    assert result.cost.trainings * 4 <= 60


def test_none_asked_for(tmp_path):
    result = run(tmp_path, declared(), ensemble=0, budget="60epochs")
    found = result.step("finish").evidence
    assert found.number("trainings") == 0
    assert found.curve("seed_score") == ()
    assert "snapshots" not in found.scalars
    assert result.chosen.test is None
    assert all(m.weights.startswith("checkpoints/") for m in result.chosen.members)
