import math
from types import SimpleNamespace

import pytest
import torch
from torch import nn

from recipe import Experiment
from recipe.core.trials import Trial
from recipe.plugin.context import Context
from recipe.plugin.rules import judge
from recipe.testing import judge_scalars, open_context
from recipe_steps.learning_curves import LearningCurves, measure
from recipe_steps.learning_curves.measure import constant_loss, ignores_pairing
from recipe_steps.refine_grid import RefineGrid
from step_samples import blob_experiment, blobs, mlp


def noisy(n, seed):
    """Labels of which two fifths are wrong: learnt by heart, they cost validation loss."""
    x, y = blobs(n, classes=2, seed=1, width=20)
    source = torch.Generator().manual_seed(seed)
    wrong = torch.rand(n, generator=source) < 0.4
    return x + torch.randn(x.shape, generator=source), torch.where(wrong, 1 - y, y)


def trained(ctx: Context, **params) -> Trial:
    """A trial of the refined grid, as an earlier step leaves it."""
    ctx.step = "refine_grid"
    (trial,) = ctx.run_trials([params])
    ctx.step = "learning_curves"
    return trial


def test_curves_of_the_best_trial_and_of_the_baseline(tmp_path):
    step = LearningCurves()
    with open_context(step, blob_experiment(lr=1e-5, epochs=6), tmp_path) as ctx:
        baseline = ctx.train_baseline()
        best = trained(ctx, lr=0.05, warmup=0.1)
        evidence = step.measure(ctx)
    assert ctx.best_trial is best
    assert evidence.number("best_score") == best.val_score > baseline.val_score
    assert evidence.number("best_kept_epoch") == best.best_epoch + 1
    assert evidence.number("best_warmup") == 0.1
    assert evidence.number("baseline_warmup") == 0
    assert evidence.text("best_schedule") == "cosine"
    assert evidence.number("best_start") == pytest.approx(math.log(3), abs=0.05)
    assert evidence.number("best_chance") == pytest.approx(1 / 3, abs=0.05)
    assert evidence.number("best_answers") == evidence.number("best_items") == 48
    for name, trial in (("best", best), ("baseline", baseline)):
        for curve in ("train_loss", "val_loss", "lr", "batch_loss", "grad_norm"):
            assert evidence.curve(f"{name}_{curve}") == trial.curves[curve]


def test_the_declared_rate_is_compared_with_the_best_one_of_as_long_a_training(tmp_path):
    step = LearningCurves()
    with open_context(step, blob_experiment(lr=1e-5, epochs=6), tmp_path) as ctx:
        ctx.train_baseline()
        trained(ctx, lr=0.5, epochs=1)
        best = trained(ctx, lr=0.05, weight_decay=0.0, epochs=6)
        trained(ctx, lr=0.05, warmup=0.2, epochs=6)
        evidence = step.measure(ctx)
    assert evidence.number("rival_lr") == 0.05
    assert evidence.number("rival_score") == best.val_score
    (found,) = [f for f in judge(step.rules, evidence) if f.rule == "learning-rate-too-low"]
    assert found.severity == "warn"
    assert found.remedy.after == best.val_score


def test_without_a_declared_rate_nothing_is_compared(tmp_path):
    step = LearningCurves()
    with open_context(step, blob_experiment(lr=None, epochs=6), tmp_path) as ctx:
        trained(ctx, lr=0.05, epochs=6)
        assert step.measure(ctx).number("rival_lr") is None


def test_without_any_trial_there_is_nothing_to_say(tmp_path):
    step = LearningCurves()
    with open_context(step, blob_experiment(lr=None), tmp_path) as ctx:
        evidence = step.measure(ctx)
    assert set(evidence.scalars) == {"metric"}
    assert not judge_scalars(step, evidence.scalars)


def test_overfitting_leads_to_a_second_round_with_more_decay(tmp_path):
    step, grid = LearningCurves(), RefineGrid()
    experiment = blob_experiment(
        model=mlp(20, 2, 128), train=noisy(80, 0), val=noisy(200, 1), optimizer="adam",
        lr=None, weight_decay=1e-4, epochs=24, schedule="constant",
    )  # fmt: skip
    with open_context(step, experiment, tmp_path) as ctx:
        trained(ctx, lr=0.01, weight_decay=1e-4)
        evidence = step.measure(ctx)
        findings = judge_scalars(step, evidence.scalars, evidence.curves)
        assert "overfitting" in {f.rule for f in findings}
        goto = step.goto(evidence, findings, ctx)
        assert (goto.step, goto.plan) == ("refine_grid", {"weight_decay_factor": 3.0})
        ctx.step, ctx.round, ctx.plan = grid.name, 2, goto.plan
        grid.measure(ctx)
        second = [t for t in ctx.trials if t.round == 2]
        assert [t.params["weight_decay"] for t in second] == [3e-4, 9e-4]
        ctx.step = step.name
        again = step.goto(evidence, findings, ctx)
        assert again is None or again.plan != goto.plan


def test_a_run_cut_short_asks_for_longer_training(tmp_path):
    step = LearningCurves()
    experiment = blob_experiment(lr=2e-3, epochs=8, schedule="constant", optimizer="adam")
    with open_context(step, experiment, tmp_path) as ctx:
        trained(ctx, lr=2e-4)
        evidence = step.measure(ctx)
        findings = judge_scalars(step, evidence.scalars, evidence.curves)
        goto = step.goto(evidence, findings, ctx)
    assert goto.plan == {"epochs": 16}


