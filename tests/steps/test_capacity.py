import pytest
import torch
from torch import nn

from recipe.core.evidence import Evidence
from recipe.data.splitting import load_splits
from recipe.plugin.remedy import RemedyInput
from recipe.testing import judge_scalars, open_context
from recipe_steps.learning_curves import LearningCurves
from recipe_steps.learning_curves.capacity import capacity_marks, more_data
from recipe_steps.learning_curves.capacity_rules import data_said, larger_model_fits_better
from recipe_steps.learning_curves.measure import subject
from recipe_steps.learning_curves.overfitting import overfitting
from recipe_steps.learning_curves.regularising import regularise, used_columns
from rule_cases import NAN, Case, check
from step_samples import blob_experiment, digits, digits_experiment

CPU = torch.device("cpu")


def narrow(score=0.62, wider=1.12, **more):
    return {"best_status": "finished", "best_chance": 0.1, "capacity_name": "width",
            "capacity_width": 32, "capacity_updates": 200, "capacity_loss": 1.41,
            "capacity_wider_loss": wider, **more}, {"best_train_score": [0.3, score]}  # fmt: skip


def of(scalars, severity, says=""):
    return Case(larger_model_fits_better, scalars[0], severity, scalars[1], says)


CAPACITY_CASES = [
    of(narrow(), "note", says="width 64 instead of 32 lowers the training loss (from 1.41 to 1.12"),
    of(narrow(score=0.95), None),
    of(narrow(wider=1.35), None),
    of(narrow(wider=NAN), None),
    of(narrow(capacity_name=None), None),
    of(narrow(score=NAN), "note", says="score of 0.3"),
]


@pytest.mark.parametrize("case", CAPACITY_CASES, ids=str)
def test_rule(case):
    check(LearningCurves(), case)


def half(score, whole=0.8, error=0.01):
    return {"half_items": 50, "half_score": score, "half_whole_score": whole, "half_error": error}


def test_what_is_said_of_more_data():
    assert "may bring nearly as much again" in data_said(Evidence(half(0.7)))
    assert "promises little" in data_said(Evidence(half(0.79)))
    assert data_said(Evidence(half(NAN))) == ""
    assert data_said(Evidence()) == ""
    val = [1.0, 0.6, 0.4, 0.35, 0.34, 0.36, 0.5, 0.7, 0.9, 1.1, 1.3, 1.5]
    curves = {"best_train_loss": [1 / (k + 1) for k in range(12)], "best_val_loss": val}
    said = overfitting(Evidence({"best_status": "finished", **half(0.7)}, curves))
    assert "50 of the training items score 0.7" in said.advice


def mlp_of(width=16, dropout=0.0):
    return nn.Sequential(nn.Linear(64, width), nn.ReLU(), nn.Dropout(dropout), nn.Linear(width, 10))


def test_more_width_lowers_the_training_loss(tmp_path):
    def make(width=2):
        return mlp_of(width)

    experiment = digits_experiment(model=make, lr=0.05, epochs=10)
    with open_context(LearningCurves(), experiment, tmp_path) as ctx:
        trial = ctx.train_baseline()
        before = ctx.meter.epochs
        found = capacity_marks(ctx, trial)
        assert ctx.meter.epochs - before == pytest.approx(20)  # two trainings of 100 updates
    assert found["capacity_updates"] == 100
    assert found["capacity_wider_loss"] < 0.9 * found["capacity_loss"]
    said = judge_scalars(
        LearningCurves(), {**found, "best_status": "finished", "best_chance": 0.1},
        {"best_train_score": trial.curves["train_score"]},
    )  # fmt: skip
    assert "larger-model-fits-better" in {f.rule for f in said}


def test_nothing_where_there_is_no_width(tmp_path):
    experiment = digits_experiment(lr=0.05, epochs=10)
    with open_context(LearningCurves(), experiment, tmp_path) as ctx:
        assert capacity_marks(ctx, ctx.train_baseline()) == {}


def test_half_of_the_data_where_there_is_a_gap(tmp_path):
    x, y = digits(900)
    few = digits_experiment(model=lambda: mlp_of(64), train=(x[:120], y[:120]),
                            val=(x[120:], y[120:]), lr=0.1, epochs=12)  # fmt: skip
    with open_context(LearningCurves(), few, tmp_path / "a") as ctx:
        trial = ctx.train_baseline()
        about = subject(ctx, "best", trial)
        found = more_data(ctx, trial, about)
    assert found["half_items"] == 60
    assert found["half_whole_score"] == trial.val_score
    assert found["half_score"] < trial.val_score
    assert "as much again" in data_said(Evidence(found))
    many = digits_experiment(model=lambda: mlp_of(64), train=(x[:800], y[:800]),
                             val=(x[:800], y[:800]), lr=0.1, epochs=3)  # fmt: skip
    with open_context(LearningCurves(), many, tmp_path / "b") as ctx:
        trial = ctx.train_baseline()
        assert more_data(ctx, trial, subject(ctx, "best", trial)) == {}  # no gap


def tried(experiment):
    """The changed experiments by the names of the remedies."""
    evidence = Evidence({"best_status": "finished"})
    data = load_splits(experiment, CPU, 0)
    subject = RemedyInput(experiment, data, evidence, CPU)
    made = {r.name: r.apply(subject) for r in (regularise, *regularise.alternatives)}
    return {name: changed for name, changed in made.items() if changed is not None}


def test_what_is_tried_against_overfitting():
    def make(width=16, dropout=0.0):
        return mlp_of(width, dropout)

    base = digits_experiment(model=make, lr=0.1, batch_size=64).resolved()
    found = tried(base)
    assert found["half the width"].model_args == {"width": 8}
    assert found["twice the width, stopped early"].model_args == {"width": 32}
    smaller = found["a quarter of the batch size"]
    assert (smaller.batch_size, smaller.lr) == (16, pytest.approx(0.025))
    assert smaller.epochs == base.epochs
    fewer = found["inputs that trees make use of alone"].model()
    x = torch.randn(5, 64)
    changed = x.clone()
    changed[:, ~fewer.kept] += 100
    assert torch.equal(fewer(x), fewer(changed))
    assert not torch.equal(fewer(x), fewer(x + 1))
    assert 10 < int(fewer.kept.sum()) < 60


def test_what_does_not_fit_is_not_tried():
    found = tried(blob_experiment(lr=0.1, batch_size=16).resolved())
    assert not {name for name in found if "width" in name or "inputs" in name or "batch" in name}


def test_columns_that_say_something_are_kept():
    source = torch.Generator().manual_seed(0)
    x = torch.randn(600, 20, generator=source)
    used = used_columns(x, (x[:, 3] + x[:, 7] > 0).long(), classes=True)
    assert used[3]
    assert used[7]
    values = used_columns(x, 3 * x[:, 5], classes=False)
    assert values[5]
    assert values.sum() < 20
