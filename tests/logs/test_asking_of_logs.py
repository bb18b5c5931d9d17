"""What the user says of a log, and what is said of it: columns, runs, lists."""

from pathlib import Path

import pytest

from recipe.core.errors import UsageError
from recipe.logs.asked import named_columns
from recipe.logs.listing import list_lines
from recipe.logs.log import Choice, Log
from recipe.logs.reading import read

FIXTURES = Path(__file__).parent / "fixtures"


@pytest.mark.parametrize(
    ("given", "means"),
    [
        (["train_loss=a,val_loss=b"], {"train_loss": "a", "val_loss": "b"}),
        (["train_loss=a", "val_loss=b c"], {"train_loss": "a", "val_loss": "b c"}),
        (['"train_loss=loss, mean",lr=x'], {"train_loss": "loss, mean", "lr": "x"}),
        (['train_loss="loss, mean"'], {"train_loss": "loss, mean"}),
        ([r"train_loss=loss\, mean,lr=x"], {"train_loss": "loss, mean", "lr": "x"}),
        (["val_score=mAP(0.50, 11point)"], {"val_score": "mAP(0.50, 11point)"}),
        (["train_loss='a=b'"], {"train_loss": "a=b"}),
        ([], {}),
    ],
)
def test_columns_with_names_of_any_kind(given, means):
    assert named_columns(given) == means


@pytest.mark.parametrize("given", ["train_loss", "train_loss=", "loss=a", "="])
def test_what_names_no_column(given):
    with pytest.raises(UsageError, match="--columns"):
        named_columns([given])


def test_a_column_with_a_comma(recipe, tmp_path):
    path = tmp_path / "log.csv"
    path.write_text(
        'epoch,"loss, mean","loss, max"\n' + "".join(f"{i},{9 - i},9\n" for i in range(8))
    )
    assert read(path, {"train_loss": "loss, max"}).curves["train_loss"] == [9] * 8
    code, out, _ = recipe("diagnose", path, "--columns", '"train_loss=loss, mean"')
    assert code == 0
    assert "`loss, mean`" in out


def test_runs_are_offered_by_name(recipe):
    path = FIXTURES / "seeds.csv"
    log = read(path)
    assert log.runs == ("seed 1", "seed 2", "seed 3")
    assert log.run == "seed 3"
    assert any("3 runs (seed 1, seed 2, seed 3): the last is read" in note for note in log.notes)
    first = read(path, run="seed 1")
    assert first.curves != log.curves
    assert first.run == "seed 1"
    code, _, err = recipe("diagnose", path, "--run", "seed 4")
    assert code == 2
    assert "no run called 'seed 4'; it has seed 1, seed 2, seed 3" in err


def test_a_run_of_a_folder(recipe):
    code, out, _ = recipe("diagnose", FIXTURES / "lightning_logs", "--run", "version_2")
    assert code == 0
    assert "version_2 is read" in out
    assert read(FIXTURES / "lightning_logs").run == "version_10"


def test_all_curves_are_listed(recipe):
    code, out, _ = recipe("diagnose", FIXTURES / "robust.tsv", "--list")
    assert code == 0
    lines = out.splitlines()
    assert lines[0].endswith("robust.tsv: 6 curves")
    assert "Train Robust Loss  40 values, 2.8093 to 0.7931" in out


def test_names_of_settings_are_not_listed(tmp_path):
    path = tmp_path / "train.log"
    path.write_text("lr: 0.1\nwidth: 64\n" + "".join(f"epoch {i} loss {9 - i}\n" for i in range(5)))
    assert list_lines(path)[1:] == ["   loss  5 values, 9 to 5"]


def test_a_file_without_a_number(recipe, tmp_path):
    path = tmp_path / "notes.txt"
    path.write_text("nothing here\nnor here\n")
    for more in ((), ("--list",)):
        code, _, err = recipe("diagnose", path, *more)
        assert code == 2
        assert "no number" in err


def test_what_was_taken_is_said():
    log = Log({"train_loss": [2.0, 1.0], "val_score": [0.1]})
    log.chosen = {
        "train_loss": Choice(("Train Loss",), ("Train Robust Loss",)),
        "val_score": Choice(
            ("mIoU",), tuple("abcde"), "a measure that only an evaluation computes"
        ),
    }
    log.unit = "step"
    assert log.said == (
        "train_loss = `Train Loss` (also there: `Train Robust Loss`), val_score = `mIoU` (a measure "
        "that only an evaluation computes; also there: `a`, `b`, `c` and 2 more), unit: step, 2 points"
    )