def test_a_run_that_diverged_is_a_failure(tmp_path):
    step = LearningCurves()
    with open_context(step, blob_experiment(lr=1e6, epochs=4), tmp_path) as ctx:
        assert ctx.train_baseline().status == "diverged"
        evidence = step.measure(ctx)
    found = judge_scalars(step, evidence.scalars, evidence.curves)
    assert [f.rule for f in found if f.severity == "fail"] == ["diverged"]
    (beside,) = (f for f in found if f.severity != "fail")
    assert (beside.rule, beside.severity) == ("operation-not-finite", "note")
    assert "the rate is too high" in beside.message


def test_the_loss_of_the_best_constant_prediction():
    classes = torch.tensor([0, 0, 1, 2, -100])
    entropy = 0.5 * math.log(2) + 0.5 * math.log(4)
    assert constant_loss("class index", classes) == pytest.approx(entropy)
    marks = torch.tensor([[1.0, 0.0], [0.0, 0.0]])
    assert constant_loss("zero or one", marks) == pytest.approx(math.log(2) / 2)
    values = torch.tensor([[1.0, 10.0], [3.0, 10.0]])
    assert constant_loss("real", values) == pytest.approx(0.5)


def all_pairs(outputs, targets):
    """Each answer against each target, by broadcasting."""
    return ((outputs.argmax(1)[:, None]) == targets).float().mean()


def fine(outputs, targets):
    return (outputs.argmax(1) == targets).float().mean()


def broken(outputs, targets):
    raise ValueError("other outputs")


@pytest.mark.parametrize(
    ("metric", "ignores"), [(all_pairs, True), (fine, False), (broken, None), (None, None)]
)
def test_a_metric_that_does_not_look_at_pairs(tmp_path, metric, ignores):
    with open_context(LearningCurves(), blob_experiment(metric=metric), tmp_path) as ctx:
        assert ignores_pairing(ctx) is ignores


def test_with_equal_targets_nothing_is_known_of_a_metric(tmp_path):
    x, y = blobs()
    experiment = blob_experiment(metric=fine, val=(x, torch.ones_like(y)))
    with open_context(LearningCurves(), experiment, tmp_path) as ctx:
        assert ignores_pairing(ctx) is None


def real_experiment(metric, scale, shape=(1,)):
    source = torch.Generator().manual_seed(3)
    x = torch.randn(300, 4, generator=source)
    y = scale * (1 + 0.3 * torch.randn(300, *shape, generator=source))
    return Experiment(
        model=lambda: nn.Sequential(nn.Linear(4, 1), nn.Flatten(0 if not shape else 1)),
        train=(x, y), task="regression", metric=metric, lr=0.01,
    )  # fmt: skip


@pytest.mark.parametrize("scale", [1.0, 50.0, 2e5])
@pytest.mark.parametrize(
    "metric",
    [
        lambda o, y: -(o - y).abs().mean(),
        lambda o, y: -(o - y).square().mean().sqrt(),
        lambda o, y: 1 - (o - y).square().sum() / (y - y.mean()).square().sum(),
        lambda o, y: ((o - y).abs() <= 0.1 * y.abs()).float().mean(),
    ],
    ids=["mean error", "root mean square", "r squared", "within a tenth"],
)
def test_sound_metrics_of_real_targets_look_at_pairs(tmp_path, metric, scale):
    with open_context(LearningCurves(), real_experiment(metric, scale), tmp_path) as ctx:
        assert ignores_pairing(ctx) is False


def test_an_error_of_all_pairs_does_not(tmp_path):
    def metric(outputs, targets):
        return -(outputs[:, None] - targets).abs().mean()

    with open_context(LearningCurves(), real_experiment(metric, 50.0, ()), tmp_path) as ctx:
        assert ignores_pairing(ctx) is True


def test_an_accuracy_of_a_thousand_classes_looks_at_pairs(tmp_path):
    y = torch.randint(0, 1000, (300,), generator=torch.Generator().manual_seed(0))
    experiment = Experiment(
        model=lambda: nn.Linear(4, 1000), train=(torch.randn(300, 4), y), metric=fine, lr=0.01
    )
    with open_context(LearningCurves(), experiment, tmp_path) as ctx:
        assert ignores_pairing(ctx) is False


@pytest.mark.parametrize(
    ("planned", "trained", "status", "read"),
    [
        (20, 20, "finished", True),
        (20, 12, "finished", True),  # early stopping
        (20, 14, "stopped", True),
        (20, 6, "stopped", False),
        (10, 10, "finished", True),
        (9, 9, "finished", False),  # so much was paid for by the budget, of 20 declared epochs
        (2, 2, "finished", False),
    ],
)
@pytest.mark.parametrize("searched", [False, True])
def test_a_training_that_the_time_made_short_is_not_read(planned, trained, status, read, searched):
    def context(*, limits_time):
        trial = SimpleNamespace(
            planned_epochs=planned, trained=trained, status=status,
            params={"lr": 0.1, **({"epochs": planned} if searched else {})},
        )  # fmt: skip
        return SimpleNamespace(
            meter=SimpleNamespace(limits_time=limits_time), experiment=SimpleNamespace(epochs=20),
            best_whole=None, best_trial=trial, baseline_trial=None,
        )  # fmt: skip

    assert bool(measure._subjects(context(limits_time=False)))
    expected = read or (searched and status == "finished")
    assert bool(measure._subjects(context(limits_time=True))) == expected
