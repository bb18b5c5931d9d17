"""Files of curves as tables."""

import json
import math

import pytest

from recipe.core.errors import UsageError
from recipe.logs.cells import is_number, number
from recipe.logs.opening import sheet_of_file
from recipe.logs.reading import read

TABLE = {"epoch": [0, 1], "loss": [1.5, 1.2]}
TEXTS = {
    "commas": "epoch,loss\n0,1.5\n1,1.2\n",
    "padded": "   epoch,      loss\n       0,       1.5\n       1,       1.2\n",
    "semicolons": "epoch;loss\n0;1.5\n1;1.2\n",
    "tabs": "epoch\tloss\n0\t1.5\n1\t1.2\n",
    "spaces": "epoch   loss\n0       1.5\n1       1.2\n",
    "quotes": '"epoch","loss"\n"0","1.5"\n"1","1.2"\n',
    "a mark of the encoding": "\ufeffepoch,loss\n0,1.5\n1,1.2\n",
    "comments and blank lines": "# run 7\n\nepoch,loss\n0,1.5\n\n1,1.2\n",
    "Windows": "epoch,loss\r\n0,1.5\r\n1,1.2\r\n",
    "records": json.dumps([{"epoch": 0, "loss": 1.5}, {"epoch": 1, "loss": 1.2}]),
    "a record per line": '{"epoch": 0, "loss": 1.5}\n{"epoch": 1, "loss": 1.2}\n',
    "columns": json.dumps({"epoch": [0, 1], "loss": [1.5, 1.2]}),
    "numpy.savetxt": "# epoch loss\n0 1.5\n1 1.2\n",
    "numpy.savetxt with commas": "# run 7\n# epoch,loss\n0,1.5\n1,1.2\n",
    "numpy.savetxt with both": "# epoch loss\n0,1.5\n1,1.2\n",
    "pandas by column": json.dumps({"epoch": {"0": 0, "1": 1}, "loss": {"0": 1.5, "1": 1.2}}),
    "pandas split": json.dumps(
        {"columns": ["epoch", "loss"], "index": [0, 1], "data": [[0, 1.5], [1, 1.2]]}
    ),
    "pandas table": json.dumps(
        {"schema": {}, "data": [{"epoch": 0, "loss": 1.5}, {"epoch": 1, "loss": 1.2}]}
    ),
    "a history within": json.dumps(
        {"history": {"epoch": [0, 1], "loss": [1.5, 1.2]}, "params": {"epochs": 2}}
    ),
    "trainer state": json.dumps(
        {"best": None, "log_history": [{"epoch": 0, "loss": 1.5}, {"epoch": 1, "loss": 1.2}]}
    ),
}


def columns(path):
    sheet = sheet_of_file(path)
    epochs = {"epoch": list(sheet.epochs)} if sheet.epochs is not None else {}
    return epochs | {name: sheet.dense(name) for name in sheet.columns}


@pytest.mark.parametrize("name", TEXTS)
def test_tables(tmp_path, name):
    path = tmp_path / "log"
    path.write_bytes(TEXTS[name].encode())
    assert columns(path) == TABLE


def test_a_markdown_table(tmp_path):
    path = tmp_path / "log"
    path.write_text("| Epoch | Loss |\n|:-----:|-----:|\n| 1 | 0.5 |\n")
    assert columns(path) == {"epoch": [1], "Loss": [0.5]}


def test_pandas_by_row(tmp_path):
    path = tmp_path / "log"
    path.write_text(json.dumps({"0": {"loss": 1.5}, "1": {"loss": 1.2}}))
    assert columns(path) == {"index": [0, 1], "loss": [1.5, 1.2]}


def test_columns_of_pandas_are_put_together_by_their_index(tmp_path):
    path = tmp_path / "log"
    path.write_text(json.dumps({"loss": {"0": 3, "1": 2, "10": 1}, "val_loss": {"10": 5}}))
    assert columns(path) == {"loss": [3, 2, 1], "val_loss": [None, None, 5]}


def test_lists_of_objects_within(tmp_path):
    path = tmp_path / "log"
    path.write_text(json.dumps({"train": {"loss": [3, 2]}, "val": {"loss": [4, 5]}, "lr": 0.1}))
    assert columns(path) == {"train/loss": [3, 2], "val/loss": [4, 5]}


@pytest.mark.parametrize(
    ("few", "column"),
    [([7, 8], [None, 7, None, 8]), ([7], [None, None, None, 7]), ([7, 8, 9], [7, 8, 9, None])],
)
def test_a_list_that_was_written_less_often(tmp_path, few, column):
    path = tmp_path / "log"
    path.write_text(json.dumps({"train_losses": [1, 2, 3, 4], "val_losses": few}))
    assert columns(path)["val_losses"] == column


@pytest.mark.parametrize("text", ["0,2.3\n1,2.1\n", "# three names here\n0,2.3\n1,2\n", "1\n2\n"])
def test_numbers_without_a_header(tmp_path, text):
    path = tmp_path / "log"
    path.write_text(text)
    with pytest.raises(UsageError, match="begins with a row of numbers"):
        read(path)
    assert read(path, {"val_loss": "1"}).curves == {"val_loss": sheet_of_file(path).dense("1")}


