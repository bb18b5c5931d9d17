"""Tables in every format against the same table in memory."""

import datetime as dt
import json
import sys

import pytest

from recipe.core.errors import UsageError
from recipe.sources import csv_table
from recipe.sources.table_files import read_table

COLUMNS = {
    "size": [1.5, 2.0, None, 4.25, 5.0, 6.0],
    "rooms": [1, 2, 3, 4, 5, 7],
    "garden": [True, False, True, None, False, True],
    "built": [dt.datetime.fromisoformat(f"2001-02-03 04:05:0{day}") for day in range(6)],
    "town": ["Ulm", "Bonn", None, " Ulm ", "Bonn", "Köln"],
}
CELLS = {
    "size": ("1.5", "2", "", "4.25", "5", "6"),
    "rooms": ("1", "2", "3", "4", "5", "7"),
    "garden": ("True", "False", "True", "", "False", "True"),
    "built": tuple(f"2001-02-03 04:05:0{day}" for day in range(6)),
    "town": ("Ulm", "Bonn", "", "Ulm", "Bonn", "Köln"),
}


@pytest.fixture
def pandas():
    return pytest.importorskip("pandas")


@pytest.fixture
def arrow():
    return pytest.importorskip("pyarrow")


def check(table):
    assert table.names == tuple(CELLS)
    for name, cells in CELLS.items():
        assert table.column(name) == cells, name
    assert table.rows == (1, 2, 3, 4, 5, 6)


def test_a_data_frame_and_an_arrow_table(pandas, arrow):
    check(read_table(COLUMNS))
    check(read_table(pandas.DataFrame(COLUMNS)))
    check(read_table(pandas.DataFrame(COLUMNS).convert_dtypes()))
    check(read_table(arrow.table(COLUMNS)))


@pytest.mark.parametrize("ending", ["parquet", "feather", "arrow", "xlsx"])
def test_files_of_columns(tmp_path, pandas, arrow, ending):
    path = tmp_path / f"t.{ending}"
    frame = pandas.DataFrame(COLUMNS)
    if ending == "parquet":
        frame.to_parquet(path)
    elif ending == "xlsx":
        pytest.importorskip("openpyxl")
        frame.to_excel(path, index=False)
    else:
        frame.to_feather(path)
    check(read_table(path))
    assert read_table(path).path == path


def test_a_stream_of_arrow_under_the_ending_of_a_file(tmp_path, arrow):
    path = tmp_path / "t.arrow"
    table = arrow.table(COLUMNS)
    with arrow.OSFile(str(path), "wb") as file, arrow.ipc.new_stream(file, table.schema) as stream:
        stream.write_table(table)
    check(read_table(path))


@pytest.mark.parametrize(
    ("name", "text"),
    [("t.jsonl", "{}\n\n{}\n"), ("t.json", "[{}, {}]"), ("t.json", '{{"rows": [{}, {}]}}'),
     ("t.json", "{}\n{}\n"), ("t.ndjson", "{}\n{}")],
)  # fmt: skip
def test_json_records(tmp_path, name, text):
    rows = [{"text": "a, b", "n": 1}, {"n": 2.5, "more": None}]
    text = text.replace("{}", "%s").replace("{{", "{").replace("}}", "}")
    (tmp_path / name).write_text(text % tuple(json.dumps(row) for row in rows), "utf-8")
    table = read_table(tmp_path / name)
    assert table.names == ("text", "n", "more")
    assert table.cells == (("a, b", ""), ("1", "2.5"), ("", ""))


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("t.jsonl", '{"a": 1}\n{"a": ', "no JSON in line 2"),
        ("t.jsonl", "", "it is empty"),
        ("t.json", "[1, 2]", "record 1 is no object"),
        ("t.json", "[", "no JSON in line 1"),
        ("t.parquet", "no parquet", "cannot be read as a table"),
        ("t.arrow", "no arrow", "cannot be read as a table"),
        ("t.xlsx", "no workbook", "cannot be read as a table"),
    ],
)
def test_a_broken_file_is_one_sentence(tmp_path, name, text, says):
    (tmp_path / name).write_text(text)
    with pytest.raises(UsageError, match=says) as caught:
        read_table(tmp_path / name)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", ["t.jsonl", "t.parquet", "t.csv"])
def test_a_missing_file_is_one_sentence(tmp_path, name):
    with pytest.raises(UsageError, match="No such file"):
        read_table(tmp_path / name)


@pytest.mark.parametrize(
    ("name", "package"), [("t.parquet", "pyarrow"), ("t.xlsx", "pandas"), ("t.arrow", "pyarrow")]
)
def test_a_missing_package_is_one_sentence(tmp_path, monkeypatch, name, package):
    for module in list(sys.modules):
        if module.partition(".")[0] == package:
            monkeypatch.delitem(sys.modules, module)
    monkeypatch.setitem(sys.modules, package, None)
    (tmp_path / name).touch()
    with pytest.raises(UsageError, match=r"needs the package .*'training-recipe\[tables\]'"):
        read_table(tmp_path / name)


def test_nested_columns_and_the_index_are_left_out_with_a_note(pandas, tmp_path):
    frame = pandas.DataFrame({"x": [1, 2], "boxes": [[1, 2], [3]]}, index=[7, 3])
    table = read_table(frame)
    assert table.names == ("x",)
    assert any("type list" in note and "boxes" in note for note in table.notes)
    assert any("index of the DataFrame" in note for note in table.notes)
    frame[["x"]].to_parquet(tmp_path / "t.parquet")
    written = read_table(tmp_path / "t.parquet")
    assert written.names == ("x",)
    assert written.notes == ("The index that pandas wrote into the file is left out.",)


def test_several_sheets_are_said(tmp_path, pandas):
    path = tmp_path / "t.xlsx"
    with pandas.ExcelWriter(path) as book:
        for name in ("2023", "2024"):
            pandas.DataFrame({"a": [1, 2], "b": ["x", name]}).to_excel(book, sheet_name=name)
    said = "The first of 2 sheets is read: 2023 (name another one as t.xlsx#2024)."
    assert read_table(path).notes == (said,)
    assert read_table(path).column("b") == ("x", "2023")
    assert read_table(f"{path}#2024").column("b") == ("x", "2024")
    with pytest.raises(UsageError, match="Unknown sheet '2025'"):
        read_table(f"{path}#2025")


@pytest.mark.parametrize(
    ("data", "says"),
    [({}, "is empty"), ({"a": []}, "is empty"), ({"a": [None]}, "no value in any row"),
     ([1, 2], "A list is no table: pass a path, a pandas DataFrame or a pyarrow Table")],
)  # fmt: skip
def test_what_is_no_table(data, says):
    with pytest.raises(UsageError, match=says):
        read_table(data)


def test_rows_without_a_value_are_left_out_and_others_keep_their_number():
    table = read_table({"a": [1, None, 3], "b": [1, float("nan"), 3]})
    assert table.rows == (1, 3)


def test_a_table_of_any_format_gives_the_same_source(tmp_path, pandas):
    frame = pandas.DataFrame({"x": [k % 7 for k in range(60)], "y": [k % 2 for k in range(60)]})
    frame.to_csv(tmp_path / "t.csv", index=False)
    frame.to_parquet(tmp_path / "t.parquet")
    found = [csv_table(data, "y") for data in (frame, tmp_path / "t.csv", tmp_path / "t.parquet")]
    for source in found[1:]:
        assert (source.train[0] == found[0].train[0]).all()
        assert source.notes == found[0].notes
    names, x = found[0].reader.read(tmp_path / "t.parquet")
    assert (names[0], x.shape) == ("1", (60, 1))
