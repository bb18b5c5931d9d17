"""Optimizers that do not take the rate that they are asked for."""

import pytest
import torch
from torch import nn

import recipe
from recipe.testing import judge_scalars
from recipe_steps.overfit_sample import OverfitSample
from step_samples import blobs


def hard_coded(params, lr, weight_decay):
    return torch.optim.Adam(params, lr=0.3, weight_decay=weight_decay)


def passed_on(params, lr, weight_decay):
    return torch.optim.Adam(params, lr=lr, weight_decay=weight_decay)


def in_groups(params, lr, weight_decay):
    params = list(params)
    groups = [{"params": params[:1]}, {"params": params[1:], "lr": 0.1 * lr}]
    return torch.optim.SGD(groups, lr=lr, momentum=0.9, weight_decay=weight_decay)


def model():
    layers = [layer for _ in range(3) for layer in (nn.Linear(32, 32), nn.ReLU())]
    return nn.Sequential(nn.Linear(4, 32), nn.ReLU(), *layers, nn.Linear(32, 3))


@pytest.mark.parametrize(
    ("optimizer", "named"), [(hard_coded, True), (passed_on, False), (in_groups, False)]
)
def test_a_rate_that_is_not_passed_on_is_found(optimizer, named, tmp_path):
    experiment = recipe.Experiment(
        model=model, train=blobs(120), val=blobs(60, seed=1), optimizer=optimizer, batch_size=20
    )
    result = recipe.run(
        experiment, until="overfit_sample", out=tmp_path, device="cpu", verify_budget="off"
    )
    found = [f.rule for step in result.steps for f in step.findings]
    assert ("rate-not-passed-on" in found) == named


def test_it_is_the_cause_where_the_sample_is_not_learnt():
    known = {"ignored_rate": 0.3, "reached": False, "best_score": 0.3, "perfect": 1.0,
             "progress": 0.1, "items": 100, "attempts": 4}  # fmt: skip
    found = {f.rule: f for f in judge_scalars(OverfitSample(), known)}
    assert found["rate-not-passed-on"].severity == "fail"
    assert found["cannot-overfit-sample"].because == "rate-not-passed-on"
    (found,) = judge_scalars(OverfitSample(), {"ignored_rate": 0.3})
    assert found.severity == "warn"
    assert judge_scalars(OverfitSample(), {"reached": True}) == ()
