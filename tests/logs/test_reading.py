"""Logs of many tools, as curves with one point per epoch."""

import json
import math
from random import Random
from statistics import fmean

import pytest

from recipe.core.errors import UsageError
from recipe.logs.choosing import guess
from recipe.logs.reading import as_evidence, listed, read
from recipe.logs.text_lines import cleaned
from recipe.plugin.rules import judge
from recipe_steps.learning_curves import LearningCurves

HEADERS = {
    "epoch,train_loss,valid_loss,accuracy,time": {  # fastai
        "train_loss": "train_loss", "val_loss": "valid_loss", "val_score": "accuracy",
    },
    "Epoch\tTraining Loss\tValidation Loss\tF1": {
        "train_loss": "Training Loss", "val_loss": "Validation Loss", "val_score": "F1",
    },
    "epoch,train_loss_epoch,train_loss_step,val_acc": {
        "train_loss": "train_loss_epoch", "val_score": "val_acc",
    },
    "epoch,train_loss_step,train_loss_epoch": {"train_loss": "train_loss_epoch"},
    "epoch,precision,recall,f1,loss": {"train_score": "f1", "train_loss": "loss"},
    "epoch,lr/pg0,lr/pg1,train/box_loss,train/cls_loss,val/box_loss,metrics/mAP50-95(B)": {
        "lr": "lr/pg0", "val_score": "metrics/mAP50-95(B)",
    },
    "epoch,loss,recon_loss,kl_loss": {"train_loss": "loss"},
    "epoch,box_loss": {"train_loss": "box_loss"},
    "train_losses,val_losses,train_accs,testAccuracies": {
        "train_loss": "train_losses", "val_loss": "val_losses", "train_score": "train_accs",
        "val_score": "testAccuracies",
    },
    "train_ppl,val_rmse": {"train_loss": "train_ppl", "val_loss": "val_rmse"},
    "loss,mae,val_loss,val_mae": {"train_loss": "loss", "val_loss": "val_loss"},
    "mse,val_mse": {"train_loss": "mse", "val_loss": "val_mse"},
    "mae,nll": {"train_loss": "nll"},
    "train_err,test_err": {"train_loss": "train_err", "val_loss": "test_err"},
    "trainloss,testacc": {"train_loss": "trainloss", "val_score": "testacc"},
    "t_loss,v_loss": {"train_loss": "t_loss", "val_loss": "v_loss"},
    "tr_loss,vloss": {"train_loss": "tr_loss", "val_loss": "vloss"},
    "Train Cross-Entropy,dev cross entropy": {
        "train_loss": "Train Cross-Entropy", "val_loss": "dev cross entropy",
    },
    "train_loss,valid_loss,error_rate": {"train_loss": "train_loss", "val_loss": "valid_loss"},
    "train_loss,rmse": {"train_loss": "train_loss", "val_loss": "rmse"},
    "loss,best_val_acc,val_acc": {"train_loss": "loss", "val_score": "val_acc"},
    "entropy,kl,steps,losslike": {},
}  # fmt: skip


@pytest.mark.parametrize("header", HEADERS)
def test_columns_are_guessed(header):
    assert guess(header.replace("\t", ",").split(",")) == HEADERS[header]


@pytest.fixture
def log(tmp_path):
    def made(text):
        path = tmp_path / "log"
        path.write_text(text, "utf-8")
        return read(path)

    return made


def test_rows_of_steps_and_of_validation_are_one_point_per_epoch(log):
    rows = ["epoch,step,train_loss_step,val_loss,lr-SGD"]
    for epoch in range(8):
        rows.append(f",{20 * epoch},,,{0.1 / (epoch + 1)}")  # rates are logged without an epoch
        rows += [f"{epoch},{20 * epoch + 10 * k},{8 - epoch + k - 0.5},," for k in (0, 1)]
        rows.append(f"{epoch},{20 * epoch + 19},,{9 - epoch},")
    curves = log("\n".join(rows)).curves
    assert curves["train_loss"] == [8 - epoch for epoch in range(8)]
    assert curves["val_loss"] == [9 - epoch for epoch in range(8)]
    assert curves["lr"] == [0.1 / (epoch + 1) for epoch in range(8)]


