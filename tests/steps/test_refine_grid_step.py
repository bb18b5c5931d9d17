"""The refined grid, and its later rounds."""

from dataclasses import replace

import pytest
from test_grid_steps import deep, flaky, picky

from recipe import integers
from recipe.core.errors import UsageError
from recipe.testing import judge_scalars, open_context
from recipe.training.optimizers import usual_rates
from recipe_steps.refine_grid import RefineGrid
from step_samples import blob_experiment, blobs


def refine(out, *, plan=None, round_=1, **given):
    settings = {name: given.pop(name) for name in ("search", "budget") if name in given}
    step = RefineGrid()
    with open_context(step, blob_experiment(**given), out, **settings) as ctx:
        ctx.plan, ctx.round = plan or {}, round_
        return step.measure(ctx), ctx.trials


def params(trials):
    return [(t.params["lr"], t.params["weight_decay"]) for t in trials]


def test_halving_stops_the_lower_part(tmp_path):
    hard = blobs(300, spread=2.5)
    evidence, trials = refine(tmp_path, lr=0.01, weight_decay=1e-3, epochs=9, train=hard)
    assert params(trials) == [
        (0.01, 1e-3), (0.005, 1e-3), (0.02, 1e-3), (0.01, 3e-3), (0.01, 3.33e-4)
    ]  # fmt: skip
    ends = [t.epochs if t.status == "stopped" else "whole" for t in trials]
    assert sorted(ends, key=str) == [1, 1, 1, 5, "whole"]  # an eighth, 0.6; 40 %, and half

    def reached(epochs, left):
        return {  # of equal scores the first goes on
            t.number: (max(t.curves["val_score"][:epochs]), -t.number)
            for t in trials if t.number in left
        }  # fmt: skip

    left = {t.number for t in trials}
    for epochs, kept in ((1, 2), (5, 1)):
        scores = reached(epochs, left)
        gone = {t.number for t in trials if t.status == "stopped" and t.epochs == epochs}
        assert max(scores[n] for n in gone) < min(scores[n] for n in left - gone)
        left -= gone
        assert len(left) == kept
    assert all("lower part" in t.reason for t in trials if t.status == "stopped")
    assert evidence.number("best_score") == max(t.val_score for t in trials)


@pytest.mark.parametrize(("short", "more"), [(0.99, 2), (0.2, 0), (None, 0)])
def test_where_whole_trainings_end_below_short_ones_lower_rates_are_tried(tmp_path, short, more):
    experiment = blob_experiment(lr=None, epochs=3, train=blobs(300, spread=2.5))
    with open_context(RefineGrid(), experiment, tmp_path) as ctx:
        ctx.step = "coarse_grid"
        (trial,) = ctx.run_trials([{"lr": 0.01, "weight_decay": 1e-3}], epochs=1)
        ctx.trials[:] = [replace(trial, val_score=short)]
        ctx.step = "refine_grid"
        RefineGrid().measure(ctx)
    refined = ctx.trials[1:]
    assert len(refined) == 3 + more
    assert [t.params["lr"] for t in refined[3:]] == [0.00223, 0.000705][:more]
    assert [t.number for t in refined] == list(range(1, 4 + more))


def test_a_baseline_that_is_the_centre_is_no_cell(tmp_path):
    experiment = blob_experiment(lr=0.01, weight_decay=1e-3, epochs=3)
    with open_context(RefineGrid(), experiment, tmp_path) as ctx:
        baseline = ctx.train_baseline()
        evidence = RefineGrid().measure(ctx)
    assert baseline.params.items() <= ctx.trials[1].params.items()
    assert evidence.number("trials") == len(ctx.trials) - 1 == 5


def test_a_later_round_tests_its_plan_at_the_best_setting(tmp_path):
    plan = {"weight_decay_factor": 3.0, "epochs": 4, "schedule": "linear"}
    evidence, trials = refine(tmp_path, plan=plan, round_=2, lr=0.01, weight_decay=1e-3)
    assert params(trials) == [(0.01, 3e-3), (0.01, 9e-3)]
    assert all(t.round == 2 and t.planned_epochs == 4 for t in trials)
    assert trials[0].params["schedule"] == "linear"
    assert trials[0].curves["lr"][0] == pytest.approx(0.01 * (1 - 5 / 24))  # 6 iterations an epoch
    assert evidence.number("epochs_per_trial") == 4


def test_it_refines_the_best_cell_of_the_grid_before(tmp_path):
    experiment = blob_experiment(lr=None, epochs=4, model=picky, space={"width": [4, 8]})
    with open_context(RefineGrid(), experiment, tmp_path) as ctx:
        ctx.step = "coarse_grid"
        cells = [{"lr": lr, "weight_decay": 0.0, "width": 4} for lr in (1e-6, 0.05)]
        ctx.run_trials(cells, epochs=1, warmup=0.0)
        ctx.step = "refine_grid"
        RefineGrid().measure(ctx)
    refined = ctx.trials[2:]
    # No decay to vary; four times the epochs want 0.64 times the rate.
    assert params(refined) == [(0.0321, 0.0), (0.05, 0.0)]
    assert all(t.params["width"] == 4 and t.planned_epochs == 4 for t in refined)


