import math

import pytest
from torch import nn

from recipe import log_uniform, scientific, when
from recipe.core.evidence import Evidence
from recipe.core.trials import Trial
from recipe.testing import open_context
from recipe_steps.coarse_grid import CoarseGrid
from recipe_steps.coarse_grid.adam import AXES, adam_axes, trials_for
from recipe_steps.coarse_grid.enough import expected_best, last_doubling
from recipe_steps.coarse_grid.measure import expects
from recipe_steps.coarse_grid.studies import outcome, roles, size_of_study, studies
from recipe_steps.rate_scales import of_one_kind, rate_factor, scaled
from step_samples import blob_experiment

FOUND = {"best_lr": 0.05, "bracket_high": 0.1}


def coarse(out, budget=None, said=None, **given):
    step = CoarseGrid()
    with open_context(step, blob_experiment(**{"lr": None, **given}), out, budget=budget) as ctx:
        ctx.measured["lr_range"] = Evidence(FOUND)
        if said is not None:
            ctx.say = said.append
        return step.measure(ctx), ctx.trials


def net(width=8, norm="none", groups=1):
    middle = [nn.GroupNorm(groups, 2 * width)] if norm == "group" else []
    return nn.Sequential(nn.Linear(4, 2 * width), *middle, nn.ReLU(), nn.Linear(2 * width, 3))


def test_each_scientific_value_has_its_own_grid_of_rates(tmp_path):
    said = []
    evidence, trials = coarse(
        tmp_path, said=said, model=net, epochs=1, space={"width": scientific([4, 8, 16])}
    )
    by_width = {w: [t for t in trials[:18] if t.params["width"] == w] for w in (4, 8, 16)}
    cells = [
        [(t.params["lr"], t.params["weight_decay"]) for t in each] for each in by_width.values()
    ]
    assert [len(each) for each in cells] == [6, 6, 6]
    assert cells[0] == cells[1] == cells[2]
    assert [t.number for t in trials] == list(range(1, len(trials) + 1))
    assert "width 8" in evidence.text("studies")
    assert evidence.text("study_best").startswith("width ")
    (sentence,) = said
    assert sentence.startswith("Compared: width; tuned anew for each value: lr, weight_decay;")


def test_a_budget_makes_studies_smaller_and_the_plan_knows_their_cost(tmp_path):
    space = {"width": scientific([4, 8])}
    _, trials = coarse(tmp_path, "15epochs", model=net, epochs=10, space=space)
    counts = [sum(t.params["width"] == w for t in trials) for w in (4, 8)]
    assert min(counts) >= 2
    assert sum(counts) <= 6 + 2
    with open_context(
        CoarseGrid(), blob_experiment(lr=None, model=net, space=space), tmp_path
    ) as ctx:
        # two studies of six trials of one epoch, half of which end after a quarter of it
        assert expects(ctx, None) == 2 * (6 / 4 + 3 * 3 / 4)


def test_conditions_hold_within_a_study():
    space = {"norm": scientific(["none", "group"]), "groups": when("norm", "group", [1, 2])}
    assert studies(space) == [{"norm": "none"}, {"norm": "group"}]
    assert studies({"width": [1, 2]}) == []
    both = {"a": scientific([1, 2]), "b": scientific(["x", "y"])}
    assert len(studies(both)) == 4
    assert [size_of_study(most, 3) for most in (3, 9, 100)] == [2, 3, 6]


def test_a_condition_on_a_scientific_value_is_searched_in_its_study(tmp_path):
    space = {"norm": scientific(["none", "group"]), "groups": when("norm", "group", [1, 2])}
    _, trials = coarse(tmp_path, model=net, epochs=1, space=space)
    assert all(("groups" in t.params) == (t.params["norm"] == "group") for t in trials)
    assert {t.params.get("groups") for t in trials} == {None, 1, 2}


def test_roles_are_told():
    assert roles({}) == ""
    assert roles({"width": [4, 8]}).startswith("Searched together: lr, weight_decay, width;")


def test_where_no_two_studies_have_a_score_nothing_is_compared(tmp_path):
    with open_context(CoarseGrid(), blob_experiment(model=net, space={"width": scientific([4, 8])}),
                      tmp_path) as ctx:  # fmt: skip
        blank = {"step": "s", "round": 1, "seed": 0, "status": "finished", "epochs": 1,
                 "planned_epochs": 1, "seconds": 0.0}  # fmt: skip
        one = Trial(key="a", number=1, params={"width": 4}, val_score=0.5, **blank)
        assert outcome(ctx, [one]) == {}
        two = Trial(key="b", number=2, params={"width": 8}, val_score=0.7, **blank)
        found = outcome(ctx, [one, two])
    assert found["study_best"] == "width 8"
    assert found["study_lead"] == pytest.approx(0.2)