@pytest.mark.parametrize("text", ["[1.0, 0.5]", "[[0, 1.0], [1, 0.5]]"])
def test_values_without_names(tmp_path, text):
    path = tmp_path / "log"
    path.write_text(text)
    with pytest.raises(UsageError, match="values without names"):
        sheet_of_file(path)


def test_rows_are_as_long_as_the_header(tmp_path):
    path = tmp_path / "log"
    path.write_text("loss,b,c\n1,2,3\n1,2,3\n1,2,3\n1,2,3\n1\n1,2,3,4\n")
    assert columns(path)["c"] == [3, 3, 3, 3, None, 3]


@pytest.mark.parametrize("text", ["", "loss,val_loss\n", '{"a": 1'])
def test_nothing_to_read(tmp_path, text):
    path = tmp_path / "log"
    path.write_text(text)
    with pytest.raises(UsageError, match=r"no rows|no JSON"):
        sheet_of_file(path)


def test_a_binary_file(tmp_path):
    path = tmp_path / "log"
    path.write_bytes(b"\xff\xfe\x00\x81")
    with pytest.raises(UsageError, match="no text file"):
        sheet_of_file(path)


@pytest.mark.parametrize(
    ("cell", "value"),
    [("1.5", 1.5), ("1,5", 1.5), ("87.5%", 0.875), ("87.5 %", 0.875), ("1e-3", 1e-3),
     ("tensor(0.25, device='cuda:0')", 0.25), ("tensor(0.25)", 0.25), ("0.25 ± 0.01", 0.25), ("0.25 (0.3)", 0.25), ("inf", math.inf),
     ("", None), ("NA", None), ("No log", None), ("null", None), ("-", None)],
)  # fmt: skip
def test_numbers(cell, value):
    assert number(cell) == value
    assert is_number(cell) == (value is not None and math.isfinite(value))


def test_nan_is_a_value_and_words_are_not():
    assert math.isnan(number("NaN"))
    assert not is_number("nan")
    with pytest.raises(ValueError, match="abc"):
        number("abc")
    assert not is_number("abc")


def test_a_title_above_the_names(tmp_path):
    path = tmp_path / "log"
    path.write_text("Run of Monday\nwith more data\nepoch,loss\n1,100\n2,50\n")
    assert columns(path) == {"epoch": [1, 2], "loss": [100, 50]}


FOLDS = {
    "lists of lists": {"train_loss": [[3, 2, 1], [4, 3, 2]], "val_loss": [[4, 3, 2], [5, 4, 3]]},
    "objects by fold": {
        "fold_0": {"train_loss": [3, 2, 1], "val_loss": [4, 3, 2]},
        "fold_1": {"train_loss": [4, 3, 2], "val_loss": [5, 4, 3]},
    },
    "objects by model": {
        "resnet": {"train_loss": [3, 2, 1], "val_loss": [4, 3, 2]},
        "vgg": {"train_loss": [4, 3, 2], "val_loss": [5, 4, 3]},
    },
}


@pytest.mark.parametrize("name", FOLDS)
def test_several_runs_in_json(tmp_path, name):
    path = tmp_path / "history.json"
    path.write_text(json.dumps(FOLDS[name]))
    log = read(path)
    assert len(log.runs) == 2
    assert log.curves == {"train_loss": [4, 3, 2], "val_loss": [5, 4, 3]}
    assert read(path, run=log.runs[0]).curves["train_loss"] == [3, 2, 1]


def test_events_beside_epochs_are_no_runs(tmp_path):
    lines = [{"event": "start", "config": {"lr": 0.1}}]
    lines += [{"event": "epoch_end", "epoch": i, "train_loss": 9 - i} for i in range(8)]
    lines += [{"event": "end", "best": 2}]
    path = tmp_path / "log.jsonl"
    path.write_text("\n".join(map(json.dumps, lines)))
    log = read(path)
    assert not log.runs
    assert log.curves["train_loss"] == [9 - i for i in range(8)]


def test_one_curve_whose_name_is_that_of_the_file(tmp_path):
    path = tmp_path / "val_loss.csv"
    path.write_text("step,timestamp,value\n" + "".join(f"{i},16{i},{9 - i}\n" for i in range(8)))
    assert read(path).curves == {"val_loss": [9 - i for i in range(8)]}
    path.rename(tmp_path / "export.csv")
    assert read(tmp_path / "export.csv", {"lr": "value", "val_loss": "value"})


def test_the_log_of_catboost_in_json(tmp_path):
    rows = [{"learn": [9 - i], "test": [10 - i], "iteration": i} for i in range(8)]
    path = tmp_path / "catboost_training.json"
    path.write_text(json.dumps({"iterations": rows, "meta": {"learn_metrics": [{"name": "x"}]}}))
    log = read(path)
    assert (log.chosen["train_loss"].columns, log.chosen["val_loss"].columns) == (
        ("learn",),
        ("test",),
    )
    assert len(log.curves["val_loss"]) == 8
