"""The overfit step where the budget is one of time: settled early, or cut off."""

import math
import random

import pytest
import torch

from recipe.testing import judge_scalars, measure, open_context
from recipe_steps.overfit_sample import OverfitSample
from recipe_steps.overfit_sample.attempts import Attempt, hopeless, is_tiny, passes_over
from step_samples import Cut, blob_experiment, digits_experiment
from task_samples import segmentation

NOISE = random.Random(0)


def rising(n, slope, noise=0.0, start=0.2):
    return [start + slope * k + NOISE.gauss(0, noise) for k in range(n)]


@pytest.mark.parametrize(
    ("scores", "planned", "expected"),
    [
        ([0.3] * 18, 60, True),  # flat
        (rising(30, 0.0, 0.02), 60, True),
        (rising(30, 0.001, 0.002), 60, True),  # 0.26 at the end
        ([0.3] * 17, 60, False),  # too early
        (rising(30, 0.02), 60, False),  # 1.4
        (rising(30, 0.0, 0.2), 60, False),  # swings about widely
        ([0.3] * 20 + rising(10, 0.05, start=0.3), 60, False),  # a plateau that has passed
        ([0.3, 0.99, *[0.3] * 28], 60, True),  # once, by luck, long ago
        ([0.3] * 25 + [0.99] + [0.3] * 4, 60, False),  # just now
        ([math.nan] * 30, 60, False),
        ([0.3] * 29 + [-math.inf], 60, False),
        ([], 60, False),
        ([0.3] * 7, 8, False),  # too few tell nothing
    ],
)
def test_an_attempt_is_given_up_where_no_score_of_it_can_reach_the_target(
    scores, planned, expected
):
    assert hopeless(Attempt(0.1, scores), planned, 0.999) is expected


def test_few_items_with_many_targets_each_are_not_tiny(tmp_path):
    with open_context(OverfitSample(), segmentation(), tmp_path / "a") as ctx:
        masks = ctx.data.train.sample(8, torch.Generator())
        assert masks.y[0].numel() > 128
        assert not is_tiny(masks)
        assert passes_over(masks, 4)[1] < 2000
    rows = blob_experiment(
        train=(torch.eye(4), torch.arange(4)), val=(torch.eye(4), torch.arange(4))
    )
    with open_context(OverfitSample(), rows, tmp_path / "b") as ctx:
        assert is_tiny(ctx.data.train)
        assert passes_over(ctx.data.train, 4)[1] == 6000


def time_after(monkeypatch, asked):
    """The time is up when it was asked for so many times; evaluations are in time."""
    counted = iter(range(10**9))
    monkeypatch.setattr(
        "recipe.core.clock.is_up", lambda before=0.0: before >= 0 and next(counted) >= asked
    )


def test_a_sample_that_the_time_cuts_off_is_no_failure(tmp_path, monkeypatch):
    step = OverfitSample()
    time_after(monkeypatch, 40)
    with open_context(step, blob_experiment(model=Cut), tmp_path, budget="60s") as ctx:
        evidence = step.measure(ctx)
        (said,) = ctx.meter.left_out
    assert evidence.scalars["reached"] is None
    assert evidence.number("score_so_far") is not None
    assert evidence.number("best_score") is None
    assert not judge_scalars(step, evidence.scalars, evidence.curves)
    assert said.what == "overfit_sample: whether the model can memorize the sample"


def test_what_cannot_be_learnt_is_settled_earlier_and_told_all_the_same(tmp_path, monkeypatch):
    monkeypatch.setattr("recipe_steps.overfit_sample.attempts.LAST_PASSES", 60)
    step, experiment = OverfitSample(), blob_experiment(model=Cut)
    found = []
    for name, budget in (("a", {}), ("b", {"budget": "1h"})):
        with open_context(step, experiment, tmp_path / name, **budget) as ctx:
            evidence = step.measure(ctx)
            found.append((ctx.meter.epochs, evidence))
    (whole_cost, whole), (early_cost, early) = found
    assert early.scalars["reached"] is whole.scalars["reached"] is False
    assert early_cost < 0.7 * whole_cost
    rules = [f.rule for f in judge_scalars(step, early.scalars, early.curves)]
    assert rules == [f.rule for f in judge_scalars(step, whole.scalars, whole.curves)]


def test_a_budget_that_suffices_changes_nothing(tmp_path):
    step, experiment = OverfitSample(), digits_experiment()
    whole = measure(step, experiment, tmp_path / "a")
    assert measure(step, experiment, tmp_path / "b", budget="1h") == whole
