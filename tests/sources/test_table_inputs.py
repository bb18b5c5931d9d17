"""Tables as people have them: odd cells, free text, several kinds of columns."""

import numpy as np
import pytest

from recipe.core.errors import UsageError
from recipe.sources import csv_table
from recipe.sources.csv_cells import read_csv

RNG = np.random.default_rng(0)
N = 200
AMOUNTS = [round(float(v), 2) for v in RNG.normal(50, 10, N)]
LABELS = [k % 2 for k in range(N)]


def note(source, part):
    (found,) = [each for each in source.notes if part in each]
    return found


@pytest.mark.parametrize("odd", ["12 kg", "unknown"])
def test_one_odd_cell_leaves_a_column_one_of_numbers(odd):
    cells = [odd if k == 57 else v for k, v in enumerate(AMOUNTS)]
    source = csv_table({"a": cells, "y": LABELS}, "y")
    assert source.reader.numbers[0].odd == (odd,)
    assert note(source, "is taken for missing") == (
        f"'a' is a column of numbers: {odd!r} (row 58) is taken for missing.")  # fmt: skip
    assert np.isfinite(source.train[0]).all()


def test_new_rows_may_hold_the_odd_cells_of_training_and_no_others(tmp_path):
    cells = ["unknown" if k % 50 == 7 else v for k, v in enumerate(AMOUNTS)]
    source = csv_table({"a": cells, "y": LABELS}, "y")
    assert "(4 rows, the first is 8)" in note(source, "is taken for missing")
    new = tmp_path / "new.csv"
    new.write_text("a\nunknown\n50\n")
    assert source.reader.read(new)[1].shape == (2, source.reader.width)
    new.write_text("a\nsoon\n50\n")
    with pytest.raises(UsageError, match="'a' holds 'soon' in row 1, and is a column of numbers"):
        source.reader.read(new)


def test_many_odd_cells_or_few_numbers_make_a_column_of_words():
    many = ["x" if k % 5 == 0 else v for k, v in enumerate(AMOUNTS)]
    few = ["x" if k == 3 else k % 9 for k in range(N)]
    source = csv_table({"many": many, "few": few, "y": LABELS}, "y")
    assert "another word in nearly every row: many" in note(source, "Left out")
    assert [column.name for column in source.reader.words] == ["few"]


@pytest.mark.parametrize("cell", ["#N/A", "<NA>", "--", ".", "NaT", "#DIV/0!"])
def test_what_programs_write_for_nothing_is_missing(tmp_path, cell):
    rows = [f"{cell if k % 10 == 0 else v},{k % 2}" for k, v in enumerate(AMOUNTS)]
    (tmp_path / "t.csv").write_text("\n".join(["a,y", *rows]))
    source = csv_table(tmp_path / "t.csv", "y")
    assert source.reader.input_names == ["a", "a missing"]


def test_free_text_beside_other_columns_is_left_out_with_a_note():
    texts = [f"a long remark about item {k}" for k in range(N)]
    source = csv_table({"a": AMOUNTS, "remark": texts, "y": LABELS}, "y")
    assert source.reader.input_names == ["a"]
    assert note(source, "free text").endswith(": remark.")


def test_a_short_table_with_free_text_too():
    texts = [f"a long remark about item {k}" for k in range(20)]
    source = csv_table({"a": AMOUNTS[:20], "remark": texts, "y": LABELS[:20]}, "y")
    assert source.reader.input_names == ["a"]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("# made by tool 3\na,b,y\n{}", "The comment '# made by tool 3' above the header"),
        ("# one\n\n# two\na,b,y\n{}", "The comment '# two' above the header"),
        ("sep=,\r\na,b,y\n{}", "The line 'sep=,' above the header"),
    ],
)
def test_lines_above_the_header_are_passed_over_with_a_note(tmp_path, text, says):
    rows = "\n".join(f"{k % 7},{k % 5},{k % 2}" for k in range(60))
    (tmp_path / "t.csv").write_text(text.format(rows))
    table = read_csv(tmp_path / "t.csv")
    assert table.names == ("a", "b", "y")
    assert table.rows[:2] == (1, 2)
    assert any(each.startswith(says) for each in table.notes)


def test_a_header_may_begin_with_a_hash(tmp_path):
    (tmp_path / "t.csv").write_text("#id,b\n1,2\n3,4\n")
    assert read_csv(tmp_path / "t.csv").names == ("#id", "b")


def test_a_title_above_the_header_is_named(tmp_path):
    (tmp_path / "t.csv").write_text("Results of 2024\na,b,y\n1,2,3\n")
    with pytest.raises(
        UsageError, match=r"1 cell in its first line \('Results of 2024'\) and 3 in"
    ):
        read_csv(tmp_path / "t.csv")


@pytest.mark.parametrize(
    ("text", "encoding", "name"),
    [("Preis in €,b\n1,…\n2,x\n", "cp1252", "Preis in €"), ("größe\tb\n1\tx\n2\ty\n", "utf-16", "größe"),
     ("a,b\n1,line\u2028 sep\n2,x\x85y\n", "utf-8", "a")],
)  # fmt: skip
def test_encodings_and_signs_that_end_no_line(tmp_path, text, encoding, name):
    (tmp_path / "t.csv").write_bytes(text.encode(encoding))
    table = read_csv(tmp_path / "t.csv")
    assert table.names == (name, "b")
    assert len(table) == 2
    assert bool(table.notes) == (encoding != "utf-8")
