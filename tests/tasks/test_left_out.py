"""Scores without the targets that a loss leaves out are those of the others alone."""

import math

import pytest
import torch

from recipe.tasks import TASKS

SOURCE = torch.Generator().manual_seed(2)
KEPT = torch.rand(50, 3, generator=SOURCE) > 0.3
REAL = torch.randn(50, 3, generator=SOURCE)
OUTPUTS = torch.randn(50, 3, generator=SOURCE)


@pytest.mark.parametrize("value", [math.nan, -999.0])
def test_r_squared(value):
    task = TASKS["regression"].leaving_out((value,))
    parts = zip(OUTPUTS.split(7), REAL.where(KEPT, value).split(7), strict=True)
    score = task.score(sum(task.sums(*part) for part in parts))
    error = (OUTPUTS - REAL)[KEPT].double().square().sum()
    means = torch.stack([REAL[KEPT[:, k], k].mean() for k in range(3)])
    spread = (REAL - means)[KEPT].double().square().sum()
    assert score == pytest.approx(float(1 - error / spread), rel=1e-5)
    assert math.isnan(task.score(task.sums(OUTPUTS, torch.full_like(REAL, value))))


@pytest.mark.parametrize("value", [math.nan, -1.0])
@pytest.mark.parametrize("name", ["binary", "multilabel"])
def test_yes_and_no(name, value):
    task, said = TASKS[name].leaving_out((value,)), OUTPUTS > 0
    true = REAL > 0
    targets = true.float().where(KEPT, value)
    score = task.score(task.sums(OUTPUTS, targets))
    if name == "binary":
        assert score == pytest.approx(float((said == true)[KEPT].float().mean()))
        share = float(true[KEPT].float().mean())
        assert task.chance_score(targets) == pytest.approx(max(share, 1 - share))
    else:
        hits, either = (said & true)[KEPT].sum(), (said[KEPT].sum() + true[KEPT].sum())
        assert score == pytest.approx(float(2 * hits / either))


def test_several_classes():
    task = TASKS["classification"].leaving_out((0.0, 2.0))
    targets = torch.arange(50) % 3
    right = (OUTPUTS.argmax(1) == targets)[targets == 1]
    assert task.score(task.sums(OUTPUTS, targets)) == pytest.approx(float(right.float().mean()))
    assert task.chance_score(targets) == 1.0
    assert not TASKS["classification"].left_out