def test_it_refines_a_grid_of_whole_trainings_by_half_and_double_the_rate(tmp_path):
    with open_context(RefineGrid(), blob_experiment(lr=None, epochs=2), tmp_path) as ctx:
        ctx.step = "coarse_grid"
        ctx.run_trials([{"lr": 0.05, "weight_decay": 1e-3}], epochs=2)
        ctx.step = "refine_grid"
        RefineGrid().measure(ctx)
    assert params(ctx.trials[1:]) == [
        (0.05, 1e-3), (0.025, 1e-3), (0.1, 1e-3), (0.05, 3e-3), (0.05, 3.33e-4)
    ]  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("search", ["auto", "random"])
def test_what_no_trial_has_varied_is_tried_beside_the_centre(tmp_path, search):
    for space, tried in (
        ({"momentum": [0.5, 0.8, 0.9]}, [{"momentum": 0.5}, {"momentum": 0.8}, {"momentum": 0.9}]),
        (
            {"batch_size": integers(8, 32)},
            [{"batch_size": 8}, {"batch_size": 20}, {"batch_size": 32}],
        ),
        ({"batch_size": [8, 16], "momentum": [0.5, 0.9]}, None),
        ({"lr": [0.1, 0.2]}, []),
    ):
        experiment = blob_experiment(lr=0.05, weight_decay=1e-4, epochs=3, space=space)
        with open_context(
            RefineGrid(), experiment, tmp_path / str(len(space)), search=search
        ) as ctx:
            RefineGrid().measure(ctx)
        own = [{n: v for n, v in t.params.items() if n in space and n != "lr"} for t in ctx.trials]
        assert not any(t.status == "failed" for t in ctx.trials)
        others = [cell for cell in own if cell]
        if tried is None:
            assert {cell["batch_size"] for cell in others} == {8, 16}
            assert {cell["momentum"] for cell in others} == {0.5, 0.9}
            assert len(others) <= 4
        else:
            assert others == tried
        assert len(own) - len(others) >= 3  # the centre and its neighbours


def test_what_a_trial_has_varied_is_not_tried_again(tmp_path):
    experiment = blob_experiment(epochs=3, space={"momentum": [0.5, 0.8, 0.9]})
    with open_context(RefineGrid(), experiment, tmp_path) as ctx:
        ctx.run_trials([{"lr": 0.05, "weight_decay": 0.0, "momentum": 0.5}], epochs=2)
        RefineGrid().measure(ctx)
    assert {t.params["momentum"] for t in ctx.trials} == {0.5}


def test_random_neighbours_stay_within_reach(tmp_path):
    _, trials = refine(tmp_path, search="random", lr=0.01, weight_decay=1e-3, epochs=3)
    assert params(trials)[0] == (0.01, 1e-3)
    assert len(set(params(trials))) == 5
    for lr, decay in params(trials):
        assert 0.005 <= lr <= 0.02
        assert 3.3e-4 <= decay <= 3e-3


def test_a_budget_keeps_the_centre(tmp_path):
    _, trials = refine(tmp_path, budget="5epochs", lr=0.01, epochs=6)
    assert len(trials) == 1


def test_without_a_setting_it_says_what_to_do(tmp_path):
    with pytest.raises(UsageError, match="declare lr="):
        refine(tmp_path, lr=None)


@pytest.mark.parametrize(("lr", "severity"), [(None, "fail"), (0.05, None)])
def test_after_trials_that_all_diverged_it_says_so(tmp_path, lr, severity):
    experiment = blob_experiment(lr=lr, epochs=2, model=deep)
    with open_context(RefineGrid(), experiment, tmp_path) as ctx:
        ctx.step = "coarse_grid"
        cells = [{"lr": rate, "weight_decay": 0.0} for rate in (1e18, 1e19)]
        tried = ctx.run_trials(cells, epochs=1, warmup=0.0)
        assert {trial.status for trial in tried} == {"diverged"}
        ctx.step = "refine_grid"
        evidence = RefineGrid().measure(ctx)
    found = {f.rule: f.severity for f in judge_scalars(RefineGrid(), evidence.scalars)}
    assert found.get("most-trials-diverge") == severity
    assert (len(ctx.trials) == 2) == (lr is None)  # a declared rate is refined all the same


def test_a_factory_that_always_raises(tmp_path):
    with pytest.raises(UsageError, match="cannot be that wide"):
        refine(tmp_path, model=flaky, lr=0.01, model_args={})


def test_where_the_time_was_up_before_any_rate_was_found_a_usual_one_is_trained(tmp_path):
    _, trials = refine(tmp_path, lr=None, epochs=2, budget="60s")
    assert trials[0].params["lr"] == usual_rates(blob_experiment(lr=None).resolved())[0]
    with pytest.raises(UsageError, match="needs a setting to start from"):
        refine(tmp_path / "without", lr=None, epochs=2)
