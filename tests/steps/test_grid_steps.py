import math

import pytest
import torch
from torch import nn

from recipe import integers, log_uniform, when
from recipe.core.errors import UsageError
from recipe.core.evidence import Evidence
from recipe.core.trials import Trial
from recipe.testing import judge_scalars, measure, open_context
from recipe_steps.coarse_grid import CoarseGrid
from recipe_steps.coarse_grid.measure import _leads, rate_range
from recipe_steps.refine_grid import RefineGrid
from step_samples import blob_experiment, blobs, mlp


def deep():
    return nn.Sequential(*[layer for _ in range(4) for layer in (nn.Linear(4, 4), nn.ReLU())],
                         nn.Linear(4, 3))  # fmt: skip


def coarse(out, lr_evidence=None, **given):
    """The coarse grid's evidence and trials, after this evidence of step 3."""
    settings = {name: given.pop(name) for name in ("search", "budget", "seed") if name in given}
    step = CoarseGrid()
    with open_context(step, blob_experiment(**given), out, **settings) as ctx:
        if lr_evidence:
            ctx.measured["lr_range"] = Evidence(lr_evidence)
        return step.measure(ctx), ctx.trials


def test_grid_around_the_rate_that_was_found(tmp_path):
    found = {"best_lr": 0.05, "bracket_high": 0.1}
    evidence, trials = coarse(tmp_path, found, lr=None, epochs=20, optimizer="adamw")
    grid = trials[: 3 * 2]
    assert {t.params["lr"] for t in grid} == {0.0158, 0.0398, 0.1}
    assert {t.params["weight_decay"] for t in grid} == {1e-2, 1e-1}
    assert all(t.number > 0 and t.epochs == t.planned_epochs == 2 for t in trials)
    assert [t.number for t in trials] == list(range(1, len(trials) + 1))
    assert evidence.number("best_score") == max(t.val_score for t in trials)
    assert len(evidence.curve("lr")) == evidence.number("trials") == len(trials)


def test_short_trials_last_until_the_declared_setting_tells_anything(tmp_path):
    x, y = blobs(600)
    slow = {"train": (x[:300], y[:300]), "val": (x[300:], y[300:]), "epochs": 12, "lr": 1e-3,
            "schedule": "constant", "batch_size": 60}  # fmt: skip
    evidence, trials = coarse(tmp_path, None, **slow)
    declared = next(t for t in trials if t.number == 0)
    share = declared.val_score
    bar = 1 / 3 + 2 * (share * (1 - share) / 300) ** 0.5
    told = next(k for k, score in enumerate(declared.curves["val_score"], 1) if score > bar)
    assert told > 1  # a tenth of 12 epochs would be one
    assert evidence.number("epochs_per_trial") == min(told, 5)


def test_the_baseline_is_trial_zero_and_no_cell(tmp_path):
    evidence, trials = coarse(tmp_path, lr=0.05, weight_decay=0.0)
    assert trials[0].number == 0
    assert trials[0].params == {"lr": 0.05, "weight_decay": 0.0}
    assert trials[0].planned_epochs == 6
    assert evidence.number("trials") == len(trials) - 1


@pytest.mark.parametrize(
    ("declared", "found", "expected"),
    [
        (0.05, None, (0.005, 0.05)),
        (0.7, {"best_lr": 0.05, "bracket_high": 0.1}, (0.05 / math.sqrt(10), 0.1)),
        (
            None,
            {"best_lr": 0.05, "bracket_high": 9.0},
            (0.05 / math.sqrt(10), 0.05 * math.sqrt(10)),
        ),
        (None, {"best_lr": 0.05}, (0.005, 0.05)),
        (0.7, {"best_lr": math.nan}, (0.07, 0.7)),
    ],
)
def test_rate_range(tmp_path, declared, found, expected):
    with open_context(CoarseGrid(), blob_experiment(lr=declared), tmp_path) as ctx:
        if found:
            ctx.measured["lr_range"] = Evidence(found)
        assert rate_range(ctx) == pytest.approx(expected)


def test_without_any_rate_it_says_what_to_do(tmp_path):
    with pytest.raises(UsageError, match="declare lr="):
        coarse(tmp_path, lr=None)