@pytest.mark.parametrize(
    ("given", "cell", "factor"),
    [
        ({}, {"batch_size": 64}, 2.0),
        ({}, {"batch_size": 16}, 0.5),
        ({"optimizer": "adam"}, {"batch_size": 128}, 2.0),
        ({}, {"optimizer": "adamw"}, 3e-3 / 0.05),
        ({}, {"momentum": 0.0}, 10.0),
        ({"optimizer": "adam"}, {"momentum": 0.5}, 1.0),
        ({}, {"width": 3}, 1.0),
    ],
)
def test_rates_move_with_what_changes_their_meaning(given, cell, factor):
    experiment = blob_experiment(**given)
    assert rate_factor(experiment, cell) == pytest.approx(factor)
    moved = scaled(experiment, {"lr": 0.01, **cell})
    assert moved == {"lr": pytest.approx(0.01 * factor, rel=0.01), **cell}


def test_decay_moves_with_the_optimizer_and_a_named_rate_stays():
    moved = scaled(blob_experiment(), {"lr": 0.05, "weight_decay": 1e-4, "optimizer": "adamw"})
    assert (moved["lr"], moved["weight_decay"]) == (0.003, 0.01)
    named = blob_experiment(space={"lr": log_uniform(0.01, 0.1), "batch_size": [16, 64]})
    assert scaled(named, {"lr": 0.05, "batch_size": 64})["lr"] == 0.05


def test_batch_sizes_are_searched_at_their_own_rates(tmp_path):
    evidence, trials = coarse(tmp_path, epochs=1, space={"batch_size": [16, 64]})
    small, large = ([t for t in trials[:12] if t.params["batch_size"] == b] for b in (16, 64))
    assert evidence.number("batch_sizes") == 2
    assert max(t.params["lr"] for t in small) <= 0.1 / 2 * 1.01
    assert max(t.params["lr"] for t in large) > 0.1
    assert of_one_kind(small[0], small[1])
    assert not of_one_kind(small[0], large[0])


def test_more_of_adam_is_searched_with_more_trials():
    adam = blob_experiment(optimizer="adam")
    assert adam_axes(adam, 12) == {}
    assert list(adam_axes(adam, 16)) == ["momentum"]
    assert list(adam_axes(adam, 49)) == ["momentum", "epsilon"]
    assert adam_axes(adam, 50) == AXES
    assert adam_axes(blob_experiment(), 50) == {}
    assert list(adam_axes(blob_experiment(optimizer="adamw", beta2=0.99), 50)) == [
        "momentum", "epsilon",
    ]  # fmt: skip
    assert [trials_for(adam, most) for most in (2, 15, 16, 40, 50)] == [0, 0, 16, 30, 50]


def test_a_budget_that_pays_for_it_searches_beta_too(tmp_path):
    evidence, trials = coarse(tmp_path, "60epochs", epochs=10, optimizer="adam")
    assert {t.params["momentum"] for t in trials} <= set(AXES["momentum"])
    assert len({t.params["momentum"] for t in trials}) == 4
    assert evidence.number("drawn") == 16
    assert "epsilon" not in trials[0].params


def test_the_expected_best_of_draws():
    scores = [0.1, 0.5, 0.9, 0.7]
    assert expected_best(scores, 1) == pytest.approx(sum(scores) / 4)
    pairs = [max(a, b) for a in scores for b in scores]
    assert expected_best(scores, 2) == pytest.approx(sum(pairs) / 16)
    assert expected_best([0.4] * 9, 7) == pytest.approx(0.4)


def test_what_the_last_doubling_brought(tmp_path):
    blank = {"step": "s", "round": 1, "seed": 0, "status": "finished", "epochs": 1,
             "planned_epochs": 1, "seconds": 0.0, "params": {}}  # fmt: skip

    def trials(scores):
        return [Trial(key=str(k), number=k, val_score=s, **blank) for k, s in enumerate(scores)]

    with open_context(CoarseGrid(), blob_experiment(), tmp_path) as ctx:
        assert last_doubling(ctx, trials([0.5] * 7)) == {}
        assert last_doubling(ctx, trials([None] * 12)) == {}
        flat = last_doubling(ctx, trials([0.8] * 12))
        rising = last_doubling(ctx, trials([k / 12 for k in range(12)]))
    assert flat["last_doubling"] == pytest.approx(0)
    assert rising["last_doubling"] > 0.05
    assert not math.isnan(rising["score_error"])
