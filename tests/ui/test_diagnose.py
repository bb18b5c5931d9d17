"""`recipe diagnose`: curves from files of others."""

import math

import pytest

from recipe.core.errors import UsageError
from recipe.logs.choosing import guess
from recipe.logs.reading import read_log

HEADERS = {
    "epoch,loss,val_loss,lr": {"train_loss": "loss", "val_loss": "val_loss", "lr": "lr"},
    "epoch,accuracy,loss,val_accuracy,val_loss": {
        "train_score": "accuracy", "train_loss": "loss", "val_score": "val_accuracy",
        "val_loss": "val_loss",
    },
    "step,train/loss,valid/loss,learning_rate": {
        "train_loss": "train/loss", "val_loss": "valid/loss", "lr": "learning_rate",
    },
    "Epoch,trainLoss,testAcc": {"train_loss": "trainLoss", "val_score": "testAcc"},
    "lr-SGD,eval_f1": {"lr": "lr-SGD", "val_score": "eval_f1"},
    "a,b": {},
}  # fmt: skip


@pytest.mark.parametrize("header", HEADERS)
def test_columns_are_guessed(header):
    assert guess(header.split(",")) == HEADERS[header]


def write(folder, text):
    path = folder / "log.csv"
    path.write_text(text, "utf-8")
    return path


def rows(*curves):
    return "\n".join(",".join(map(str, row)) for row in zip(*curves, strict=True))


def overfitting(n=30):
    train = [2 * 0.85**i for i in range(n)]
    val = [2 * 0.85**i + 0.04 * i for i in range(n)]
    return f"epoch,loss,val_loss\n{rows(range(n), train, val)}\n"


def test_a_log_is_judged(recipe, tmp_path):
    code, out, _ = recipe("diagnose", str(write(tmp_path, overfitting())))
    assert code == 0
    assert "train_loss (30), val_loss (30)" in out
    assert "warn: overfitting" in out
    assert "not checked: whether score and loss agree (no val_score)" in out


def test_a_run_that_diverged_fails(recipe, tmp_path):
    code, out, _ = recipe("diagnose", str(write(tmp_path, "loss\n2.0\n1.5\nnan\n")))
    assert code == 1
    assert "fail: loss-became-nan" in out
    assert "(this explains diverged)" in out


def test_columns_can_be_named(recipe, tmp_path):
    path = write(tmp_path, overfitting().replace("loss,val_loss", "a,b"))
    code, _, err = recipe("diagnose", str(path))
    assert code == 2
    assert "--columns" in err
    code, out, _ = recipe("diagnose", str(path), "--columns", "train_loss=a,val_loss=b")
    assert code == 0
    assert "overfitting" in out


def test_rows_of_their_own_for_training_and_validation(tmp_path):
    text = "epoch;train_loss;val_loss\n0;1,5;\n0;;1,6\n1;1,2;\n1;;1,4\n"
    assert read_log(write(tmp_path, text)) == {"train_loss": [1.5, 1.2], "val_loss": [1.6, 1.4]}


def test_values_that_are_not_finite_stay(tmp_path):
    curves = read_log(write(tmp_path, "loss\n1\ninf\nNaN\n"))
    assert curves["train_loss"][:2] == [1.0, math.inf]
    assert math.isnan(curves["train_loss"][2])


@pytest.mark.parametrize(
    ("text", "says"),
    [("", "no rows"), ("loss\n", "no rows"), ("loss\nabc\n", "'abc' is not a number"),
     ("a,b\n1,2\n", "looks like a loss")],
)  # fmt: skip
def test_what_cannot_be_read_is_said(tmp_path, text, says):
    with pytest.raises(UsageError, match=says):
        read_log(write(tmp_path, text))


def test_a_missing_file(tmp_path):
    with pytest.raises(UsageError, match="cannot be read"):
        read_log(tmp_path / "none.csv")