def test_without_an_epoch_rows_up_to_a_validation_are_one_point(log):
    text = "step,loss,val_loss\n1,4,\n2,2,\n2,,3\n3,2,\n4,1,\n4,,2\n5,9,\n"
    assert log(text).curves == {"train_loss": [3, 1.5], "val_loss": [3, 2]}


def test_several_validations_in_an_epoch(log):
    rows = [f"0,{step},{10 - step},{11 - step}" for step in range(10)]
    curves = log("\n".join(["epoch,step,loss,val_loss", *rows])).curves
    assert len(curves["train_loss"]) == len(curves["val_loss"]) == 10


def parts(header, total=""):
    rows = [f"{i}, 0.5, 0.25, {1 - 0.1 * i}, 0.25, {0.1 * i}{total}" for i in range(1, 8)]
    return "\n".join([header, *rows])


def test_parts_of_a_loss_without_a_total_are_judged_each(log):
    header = "   epoch,  train/box_loss,  train/cls_loss,  val/box_loss, val/cls_loss, metrics/mAP50-95(B)"
    found = log(parts(header))
    assert found.curves.keys() == {"val_score"}
    assert found.parts["cls_loss"] == {"train_loss": [0.25] * 7, "val_loss": [0.25] * 7}
    assert found.parts["box_loss"]["val_loss"] == pytest.approx([1 - 0.1 * i for i in range(1, 8)])
    assert found.judged["box_loss"].keys() == {"train_loss", "val_loss", "val_score"}
    assert "no total of the losses box_loss, cls_loss: each is judged by itself" in found.notes


def test_parts_are_added_up_where_that_is_the_total_in_training(log):
    header = "epoch, train_box_loss, train_cls_loss, val_box_loss, val_cls_loss, acc, train_loss"
    found = log(parts(header, ", 0.75"))
    assert found.curves["val_loss"] == pytest.approx([1.25 - 0.1 * i for i in range(1, 8)])
    assert "val_loss = val_box_loss + val_cls_loss" in found.notes
    other = log(parts(header, ", 0.9"))
    assert other.chosen["train_loss"].columns == ("train_loss",)
    assert len(other.chosen["val_loss"].columns) == 1


def test_trainer_state(log):
    history = []
    for i in range(1, 9):
        history += [
            {"loss": 4 - 0.1 * i, "learning_rate": 1e-4, "epoch": i - 0.5, "step": 10 * i - 5},
            {"loss": 4 - 0.1 * i, "learning_rate": 5e-5, "epoch": float(i), "step": 10 * i},
            {"eval_loss": 5 - 0.1 * i, "eval_accuracy": 0.1 * i, "epoch": float(i), "step": 10 * i},
        ]
    history.append({"train_loss": 3.5, "train_runtime": 99.0, "epoch": 8.0, "step": 80})
    curves = log(json.dumps({"log_history": history})).curves
    assert curves["train_loss"] == pytest.approx([4 - 0.1 * i for i in range(1, 9)])
    assert curves["val_loss"] == [5 - 0.1 * i for i in range(1, 9)]
    assert curves["val_score"] == [0.1 * i for i in range(1, 9)]
    assert curves["lr"] == [5e-5] * 8


def test_percent(log):
    rows = [f"{i},{80 + i},{70 + i}" for i in range(6)]
    found = log("\n".join(["epoch,acc,val_acc", *rows]))
    assert found.curves["val_score"] == pytest.approx([0.7 + i / 100 for i in range(6)])
    assert found.curves["train_score"][0] == 0.8
    assert found.notes == ["scores above 1 are read as percent"]
    assert log("epoch,r2\n0,-120.0\n1,0.5\n").curves["train_score"] == [-120.0, 0.5]


