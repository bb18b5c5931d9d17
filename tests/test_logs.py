"""Logs of many tools, as curves with one point per epoch."""

import json

import pytest

from recipe.logs import as_evidence, guess, read

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
        "lr": "lr/pg0", "train_loss": "train/box_loss", "val_loss": "val/box_loss",
        "val_score": "metrics/mAP50-95(B)",
    },
    "epoch,loss,recon_loss,kl_loss": {"train_loss": "loss"},
    "epoch,box_loss": {"train_loss": "box_loss"},
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


def test_parts_of_a_loss_are_added_up(log):
    rows = [f"{i}, 0.5, 0.25, {1 - 0.1 * i}, 0.25, {0.1 * i}, 0.01" for i in range(1, 8)]
    header = "   epoch,  train/box_loss,  train/cls_loss,  val/box_loss, val/cls_loss, metrics/mAP50-95(B), lr/pg0"
    found = log("\n".join([header, *rows]))
    assert found.curves["train_loss"] == [0.75] * 7
    assert found.curves["val_loss"] == pytest.approx([1.25 - 0.1 * i for i in range(1, 8)])
    assert found.curves["val_score"] == pytest.approx([0.1 * i for i in range(1, 8)])
    assert "train_loss = train/box_loss + train/cls_loss" in found.notes


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
    assert found.notes == ["2 runs in one file: the last is read"]


def test_epochs_repeated_after_a_restart_count_once(log):
    first = [f"{i},{9 - i}" for i in range(6)]
    again = [f"{i},{8.5 - i}" for i in range(4, 8)]
    found = log("\n".join(["epoch,loss", *first, *again]))
    assert found.curves["train_loss"] == [9, 8, 7, 6, 4.5, 3.5, 2.5, 1.5]
    assert "restart" in found.notes[0]


def test_too_few_epochs_are_said(log):
    assert log("loss\n2\n1\n").notes == ["2 epochs: too few for most of the rules, which need 6"]


def test_evidence():
    evidence = as_evidence({"train_loss": [2.0, float("nan")], "lr": [0.1, 0.1]})
    assert evidence.text("best_status") == "diverged"
    assert evidence.curve("best_train_loss") == (2.0, None)
