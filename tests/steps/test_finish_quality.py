"""How good the chosen model is: against scikit-learn's own figures, and in the unit of the target."""

import json

import pytest
import torch
from sklearn import metrics
from torch import nn

from recipe import Experiment
from recipe.testing import open_context
from recipe_steps.finish import Finish
from recipe_steps.finish.quality import quality
from recipe_steps.finish.trivial import trivial_marks
from step_samples import digits, mlp

X, Y = digits(300)


def test_classes(tmp_path):
    experiment = Experiment(model=mlp(64, 10), train=(X[:200], Y[:200]), val=(X[200:], Y[200:]),
                            lr=0.1, classes=tuple("abcdefghij"))  # fmt: skip
    with open_context(Finish(), experiment, tmp_path) as ctx:
        y = ctx.data.val.y
        outputs = torch.randn(len(y), 10, generator=torch.Generator().manual_seed(0))
        scalars, curves = quality(ctx, [(outputs, y)], 1.0)
        said = outputs.argmax(1)
        assert scalars["mean_f1"] == pytest.approx(metrics.f1_score(y, said, average="macro"))
        assert json.loads(scalars["shown_classes"]) == list("abcdefghij")
        assert sum(curves["confusion"]) == len(y)
        assert sum(curves["confusion"][k * 11] for k in range(10)) == int((said == y).sum())
        marks = trivial_marks(ctx, [(outputs, y)])
        usual = int(torch.bincount(Y[:200]).argmax())
        assert marks["trivial_score"] == pytest.approx(float((y == usual).float().mean()))
        assert marks["trivial_answer"] == f"always {'abcdefghij'[usual]!r}"


def test_amounts_are_scaled_back(tmp_path):
    y = X.sum(1, keepdim=True)
    experiment = Experiment(model=lambda: nn.Linear(64, 1), train=(X[:200], y[:200]),
                            val=(X[200:], y[200:]), task="regression", lr=0.1)  # fmt: skip
    with open_context(Finish(), experiment, tmp_path) as ctx:
        val = ctx.data.val.y
        scalars, curves = quality(ctx, [(val + 2.0, val)], None)
        assert scalars["mean_absolute_error"] == pytest.approx(2.0)
        assert scalars["median_absolute_error"] == pytest.approx(2.0)
        expected = float((val - ctx.data.train.y.mean()).abs().mean())
        assert scalars["trivial_absolute_error"] == pytest.approx(expected, rel=1e-4)
        assert len(curves["true_value"]) == len(val)
        assert abs(trivial_marks(ctx, [(val, val)])["trivial_score"]) < 0.1


def test_yes_or_no(tmp_path):
    y = (Y % 2).float()[:, None]
    experiment = Experiment(model=lambda: nn.Linear(64, 1), train=(X[:200], y[:200]),
                            val=(X[200:], y[200:]), task="binary", lr=0.1)  # fmt: skip
    with open_context(Finish(), experiment, tmp_path) as ctx:
        val = ctx.data.val.y
        outputs = torch.randn(val.shape, generator=torch.Generator().manual_seed(0)) + val
        scalars, curves = quality(ctx, [(outputs, val)], 1.0)
        shares = outputs.sigmoid().flatten()
        assert scalars["roc_auc"] == pytest.approx(metrics.roc_auc_score(val.flatten(), shares))
        assert len(curves["threshold"]) == len(curves["precision"]) == len(curves["recall"])
        share = float(y[:200].mean())
        marks = trivial_marks(ctx, [(outputs, val)])
        assert marks["trivial_score"] == pytest.approx(
            float((val == float(share > 0.5)).float().mean())
        )


def test_a_language_model(tmp_path):
    tokens = torch.randint(0, 5, (60, 9), generator=torch.Generator().manual_seed(0))
    x, y = tokens[:, :-1], tokens[:, 1:]
    model = lambda: nn.Sequential(nn.Embedding(5, 8), nn.Linear(8, 5))  # noqa: E731
    experiment = Experiment(model=model, train=(x[:40], y[:40]), val=(x[40:], y[40:]),
                            task="language_model", lr=0.5)  # fmt: skip
    with open_context(Finish(), experiment, tmp_path) as ctx:
        val = ctx.data.val.y
        scalars, _ = quality(ctx, [(torch.zeros(20, 8, 5), val)], 1.6094379)
        assert scalars["perplexity"] == pytest.approx(5.0, rel=1e-5)
        assert scalars["bits_per_token"] == pytest.approx(2.3219, rel=1e-4)
        marks = trivial_marks(ctx, [(torch.zeros(20, 8, 5), val)])
        usual = int(torch.bincount(y[:40].flatten()).argmax())
        assert marks["trivial_score"] == pytest.approx(float((val == usual).float().mean()))