def test_a_best_rate_at_the_end_extends_the_grid(tmp_path):
    too_low = {"best_lr": 1e-4, "bracket_high": 2e-4}
    evidence, trials = coarse(tmp_path, too_low, lr=None, epochs=10)
    rates = [t.params["lr"] for t in trials]
    assert rates[6:] == [6.32e-4, 2e-3]  # twice the step of a half decade
    assert evidence.number("extended") == 2
    assert evidence.number("best_lr") == 2e-3


@pytest.mark.parametrize(("score", "leads"), [(0.9, True), (0.62, True), (0.59, False)])
def test_a_rate_leads_by_more_than_two_standard_errors(tmp_path, score, leads):
    blank = {"step": "coarse_grid", "round": 1, "seed": 0, "status": "finished",
             "epochs": 1, "planned_epochs": 1, "seconds": 0.0, "metric": "accuracy"}  # fmt: skip
    with open_context(CoarseGrid(), blob_experiment(val=blobs(500)), tmp_path) as ctx:
        # of 0.6, 500 items: 0.022
        trials = [
            Trial(key=str(n), number=n, params={"lr": lr}, val_score=value, **blank)
            for n, (lr, value) in enumerate([(0.1, score), (0.01, 0.55), (0.1, 0.5)])
        ]
        assert _leads(ctx, trials, trials[0]) == leads
        assert not _leads(ctx, trials[:1], trials[0])  # nobody to lead
        assert not _leads(ctx, trials, None)


def test_the_lower_part_of_the_coarse_grid_ends_inside_an_epoch(tmp_path):
    evidence, trials = coarse(
        tmp_path, {"best_lr": 0.03, "bracket_high": 0.1}, lr=None, epochs=10, batch_size=3,
        train=blobs(300, spread=2.5),
    )  # fmt: skip
    stopped = [t for t in trials if t.status == "stopped"]
    went_on = [t for t in trials[:6] if t.status != "stopped"]
    assert len(went_on) >= 3
    assert stopped
    assert all(t.epochs == 0 and t.part == 30 / 80 and t.val_score is None for t in stopped)
    assert all(t.epochs == 1 and t.part == 0 for t in went_on)
    assert evidence.number("epochs") == sum(t.trained for t in trials) < len(trials)
    assert evidence.number("best_score") == max(t.val_score for t in went_on)


def test_a_grid_of_a_few_iterations_is_not_cut(tmp_path):
    _, trials = coarse(tmp_path, {"best_lr": 0.05, "bracket_high": 0.1}, lr=None, epochs=10)
    assert {t.status for t in trials} == {"finished"}


@pytest.mark.parametrize(("lr", "trained"), [(1e-8, 30 / 80), (0.004, 1)])
def test_an_extension_is_cut_if_it_would_be_in_the_grid(tmp_path, monkeypatch, lr, trained):
    def beyond(trials):
        return {"lr": lr, "weight_decay": 3e-4} if len(trials) == 6 else None

    monkeypatch.setattr("recipe_steps.coarse_grid.measure._beyond", beyond)
    evidence, trials = coarse(
        tmp_path, {"best_lr": 0.003, "bracket_high": 0.01}, lr=None, epochs=10, batch_size=3,
        train=blobs(300, spread=2.5),
    )  # fmt: skip
    assert (trials[6].trained, evidence.number("extended")) == (trained, 1)


def test_random_search_is_log_uniform_within_its_range(tmp_path):
    found = {"best_lr": 0.05, "bracket_high": 0.1}
    _, trials = coarse(tmp_path, found, lr=None, search="random", epochs=1)
    draws = trials[:12]
    rates = sorted(t.params["lr"] for t in draws)
    decays = [t.params["weight_decay"] for t in draws]
    assert len(set(rates)) == len(set(decays)) == 12
    assert rates[0] >= 0.005
    assert rates[-1] <= 0.1
    assert min(decays) >= 1e-5
    assert max(decays) <= 1e-3
    assert sum(rate < math.sqrt(0.005 * 0.1) for rate in rates) in range(2, 11)


def picky(width=8):
    if width == 16:
        raise RuntimeError("cannot be that wide")
    return mlp(4, 3, width)()


