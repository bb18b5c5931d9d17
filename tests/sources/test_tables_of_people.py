"""Whole tables as people have them: what is predicted, what becomes of each column, what is said."""

import gzip

import numpy as np
import pytest

from recipe.core.errors import UsageError
from recipe.sources import csv_table
from recipe.sources.by_name import experiment_by_name, kind_of
from recipe.sources.table_files import read_table

RNG = np.random.default_rng(1)
N = 200
A, B = RNG.normal(50, 10, N), RNG.normal(0, 1, N)
C = RNG.choice(["red", "green", "blue"], N)
Y = A / 10 + 2 * B + 3 * (C == "red") + RNG.normal(0, 0.3, N)
LABEL = np.where(np.median(Y) < Y, "yes", "no")


def text_of(rows, separator=","):
    return "\n".join(separator.join(map(str, row)) for row in rows) + "\n"


def write(path, rows, separator=",", encoding="utf-8"):
    path.write_bytes(text_of(rows, separator).encode(encoding))
    return path


def facts(source):
    return {column.name: column for column in source.columns}


@pytest.mark.parametrize("step", [1, 4])
@pytest.mark.parametrize("form", ["%Y-%m-%d", "%d.%m.%Y", "%b %d, %Y", "%Y%m%d", "%m/%d/%Y %H:%M"])
def test_a_column_of_days_is_expanded_and_a_split_by_time_proposed(tmp_path, step, form):
    import datetime as dt

    first = dt.datetime(2019, 1, 1)  # noqa: DTZ001
    days = [(first + dt.timedelta(days=k // step)).strftime(form) for k in range(N)]
    rows = [
        (f'"{day}"', f"{B[k]:.2f}", C[k], f"{100 + 2 * k + 5 * B[k]:.2f}")
        for k, day in enumerate(days)
    ]
    path = write(tmp_path / "t.csv", [("date", "b", "c", "sales"), *rows])
    source = csv_table(path, "sales")
    assert facts(source)["date"].kind == "date"
    assert "date: days since the first" in source.reader.input_names
    assert any("(--time date: the latest validate)" in note for note in source.notes)
    later = csv_table(path, "sales", time="date")
    assert any(note.startswith("Split by time") for note in later.notes)


@pytest.mark.parametrize(
    "lines", ["# made by tool 3", "sep=,", "Report, of 2024", "% a\n% b", "Table 1\n\nin kg"]
)
def test_lines_above_the_header(tmp_path, lines):
    rows = [("a", "b", "lab"), *zip(A.round(2), B.round(2), LABEL, strict=True)]
    (tmp_path / "t.csv").write_text(f"{lines}\n{text_of(rows)}")
    source = csv_table(tmp_path / "t.csv", "lab")
    assert (source.task, source.reader.input_names) == ("binary", ["a", "b"])
    assert any("passed over" in note.lower() for note in source.notes)


@pytest.mark.parametrize(
    ("encoding", "name", "sign"),
    [("cp1252", "Preis in €", "…"), ("utf-16", "größe", "é"), ("utf-8-sig", "naïve", "\u2028"),
     ("utf-8", "名前", "\x85"), ("utf-16-le", "prix", "a")],
)  # fmt: skip
def test_characters_of_any_file(tmp_path, encoding, name, sign):
    rows = [
        ("a", "c", name),
        *zip(
            A.round(3),
            [f"{c}{sign if k == 30 else ''}" for k, c in enumerate(C)],
            Y.round(3),
            strict=True,
        ),
    ]
    source = csv_table(write(tmp_path / "t.csv", rows, "\t", encoding), name)
    assert source.task == "regression"
    assert len(source.train[1]) + len(source.val[1]) == N


@pytest.mark.parametrize("beside", [0, 1])
def test_text_and_a_label(tmp_path, beside):
    words = {"yes": ["fine", "great"], "no": ["poor", "dull"]}
    texts = [
        " ".join([*RNG.choice(words[y], 3), *RNG.choice(["the", "it", "was"], 4), str(k)])
        for k, y in enumerate(LABEL)
    ]
    rows = [("review", *["a"] * beside, "label"),
            *((f'"{t}"', *[round(A[k], 2)] * beside, LABEL[k]) for k, t in enumerate(texts))]  # fmt: skip
    source = csv_table(write(tmp_path / "t.csv", rows), "label")
    assert source.kind == ("table" if beside else "texts")
    assert (facts(source)["review"].kind, facts(source)["review"].use) == ("text", "input")


def test_a_column_that_tells_the_answer_is_named():
    after = [f"{v:.2f}" for v in np.exp(Y)]
    source = csv_table({"a": A, "paid": np.where(LABEL == "yes", "full", "none"), "y": LABEL}, "y")
    assert any(note.startswith("'paid' alone tells 'y'") for note in source.notes)
    source = csv_table({"a": A, "b": B, "after": after, "y": Y}, "y")
    assert any(note.startswith("'after' alone tells 'y'") for note in source.notes)
    source = csv_table({"a": A, "b": B, "c": C, "y": Y}, "y")
    assert not any("alone tells" in note for note in source.notes)
    noisy = np.where(RNG.random(N) < 0.06, "yes", LABEL)
    source = csv_table({"a": A, "nearly": noisy, "y": LABEL}, "y")
    assert not any("alone tells" in note for note in source.notes)


def test_a_copy_of_the_answer_is_left_out():
    source = csv_table(
        {"a": A, "again": [f"{v:.3f} kg" for v in Y], "y": [f"{v:.3f}" for v in Y]}, "y"
    )
    assert facts(source)["again"].how == "repeats 'y'"
    assert source.reader.input_names == ["a"]


@pytest.mark.parametrize(("kind", "inputs"), [("category", 4), ("number", 1), ("identifier", 0)])
def test_a_kind_that_the_user_names(tmp_path, kind, inputs):
    rows = [
        ("a", "branch", "y"),
        *zip(A.round(2), [k % 4 for k in range(N)], Y.round(2), strict=True),
    ]
    path = write(tmp_path / "t.csv", rows)
    experiment, _ = experiment_by_name(str(path), target="y", column={"branch": kind})
    names = experiment.inputs.reader.input_names
    assert len([name for name in names if name.startswith("branch")]) == inputs
    with pytest.raises(
        UsageError, match=r"--column brunch=text: Unknown column 'brunch': did you mean 'branch'"
    ):
        experiment_by_name(str(path), target="y", column={"brunch": "text"})


def test_packed_files_and_folders_of_one_table(tmp_path):
    rows = list(zip(A.round(2), C, Y.round(2), strict=True))
    head = ("a", "c", "y")
    whole = csv_table(write(tmp_path / "t.csv", [head, *rows]), "y")
    packed = tmp_path / "t.csv.gz"
    packed.write_bytes(gzip.compress((tmp_path / "t.csv").read_bytes()))
    folder = tmp_path / "months"
    folder.mkdir()
    write(folder / "1.csv", [head, *rows[:90]])
    write(folder / "2.csv", [("y", "c", "a"), *((y, c, a) for a, c, y in rows[90:])])
    write(folder / "towns.csv", [("town", "people"), ("Ulm", 1), ("Bonn", 2)])
    assert kind_of(str(packed)) == kind_of(str(folder)) == "table"
    for data in (packed, folder):
        source = csv_table(data, "y")
        assert np.array_equal(source.train[0], whole.train[0])
    assert any("2 files of one table are read: 1.csv, 2.csv." in note for note in source.notes)
    assert any("not read: towns.csv" in note for note in source.notes)
    assert len(whole.reader.read(folder)[1]) == N


def test_a_workbook_with_a_cover_titles_and_merged_cells(tmp_path):
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    book.active.title = "About"
    book.active.append(["Made by the office"])
    sheet = book.create_sheet("Data")
    sheet.append(["Sales of 2024"])
    sheet.append(["region", "a", "y"])
    for k in range(40):
        sheet.append(["North" if k < 20 else "South", float(A[k]), float(Y[k])])
    sheet.merge_cells("A3:A22")
    sheet.merge_cells("A23:A42")
    sheet.append(["Total", 1.0, 2.0])
    book.save(tmp_path / "t.xlsx")
    table = read_table(tmp_path / "t.xlsx")
    assert (table.names, len(table)) == (("region", "a", "y"), 40)
    assert table.column("region") == ("North",) * 20 + ("South",) * 20
    assert any("sheet 2 of 2 sheets is read: Data" in note for note in table.notes)
    assert any("Total" in note and "left out" in note for note in table.notes)


def test_two_rows_of_names():
    from pathlib import Path

    from recipe.sources.csv_cells import columns_of_rows

    rows = {1: ["Area", "Residents", "", "Other"], 2: ["", "Males", "Females", ""],
            3: ["Ulm", "10", "20", "x"], 4: ["Bonn", "30", "40", "y"]}  # fmt: skip
    table = columns_of_rows(rows, Path("t"), None, ())
    assert table.names == ("Area", "Males", "Females", "Other")
    assert table.rows == (1, 2)


def test_a_running_number_is_used_where_nothing_else_is_there():
    source = csv_table({"x": range(N), "y": [k * 1.5 + B[k] for k in range(N)]}, "y")
    assert source.reader.input_names == ["x"]
