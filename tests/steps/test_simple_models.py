import base64
import io

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

from recipe.testing import open_context
from recipe_steps.learning_curves import LearningCurves
from recipe_steps.learning_curves.filters import filter_sheet
from recipe_steps.learning_curves.looks import with_looks
from recipe_steps.learning_curves.measure import subject
from recipe_steps.learning_curves.simple_models import simple_marks
from recipe_steps.learning_curves.simple_rules import simple_model_does_better
from rule_cases import NAN, Case, check
from step_samples import blob_experiment, digits, digits_experiment, mlp
from task_samples import token_classification

SCORES = {"best_score": 0.81, "simple_linear": 0.8, "simple_forest": 0.87, "simple_error": 0.012,
          "simple_items": 900}  # fmt: skip
SIMPLE_CASES = [
    Case(simple_model_does_better, SCORES, "note", says="A random forest that learnt from 900"),
    Case(simple_model_does_better, SCORES | {"simple_linear": 0.9}, "note", says="A linear model"),
    Case(simple_model_does_better, SCORES | {"best_score": 0.3, "best_chance": 0.1}, "warn"),
    Case(simple_model_does_better, SCORES | {"simple_forest": 0.83}, None),
    Case(simple_model_does_better, SCORES | {"best_score": NAN}, None),
    Case(simple_model_does_better, {"best_score": 0.81}, None),
]


@pytest.mark.parametrize("case", SIMPLE_CASES, ids=str)
def test_rule(case):
    check(LearningCurves(), case)


def of(experiment, out):
    with open_context(LearningCurves(), experiment, out) as ctx:
        return simple_marks(ctx)


def test_scores_are_those_of_scikit_learn(tmp_path):
    from sklearn.linear_model import LogisticRegression

    x, y = digits(600)
    found = of(digits_experiment(train=(x[:400], y[:400]), val=(x[400:], y[400:])), tmp_path)
    table = (x - x.mean(0)) / (x.std(0) + 1e-9)
    own = LogisticRegression(max_iter=2000).fit(table[:400], y[:400]).score(table[400:], y[400:])
    assert found["simple_linear"] == pytest.approx(own, abs=0.02)
    assert found["simple_forest"] > 0.75
    assert found["simple_items"] == 400
    assert 0.01 < found["simple_error"] < 0.05


def test_values_several_labels_and_what_is_no_table(tmp_path):
    x = torch.randn(400, 4, generator=torch.Generator().manual_seed(0))
    real = blob_experiment(train=(x, x[:, :1] * 2 + 1), model=mlp(4, 1), task="regression")
    assert of(real, tmp_path / "a")["simple_linear"] > 0.99
    tags = blob_experiment(train=(x, (x[:, :2] > 0).float()), model=mlp(4, 2), task="multilabel")
    assert of(tags, tmp_path / "b")["simple_linear"] > 0.9
    assert of(token_classification(), tmp_path / "c") == {}
    own = blob_experiment(metric=lambda outputs, y: 0.5)
    assert of(own, tmp_path / "d") == {}


def test_pictures_are_shrunk(tmp_path):
    x, y = digits(300)
    x = nn.functional.interpolate(x.reshape(-1, 1, 8, 8), (48, 48))
    experiment = digits_experiment(
        train=(x[:200], y[:200]), val=(x[200:], y[200:]),
        model=lambda: nn.Sequential(nn.Flatten(), nn.Linear(48 * 48, 10)),
    )  # fmt: skip
    assert of(experiment, tmp_path)["simple_forest"] > 0.7


def small_conv(kernel=3):
    return nn.Sequential(nn.Conv2d(1, 6, kernel), nn.ReLU(), nn.AdaptiveAvgPool2d(2),
                         nn.Flatten(), nn.Linear(24, 10))  # fmt: skip


@pytest.mark.parametrize(
    ("model", "count", "side"),
    [(small_conv, 6, 3), (lambda: nn.Sequential(nn.Flatten(), *mlp(64, 10)()), 32, 8)],
)
def test_filters_are_the_weights_of_the_first_layer(tmp_path, model, count, side):
    x, y = digits(200)
    given = {"train": (x.reshape(-1, 1, 8, 8), y), "model": model, "lr": 0.05, "epochs": 1}
    with open_context(LearningCurves(), digits_experiment(**given), tmp_path) as ctx:
        trial = ctx.train_baseline()
        sheet = filter_sheet(ctx, trial)["filters"]
    assert len(sheet.pictures) == len(sheet.labels) == count
    drawn = np.asarray(Image.open(io.BytesIO(base64.b64decode(sheet.pictures[0]))))
    assert drawn.shape == (side, side)
    assert (drawn.min(), drawn.max()) == (0, 255)


def test_models_without_such_a_layer_have_none(tmp_path):
    x, y = digits(200)
    tiny = digits_experiment(
        train=(x.reshape(-1, 1, 8, 8), y), model=lambda: small_conv(1), lr=0.05, epochs=1
    )
    for number, experiment in enumerate((tiny, blob_experiment(epochs=1))):
        with open_context(LearningCurves(), experiment, tmp_path / str(number)) as ctx:
            assert filter_sheet(ctx, ctx.train_baseline()) == {}


def test_a_later_round_does_not_fit_simple_models_again(tmp_path, monkeypatch):
    experiment = digits_experiment(lr=0.05, epochs=2)
    with open_context(LearningCurves(), experiment, tmp_path) as ctx:
        trial = ctx.train_baseline()
        about = subject(ctx, "best", trial)
        first = with_looks(ctx, trial, about)
        assert first.number("simple_linear") is not None
        ctx.measured["learning_curves"] = first
        monkeypatch.setattr("recipe_steps.learning_curves.looks.simple_marks", lambda _: 1 / 0)
        again = with_looks(ctx, trial, about)
    assert again.scalars == first.scalars