def test_rows_that_run_backwards(log):
    found = log("epoch,loss\n" + "\n".join(f"{i},{10 - i}" for i in range(7, 0, -1)))
    assert found.curves["train_loss"] == [9, 8, 7, 6, 5, 4, 3]
    assert "backwards" in found.notes[0]


def test_of_several_runs_the_last_is_read(log):
    first = [f"{i},{9 - i}" for i in range(9)]
    second = [f"{i},{5 - 0.5 * i}" for i in range(7)]
    found = log("\n".join(["epoch,loss", *first, *second]))
    assert found.curves["train_loss"] == [5 - 0.5 * i for i in range(7)]
    assert found.runs == ("1", "2")
    assert found.notes == ["2 runs (1, 2): the last is read; --run NAME reads another one"]


def test_epochs_repeated_after_a_restart_count_once(log):
    first = [f"{i},{9 - i}" for i in range(6)]
    again = [f"{i},{8.5 - i}" for i in range(4, 8)]
    found = log("\n".join(["epoch,loss", *first, *again]))
    assert found.curves["train_loss"] == [9, 8, 7, 6, 4.5, 3.5, 2.5, 1.5]
    assert "restart" in found.notes[0]


def test_too_few_epochs_are_said(log):
    assert log("loss\n2\n1\n").notes == ["2 points: too few for most of the rules, which need 6"]


def test_evidence():
    evidence = as_evidence({"train_loss": [2.0, float("nan")], "lr": [0.1, 0.1]})
    assert evidence.text("best_status") == "diverged"
    assert evidence.curve("best_train_loss") == (2.0, None)


def falling(n, floor=0.3):
    return [floor + 2 * 0.9**i for i in range(n)]


def table(header, *curves):
    rows = [",".join("" if v is None else str(v) for v in row) for row in zip(*curves, strict=True)]
    return "\n".join([header, *rows])


def said(found):
    return {f.rule for f in judge(LearningCurves.rules, as_evidence(found.curves)) if f.counts}


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(("n", "noise"), [(600, 0.15), (250, 0.2), (3000, 0.3)])
def test_single_iterations_are_averaged_until_their_noise_is_gone(log, n, noise, seed):
    random = Random(seed)
    losses = [abs(random.gauss(0.6 + 1.5 * math.exp(-12 * i / n), noise)) + 0.01 for i in range(n)]
    found = log(table("step,loss", range(n), losses))
    points = found.curves["train_loss"]
    assert 10 <= len(points) <= 50
    assert fmean(points) == pytest.approx(fmean(losses), rel=0.05)
    assert found.notes == [f"{n} rows are read as iterations, averaged into {len(points)} points"]
    assert not said(found)


def test_iterations_that_diverge_are_still_told(log):
    rising = [*falling(390), *(0.5 * 1.2**i for i in range(40))]
    assert said(log(table("step,loss", range(430), rising))) == {"collapsed", "diverged"}
    ended = [*falling(390), *[math.nan] * 2]
    found = log(table("step,loss", range(392), ended))
    assert said(found) == {"loss-became-nan", "diverged"}
    assert found.notes[-1] == "train_loss is not finite from point 50 on"


@pytest.mark.parametrize(
    ("header", "n", "points"),
    [("step,loss", 101, 50), ("step,loss", 100, 100), ("run,loss", 201, 50), ("run,loss", 200, 200),
     ("epoch,loss", 300, 300)],
)  # fmt: skip
def test_how_many_rows_are_iterations(log, header, n, points):
    curves = log(table(header, range(n), [1.0] * n)).curves
    assert len(curves["train_loss"]) == points


def test_hundreds_of_iterations_in_one_epoch(log):
    found = log(table("epoch,step,loss", [0] * 300, range(300), [2 - i / 200 for i in range(300)]))
    assert len(found.curves["train_loss"]) == 50


