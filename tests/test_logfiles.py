"""Files of curves as tables."""

import json
import math

import pytest

from recipe.errors import UsageError
from recipe.logfiles import is_number, number, read_table

TABLE = (["epoch", "loss"], [["0", "1.5"], ["1", "1.2"]])
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
    "trainer state": json.dumps(
        {"best": None, "log_history": [{"epoch": 0, "loss": 1.5}, {"epoch": 1, "loss": 1.2}]}
    ),
}


@pytest.mark.parametrize("name", TEXTS)
def test_tables(tmp_path, name):
    path = tmp_path / "log"
    path.write_bytes(TEXTS[name].encode())
    assert read_table(path) == TABLE


def test_a_markdown_table(tmp_path):
    path = tmp_path / "log"
    path.write_text("| Epoch | Loss |\n|:-----:|-----:|\n| 1 | 0.5 |\n")
    header, rows = read_table(path)
    assert header[1:3] == ["Epoch", "Loss"]
    assert [row[1:3] for row in rows] == [["1", "0.5"]]


def test_rows_are_as_long_as_the_header(tmp_path):
    path = tmp_path / "log"
    path.write_text("a,b,c\n1\n1,2,3,4\n")
    assert read_table(path)[1] == [["1", "", ""], ["1", "2", "3"]]


@pytest.mark.parametrize("text", ["", "a,b\n", "[]", '{"a": 1', "# nothing\n"])
def test_nothing_to_read(tmp_path, text):
    path = tmp_path / "log"
    path.write_text(text)
    with pytest.raises(UsageError, match=r"no rows|no JSON"):
        read_table(path)


def test_a_binary_file(tmp_path):
    path = tmp_path / "log"
    path.write_bytes(b"\xff\xfe\x00\x81")
    with pytest.raises(UsageError, match="no text file"):
        read_table(path)


@pytest.mark.parametrize(
    ("cell", "value"),
    [("1.5", 1.5), ("1,5", 1.5), ("87.5%", 0.875), ("87.5 %", 0.875), ("1e-3", 1e-3),
     ("tensor(0.25, device='cuda:0')", 0.25), ("tensor(0.25)", 0.25), ("inf", math.inf),
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
