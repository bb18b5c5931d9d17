from dataclasses import replace

import pytest
import torch
from torch import nn

from recipe import Experiment
from recipe.search.ranking import best_of
from recipe.testing import open_context
from recipe_steps.coarse_grid import CoarseGrid


def experiment(**given):
    source = torch.Generator().manual_seed(0)
    x = torch.randn(64, 4, generator=source)
    data = x, (x[:, 0] > 0).long()
    return Experiment(
        **{"model": lambda: nn.Linear(4, 2), "train": data, "val": data, "batch_size": 8,
           "epochs": 3, "lr": 0.1, **given}
    )  # fmt: skip


@pytest.fixture
def opened(tmp_path):
    managers = []

    def make(**settings):
        managers.append(open_context(CoarseGrid(), experiment(), tmp_path, **settings))
        return managers[-1].__enter__()

    yield make
    for manager in managers:
        manager.__exit__(None, None, None)


def test_without_a_budget_as_much_is_left_as_one_likes(opened):
    assert opened().epochs_left is None


def test_of_a_budget_of_epochs(opened):
    ctx = opened(budget="20epochs")
    ctx.meter.spend(7.5)
    assert ctx.epochs_left == 12.5
    assert ctx.pace is None


def test_a_budget_of_time_is_divided_by_what_an_epoch_takes(opened, monkeypatch):
    ctx = opened(budget="100s")
    assert ctx.epochs_left is None  # nobody knows yet
    ctx.runner.journal.put("pace", ctx.runner.fingerprint, 0.05)
    assert ctx.pace == pytest.approx(0.05 * 8)
    assert ctx.epochs_left == pytest.approx(100 / 0.4, rel=0.1)
    monkeypatch.setattr(type(ctx.meter), "pace", 2.0)  # as slow as that in truth
    assert ctx.pace == 2.0
    assert ctx.epochs_left == pytest.approx(50, rel=0.1)


def test_what_was_decided_by_the_time_left_is_decided_again_alike(opened):
    ctx = opened(budget="100s")
    assert ctx.decide("cells", lambda: 7) == 7
    assert ctx.decide("cells", lambda: 3) == 7
    assert ctx.decide("epochs", lambda: 3) == 3
    ctx.round = 2
    assert ctx.decide("cells", lambda: 3) == 3
    ctx.experiment = ctx.experiment.with_params({"epochs": 9})
    assert ctx.decide("cells", lambda: 4) == 4


@pytest.mark.parametrize("budget", [None, "40epochs"])
def test_what_epochs_decide_needs_no_memory(opened, budget):
    ctx = opened(budget=budget)
    assert ctx.decide("cells", lambda: 7) == 7
    assert ctx.decide("cells", lambda: 3) == 3


def test_repeats_share_fresh_seeds_and_are_never_chosen(opened):
    ctx = opened()
    first = ctx.run_trials([{"lr": 0.1}, {"lr": 0.01}])
    again = ctx.repeat(first, 2, first=3)
    assert [[t.repeats for t in each] for each in again] == [[t.key for t in first]] * 2
    assert [[t.number for t in each] for each in again] == [[3, 4], [5, 6]]
    seeds = [{t.seed for t in each} for each in again]
    assert all(len(each) == 1 for each in seeds)
    assert len(seeds[0] | seeds[1] | {ctx.seed}) == 3
    assert ctx.trials == [*first, *again[0], *again[1]]
    assert ctx.best_trial in first
    spent = ctx.meter.epochs
    assert spent == sum(t.trained for t in ctx.trials)
    assert ctx.repeat(first, 2, first=3) == again  # from the journal
    assert ctx.meter.epochs == spent
    ctx.round = 2
    assert seeds[0] != {t.seed for t in ctx.repeat(first, 1, first=7)[0]}


@pytest.mark.parametrize(("lead", "chosen"), [(0.03, "whole"), (0.05, "short"), (0.0, "whole")])
def test_a_short_trial_that_leads_by_luck_is_not_the_best(opened, monkeypatch, lead, chosen):
    ctx = opened()
    monkeypatch.setattr(type(ctx), "score_error", lambda *_: 0.04)
    (short,) = ctx.run_trials([{"lr": 0.1}], epochs=1)
    assert ctx.best_whole is None
    assert ctx.best_trial == short  # there is no other
    (whole,) = ctx.run_trials([{"lr": 0.1}])
    short, whole = (replace(t, val_score=s) for t, s in ((short, 0.5 + lead), (whole, 0.5)))
    ctx.trials[:] = [short, whole]
    assert ctx.best_whole == whole
    assert ctx.best_trial == {"short": short, "whole": whole}[chosen]


def test_the_weights_of_the_best_short_and_of_the_best_whole_training_are_kept(opened):
    ctx = opened()
    short = ctx.run_trials([{"lr": 1e-6}, {"lr": 1.0}], epochs=2)
    whole = ctx.run_trials([{"lr": 1.0}, {"lr": 1e-6}])
    kept = {p.stem for p in (ctx.runner.folder / "checkpoints").glob("*.safetensors")}
    assert kept == {best_of(short).key, *(trial.key for trial in whole)}
    assert ctx.checkpoints.path(ctx.best_trial).exists()


def test_what_is_set_aside_is_not_the_best(opened):
    ctx = opened()
    ctx.run_trials([{"lr": 0.1}, {"lr": 1e-6}])
    best = ctx.best_trial
    ctx.set_aside([best])
    assert [t.set_aside for t in ctx.trials] == [t.key == best.key for t in ctx.trials]
    assert ctx.best_trial.key != best.key


def test_what_does_not_fit_into_the_time_is_left_out_and_said(tmp_path, monkeypatch):
    with open_context(CoarseGrid(), experiment(), tmp_path, budget="60s") as ctx:
        assert ctx.in_time("a look", lambda: 3) == 3
        with ctx.within(0.5):
            assert ctx.in_time("a look", lambda: 3, takes=20) == 3
            assert ctx.in_time("a long look", lambda: 3, takes=31) is None
        with ctx.within(0.0):
            assert ctx.late
            assert ctx.in_time("another look", lambda: 3) is None
        with ctx.within(0.0, least=5.0):
            assert not ctx.late
        assert [left.what for left in ctx.meter.left_out] == [
            "coarse_grid: a long look", "coarse_grid: another look",
        ]  # fmt: skip
    with open_context(CoarseGrid(), experiment(), tmp_path / "b") as ctx, ctx.within(0.0):
        assert ctx.in_time("a look", lambda: 3, takes=1e9) == 3  # no budget, no limit