def test_rows_with_a_validation_each_are_epochs(log):
    curves = log(table("loss,val_loss", falling(300), falling(300))).curves
    assert len(curves["train_loss"]) == len(curves["val_loss"]) == 300


def test_a_swing_from_epoch_to_epoch_is_still_told(log):
    losses = [2.0, 1.5, *(0.6 if i % 2 else 1.0 for i in range(20))]
    assert "unstable-training" in said(log(table("epoch,loss", range(22), losses)))


NAN = math.nan


@pytest.mark.parametrize("header", ["epoch", "step"])
def test_nan_that_pandas_writes_for_a_blank(log, header):
    rows = [
        row for i, (a, b) in enumerate(zip(falling(12), falling(12, 0.5), strict=True))
        for row in ((i, a, NAN, NAN), (i, NAN, b, NAN), (i, NAN, NAN, 0.1))
    ]  # fmt: skip
    found = log(table(f"{header},train_loss,val_loss,gpu", *zip(*rows, strict=True)))
    assert found.curves["train_loss"] == pytest.approx(falling(12))
    assert found.curves["val_loss"] == pytest.approx(falling(12, 0.5))
    assert "diverged" not in said(found)


@pytest.mark.parametrize(("bad", "tells"), [(0, False), (1, True), (17, True)])
def test_a_tail_of_nan_of_the_validation_loss(log, bad, tells):
    val = [*falling(20 - bad, 0.4), *[NAN] * bad]
    found = log(table("epoch,train_loss,val_loss", range(20), falling(20), val))
    assert ("diverged" in said(found)) == tells
    note = f"val_loss is not finite from point {21 - bad} on"
    assert (note in found.notes) == tells


@pytest.mark.parametrize(("bad", "tells"), [(0, False), (1, True), (5, True)])
def test_a_tail_of_nan_beside_validation_rows(log, bad, tells):
    train = [*falling(20 - bad), *[NAN] * bad]
    rows = [row for i in range(20) for row in ((i, train[i], NAN), (i, NAN, 0.5))]
    found = log(table("epoch,train_loss,val_loss", *zip(*rows, strict=True)))
    assert ("diverged" in said(found)) == tells


@pytest.mark.parametrize(("last", "tells"), [(4, False), (5, True)])
def test_nan_between_rare_validations(log, last, tells):
    """A validation every fifth epoch leaves four; one more than that was meant."""
    val = [0.4 + 0.9**i if i % 5 == 0 else NAN for i in range(36)] + [NAN] * last
    found = log(table("epoch,train_loss,val_loss", range(36 + last), falling(36 + last), val))
    assert ("diverged" in said(found)) == tells
    assert len(found.curves["train_loss"]) in (len(found.curves["val_loss"]), 9)


def test_a_loss_that_was_infinite_and_recovered_did_not_diverge(log):
    losses = [math.inf, *falling(19)]
    assert "diverged" not in said(log(table("epoch,loss", range(20), losses)))
    found = log(table("epoch,loss,val_loss", range(20), falling(20), [*falling(19), math.inf]))
    assert "diverged" in said(found)


def test_a_validation_loss_that_is_never_a_number(log):
    found = log(table("epoch,loss,val_loss", range(20), falling(20), [NAN] * 20))
    assert list(found.curves) == ["train_loss"]
    assert found.notes == ["val_loss is NaN in every row and was left out"]
    never = log(table("epoch,loss", range(20), [NAN] * 20))
    assert said(never) == {"loss-became-nan"}


def test_rare_validations_stand_beside_the_training_of_their_time(log):
    val = [i if i % 5 == 4 else None for i in range(62)]
    found = log(table("epoch,train_loss,val_loss,lr", range(62), range(62), val, [0.1] * 62))
    assert found.curves["val_loss"] == [5 * k + 4 for k in range(12)]
    assert found.curves["train_loss"] == [*(5 * k + 2 for k in range(12)), 60.5]
    assert len(found.curves["lr"]) == 13
    assert "62 are read as 13 points" in found.notes[0]