def test_a_factory_that_raises_fails_its_trials_and_no_other(tmp_path):
    evidence, trials = coarse(tmp_path, model=picky, space={"width": [8, 16]}, epochs=2)
    cells = [t for t in trials if t.number > 0]
    status = {width: {t.status for t in cells if t.params["width"] == width} for width in (8, 16)}
    assert status == {8: {"finished"}, 16: {"failed"}}
    failed = [t for t in cells if t.status == "failed"]
    assert evidence.number("failed") == len(failed) > 0
    (found,) = judge_scalars(CoarseGrid(), evidence.scalars)
    assert (found.rule, found.severity) == ("trials-fail", "warn")
    assert "cannot be that wide" in found.message
    assert all("cannot be that wide" in t.reason and "width=16" in t.reason for t in failed)
    assert all(t.epochs == 0 and t.val_score is None for t in failed)
    assert evidence.scalars["best_width"] == 8


def test_when_every_trial_fails_the_first_reason_is_given(tmp_path):
    with pytest.raises(UsageError, match="cannot be that wide"):
        coarse(tmp_path, model=picky, space={"width": [16]})


FOUND = {"best_lr": 0.05, "bracket_high": 0.1}
SPACE = {
    "width": integers(4, 32, log=True),
    "norm": ["none", "group"],
    "groups": when("norm", "group", [1, 2]),
}


def flexible(width=8, norm="none", groups=1):
    middle = [nn.GroupNorm(groups, 2 * width)] if norm == "group" else []
    return nn.Sequential(nn.Linear(4, 2 * width), *middle, nn.ReLU(), nn.Linear(2 * width, 3))


@pytest.mark.parametrize("search", ["auto", "quasi", "random", "grid"])
def test_a_space_of_ranges_and_conditions(tmp_path, search):
    _, trials = coarse(tmp_path, FOUND, model=flexible, space=SPACE, epochs=1, lr=None, search=search,
                       seed=3)  # fmt: skip
    assert {t.status for t in trials} <= {"finished", "stopped"}
    assert len({t.params["width"] for t in trials}) >= (3 if search == "grid" else 6)
    assert {t.params["norm"] for t in trials} == {"none", "group"}
    assert all(("groups" in t.params) == (t.params["norm"] == "group") for t in trials)


def test_the_space_may_name_the_rates(tmp_path):
    space = {"lr": log_uniform(0.02, 0.04), "width": integers(4, 32)}
    _, trials = coarse(tmp_path, FOUND, model=flexible, space=space, epochs=1, lr=None)
    assert all(0.02 <= t.params["lr"] <= 0.04 for t in trials[:12])


def test_a_later_round_tries_what_the_trials_speak_for(tmp_path):
    experiment = blob_experiment(lr=None, epochs=2, model=flexible, space=SPACE)
    with open_context(RefineGrid(), experiment, tmp_path) as ctx:
        ctx.step = "coarse_grid"
        drawn = [
            {"lr": lr, "weight_decay": decay, "width": width, "norm": "none"}
            for lr, decay, width in ((0.05, 1e-4, 16), (0.001, 1e-3, 8), (0.0001, 1e-5, 4))
        ]
        ctx.run_trials(drawn, epochs=1)
        ctx.step, ctx.round = "refine_grid", 2
        RefineGrid().measure(ctx)
    later = ctx.trials[3:]
    assert later[0].params["width"] == 16  # the centre
    assert len(later) == 2 + 2  # more decay, and two proposals
    assert all(4 <= t.params["width"] <= 32 for t in later)
    assert all(("groups" in t.params) == (t.params["norm"] == "group") for t in later)


def test_rates_that_diverge_are_counted(tmp_path):
    evidence, trials = coarse(
        tmp_path, {"best_lr": 1e7, "bracket_high": 1e8}, lr=None, epochs=10, model=deep
    )
    assert evidence.number("diverged") == sum(t.status == "diverged" for t in trials) > 4


def test_a_budget_of_epochs_limits_the_grid(tmp_path):
    _, trials = coarse(tmp_path, {"best_lr": 0.05}, lr=None, epochs=10, budget="10epochs")
    # 30 % of 10 epochs, of which a trial takes 5/8 on average, and two extensions at most
    assert len(trials) in range(4, 7)


calls = []


def flaky():
    """Works once, for the fingerprint."""
    calls.append(1)
    if len(calls) > 1:
        raise RuntimeError("cannot be that wide")
    return mlp()()


def test_trials_leave_the_global_random_state_alone(tmp_path):
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    measure(RefineGrid(), blob_experiment(epochs=1), tmp_path)
    assert torch.equal(torch.rand(3), expected)
