"""Matrices outside of torch's layers."""

import pytest
import torch
from torch import nn

from recipe.models.own_matrices import own_matrices, scale_of, shrink_own_matrices
from recipe.testing import judge_scalars, measure
from recipe_steps.initial_loss import InitialLoss
from step_samples import blob_experiment


class Recurrent(nn.Module):
    def __init__(self, deviation=1.0, width=48, steps=25):
        super().__init__()
        self.steps = steps
        self.way_in = nn.Parameter(torch.randn(4, width) * 0.3)
        self.again = nn.Parameter(torch.randn(width, width) * deviation)
        self.bias = nn.Parameter(torch.zeros(width))
        self.table = nn.Embedding(4, 8)
        self.out = nn.Linear(width, 3)

    def forward(self, x):
        state = x.new_zeros(len(x), self.again.shape[0])
        for _ in range(self.steps):
            state = torch.relu(x @ self.way_in + state @ self.again + self.bias)
        return self.out(state)


def test_only_matrices_of_the_models_own_are_meant():
    model = Recurrent()
    assert [id(m) for m in own_matrices(model)] == [id(model.way_in), id(model.again)]
    model.again.requires_grad_(requires_grad=False)
    assert [id(m) for m in own_matrices(model)] == [id(model.way_in)]


def test_large_ones_are_brought_to_hes_size_and_others_stay():
    torch.manual_seed(0)
    model = Recurrent()
    before = model.way_in.clone()
    assert shrink_own_matrices(model) == pytest.approx((48 / 2) ** 0.5, rel=0.05)
    assert scale_of(model.again) == pytest.approx(1.0)
    assert torch.equal(model.way_in, before)
    assert shrink_own_matrices(model) is None


@pytest.mark.parametrize(("deviation", "named"), [(1.0, True), (3.0, True), (0.2, False)])
def test_a_recurrence_drawn_too_large_is_named(tmp_path, deviation, named):
    step = InitialLoss()
    evidence = measure(step, blob_experiment(model=lambda: Recurrent(deviation)), tmp_path)
    found = {f.rule: f for f in judge_scalars(step, evidence.scalars, evidence.curves)}
    assert ("initialization-too-large" in found) is named
    if named:
        assert found["initialization-too-large"].severity == "fail"