def test_too_few_validations_to_be_aligned_with(log):
    val = [i if i % 5 == 4 else None for i in range(25)]
    curves = log(table("epoch,train_loss,val_loss", range(25), range(25), val)).curves
    assert (len(curves["train_loss"]), len(curves["val_loss"])) == (25, 5)


def test_a_rate_that_is_logged_now_and_then_stays_as_it_was_set(log):
    rates = [None, 0.1, None, 0.01, None, None, 0.001]
    curves = log(table("epoch,loss,lr", range(7), [1.0] * 7, rates)).curves
    assert curves["lr"] == [0.1, 0.1, 0.1, 0.01, 0.01, 0.01, 0.001]


def test_perplexities_are_read_as_losses(log):
    found = log(table("epoch,train_ppl", range(7), [math.e**2] * 6 + [math.inf]))
    assert found.curves["train_loss"] == [*[pytest.approx(2)] * 6, math.inf]
    assert found.notes[0] == "train_loss is the logarithm of train_ppl"


def test_the_one_curve_of_tensorboard(tmp_path):
    shares = [value / 4 for value in falling(8)]
    text = table("Wall time,Step,Value", range(8), range(8), shares)
    for name, curve in [("run-fit_validation-tag-epoch_loss", "val_loss"),
                        ("run-fit_train-tag-accuracy", "train_score")]:  # fmt: skip
        path = tmp_path / f"{name}.csv"
        path.write_text(text)
        assert read(path).curves == {curve: pytest.approx(shares)}
    path = tmp_path / "export.csv"
    path.write_text(text)
    assert list(read(path, {"val_loss": "Value"}).curves) == ["val_loss"]
    with pytest.raises(UsageError, match="holds one curve, and its name does not say which"):
        read(path)


@pytest.mark.parametrize("text", ["epoch,loss\n0,\n1,\n", '{"loss": [null, null]}'])
def test_a_column_without_values_is_said(log, text):
    with pytest.raises(UsageError, match="has no value of a loss or score in loss"):
        log(text)


def test_numbers_that_no_sum_can_hold_are_infinite_in_a_text_too(log):
    found = log("".join(f"epoch {i} loss {'1e308' if i > 100 else 9}\n" for i in range(250)))
    assert found.curves["train_loss"][-1] == math.inf


@pytest.mark.parametrize(
    ("line", "parted"),
    [
        ("Train/Valid Acc.: 52.41%/44.3%", "Train Acc: 52.41%, Valid Acc: 44.3%"),
        ("loss (train/val): 0.5/0.6", "train loss: 0.5, val loss: 0.6"),
        ("train/val loss: 0.4 / 0.5", "train loss: 0.4, val loss: 0.5"),
        ("Training/Validation Loss = 1e-3/3e-3", "Training Loss: 1e-3, Validation Loss: 3e-3"),
        ("train/loss: 0.3 val/loss: 0.2", "train/loss: 0.3 val/loss: 0.2"),
        ("saved to /data/train/val/1/2", "saved to /data/train/val/1/2"),
    ],
)
def test_two_values_behind_the_names_of_two_splits(line, parted):
    assert cleaned(line) == parted


def test_a_rule_below_the_names_of_a_table_is_no_second_line_of_them(tmp_path):
    head = "| epoch | loss | acc |\n|-------|------|-----|\n"
    rows = [f"| {i} | {2 - i / 10:.2f} | {i / 20:.2f} |\n" for i in range(12)]
    path = tmp_path / "train.log"
    path.write_text(
        "preparing data\n" * 12 + f"{head}{''.join(rows[:6])}\n{head}{''.join(rows[6:])}"
    )
    assert {series.name for series in listed(path)} == {"loss", "acc"}
    assert len(read(path).curves["train_loss"]) == 12