def test_numbers_without_names_are_named_by_place(tmp_path):
    path = tmp_path / "history.txt"
    path.write_text("".join(f"{i}\t{9 - i}\t{10 - i}\n" for i in range(8)))
    assert read(path, {"train_loss": "2"}).curves["train_loss"] == [9 - i for i in range(8)]


HEADERS = {
    "test before val": ("test_loss,val_loss,test_acc,val_acc", {"val_loss": "val_loss", "val_score": "val_acc"}),
    "a part before the loss": ("loss_bbox,loss_cls,loss", {"train_loss": "loss"}),
    "a total": ("loss_bbox,total_loss", {"train_loss": "total_loss"}),
    "loss parts alone": ("seg_loss,box_loss", {}),
    "AP without a split": ("loss,bbox_mAP,mIoU", {"train_loss": "loss", "val_score": "bbox_mAP"}),
    "top-5 beside top-1": ("val_acc5,val_acc1", {"val_score": "val_acc1"}),
    "averaged weights": ("val_loss_ema,val_loss", {"val_loss": "val_loss"}),
    "the best so far": ("best_val_loss,val_loss", {"val_loss": "val_loss"}),
    "only test": ("train_loss,test_loss", {"train_loss": "train_loss", "val_loss": "test_loss"}),
    "a share of a class": ("val_acc_class,val_acc", {"val_score": "val_acc"}),
    "sizes and bounds": ("loss_scale,kappa_bound,batch_size,num_examples,loss", {"train_loss": "loss"}),
    "bits per dimension": ("bits/dim,val bits/dim", {"train_loss": "bits/dim", "val_loss": "val bits/dim"}),
}  # fmt: skip


@pytest.mark.parametrize("name", HEADERS)
def test_which_of_several_is_taken(name, tmp_path):
    header, taken = HEADERS[name]
    path = tmp_path / "log.csv"
    width = header.count(",") + 1
    rows = [",".join(str(round(1 / (i + 1) + k / 10, 3)) for k in range(width)) for i in range(9)]
    path.write_text("\n".join([header, *rows]))
    if taken:
        assert {c: choice.columns[0] for c, choice in read(path).chosen.items()} == taken
    else:
        assert set(read(path).parts) == set(header.split(","))


@pytest.mark.parametrize(
    ("scores", "is_one"),
    [([77 * i for i in range(9)], False), ([7.5 * i + i % 2 for i in range(9)], False),
     ([i / 9 for i in range(9)], True), ([30, 60, 75, 82, 86, 88, 89, 89.5, 89.7], True),
     ([30, 60, 75, 70, 86, 88, 87, 89.5, 89.7], True)],
)  # fmt: skip
def test_a_score_that_is_seconds_is_none(tmp_path, scores, is_one):
    path = tmp_path / "log.csv"
    rows = [f"{i},{score},{9 - i}" for i, score in enumerate(scores)]
    path.write_text("\n".join(["step,score,train/ctc_loss", *rows]))
    assert ("val_score" in read(path).curves) == is_one


def test_training_of_few_epochs_keeps_its_steps(tmp_path):
    """Fine-tuning of three epochs: training by steps, validation where it was."""
    rows = []
    for step in range(1, 61):
        rows.append(f"{(step - 1) // 20},{step},{3 - step / 30},")
        if step % 20 == 0:
            rows.append(f"{(step - 1) // 20},{step},,{3.1 - step / 30}")
    path = tmp_path / "log.csv"
    path.write_text("\n".join(["epoch,step,train_loss,val_loss", *rows]))
    log = read(path)
    assert len(log.curves["train_loss"]) == 60
    assert log.at["val_loss"] == [20, 40, 60]
    assert log.unit == "step"


def test_a_curve_that_ends_early_is_told(tmp_path):
    path = tmp_path / "log.csv"
    rows = [f"{i},{9 - i if i < 9 else 'nan'},{9 - i}" for i in range(14)]
    path.write_text("\n".join(["epoch,train_loss,val_loss", *rows]))
    log = read(path)
    assert (log.ends["train_loss"].how, log.ends["train_loss"].last) == ("nan", 8)
    assert log.end == 13
    blank = read(FIXTURES / "blank_ending.csv")
    assert any("no value after epoch 8, and the log goes on to 13" in note for note in blank.notes)
