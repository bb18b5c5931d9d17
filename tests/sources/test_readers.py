"""Files read as the training data were: against scikit-learn and the data themselves."""

import json
from dataclasses import replace

import numpy as np
import pytest
import torch
from PIL import Image

from recipe.core.errors import UsageError
from recipe.sources import csv_table, image_folder, text_file
from recipe.sources.csv_cells import read_csv
from recipe.sources.image_files import ImageReader
from recipe.sources.inputs_json import FILE, InputsRecord
from recipe.sources.readers import TableReader, TextReader
from recipe.sources.table_inputs import MOST_WORDS

RNG = np.random.default_rng(0)


def write(path, header, rows):
    lines = [",".join(header), *(",".join(map(str, row)) for row in rows)]
    path.write_text("\n".join(lines) + "\n", "utf-8")
    return path


def mixed(n=300):
    """Numbers with gaps, few words, many words, and an answer."""
    many = [f"w{k * k // 100}" for k in RNG.integers(0, 80, n)]  # few of them often
    return [
        (round(float(RNG.normal(40, 9)), 2), "" if k % 9 == 0 else int(RNG.integers(0, 50)),
         ["red", "green", "?"][k % 3], many[k], ["no", "yes"][k % 2])
        for k in range(n)
    ]  # fmt: skip


HEADER = ["age", "hours", "colour", "city", "answer"]


def test_a_table_is_read_as_scikit_learn_would_encode_it(tmp_path):
    from sklearn.compose import ColumnTransformer
    from sklearn.impute import SimpleImputer
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder, StandardScaler

    rows = mixed()
    path = write(tmp_path / "t.csv", HEADER, rows)
    source = csv_table(path, "answer")
    assert isinstance(source.reader, TableReader)
    cells = np.empty((len(rows), 4), dtype=object)
    for index, row in enumerate(rows):
        cells[index] = [row[0], np.nan if row[1] == "" else row[1],
                        "" if row[2] == "?" else row[2], row[3]]  # fmt: skip
    from sklearn.model_selection import train_test_split

    y = np.array([row[4] == "yes" for row in rows])
    train, _ = train_test_split(np.arange(len(rows)), test_size=60, random_state=0, stratify=y)
    encoder = ColumnTransformer([
        ("n", make_pipeline(SimpleImputer(strategy="median", add_indicator=True), StandardScaler()), [0, 1]),
        ("w", OneHotEncoder(max_categories=MOST_WORDS, handle_unknown="infrequent_if_exist",
                            sparse_output=False), [2, 3]),
    ])  # fmt: skip
    encoder.fit(cells[np.sort(train)])
    expected = encoder.transform(cells).astype(np.float32)
    names, found = source.reader.read(path)
    assert names == [str(k) for k in range(1, len(rows) + 1)]
    assert source.reader.width == expected.shape[1]
    assert np.allclose(found.numpy(), expected, atol=1e-6)
    assert np.array_equal(found.numpy()[np.sort(train)], source.train[0])


def test_new_rows_may_lack_the_answer_and_have_another_order_and_new_words(tmp_path):
    path = write(tmp_path / "t.csv", HEADER, mixed())
    reader = csv_table(path, "answer").reader
    new = write(tmp_path / "new.csv", ["city", "colour", "hours", "age"],
                [("w1", "red", 4, 41.5), ("nowhere", "violet", "", 20)])  # fmt: skip
    _, x = reader.read(new)
    assert x.shape == (2, reader.width)
    colours = slice(3, 6)  # after two numbers and whether one was missing
    assert x[0, colours].sum() == 1
    assert x[1, colours].sum() == 0  # a colour that nobody knew
    assert x[1, -1] == 1  # a city like the rare ones
    assert x[1, 2] != x[0, 2]


def test_a_table_without_a_header_may_lack_the_column_of_the_answer(tmp_path):
    rows = [(k % 7, k % 2, k % 5) for k in range(100)]
    path = tmp_path / "t.csv"
    path.write_text("\n".join(",".join(map(str, row)) for row in rows), "utf-8")
    reader = csv_table(path, "2").reader
    new = tmp_path / "new.csv"
    new.write_text("\n".join(f"{a},{c}" for a, _, c in rows), "utf-8")
    assert torch.equal(reader.read(new)[1], reader.read(path)[1])


def test_a_header_of_numbers_is_one_where_training_had_one(tmp_path):
    rows = [(k % 7, k % 2, k % 5, k % 3) for k in range(100)]
    reader = csv_table(write(tmp_path / "t.csv", ["1", "2", "3", "4"], rows), "2").reader
    new = write(tmp_path / "new.csv", ["1", "3", "4"], [(a, c, d) for a, _, c, d in rows[:2]])
    assert reader.header
    assert reader.read(new)[0] == ["1", "2"]
    assert torch.equal(reader.read(new)[1], reader.read(tmp_path / "t.csv")[1][:2])


@pytest.mark.parametrize("answer", ["", ",y"])
def test_no_row_is_a_header_where_training_had_none(tmp_path, answer):
    path = tmp_path / "t.csv"
    path.write_text(
        "\n".join(f"{k % 7},{k % 4},{k % 5},{'yn'[k % 2]}" for k in range(100)), "utf-8"
    )
    reader = csv_table(path, "4").reader
    new = tmp_path / "new.csv"
    for rows in (["1,2,3", "4,3,1"], ["1,2,3"], ["?,?,?"]):
        new.write_text("\n".join(row + answer for row in rows), "utf-8")
        names, x = reader.read(new)
        assert names == [str(k) for k in range(1, len(rows) + 1)]
        assert torch.isfinite(x).all()


def test_the_decimal_sign_is_that_of_the_training_data(tmp_path):
    path = tmp_path / "t.csv"
    rows = [f"{k % 7},{k % 10};{k % 3};{'v1.0' if k % 2 else 'w'}" for k in range(100)]
    path.write_text("\n".join(["a;b;note", *rows]), "utf-8")
    reader = csv_table(path, "b").reader
    assert [column.name for column in reader.numbers] == ["a"]
    new = tmp_path / "new.csv"
    new.write_text("a;note\n1,5;v1.0\n", "utf-8")
    assert reader.read(new)[1][0, 0] == pytest.approx(
        (1.5 - reader.numbers[0].mean) / reader.numbers[0].std
    )


def test_rows_keep_the_number_that_they_have_in_the_file(tmp_path):
    reader = csv_table(
        write(tmp_path / "t.csv", ["a", "b", "y"], [(k % 7, k % 4, k % 2) for k in range(99)]), "y"
    ).reader
    new = tmp_path / "new.csv"
    new.write_text("a,b\n1,2\n,\n\n3,1\n", "utf-8")
    assert reader.read(new)[0] == ["1", "4"]


@pytest.mark.parametrize("cell", ["inf", "-inf", "1e999"])
@pytest.mark.parametrize("target", ["x", "y"])
def test_a_number_without_bounds_is_taken_for_missing_and_named(tmp_path, cell, target):
    rows = [(cell if k == 3 else 1.5 * (k % 9), 0.5 * k) for k in range(100)]
    source = csv_table(write(tmp_path / "t.csv", ["x", "y"], rows), target)
    (said,) = [note for note in source.notes if "is taken for missing" in note]
    assert said == f"'x' is a column of numbers: {cell!r} (row 4) is taken for missing."
    assert np.isfinite(source.train[0]).all()
    assert len(source.train[1]) + len(source.val[1]) == 100 - (target == "x")


def test_a_target_that_cannot_be_scaled_is_one_sentence(tmp_path):
    rows = [(k % 9, f"{1 + k}e300") for k in range(100)]
    with pytest.raises(UsageError, match=r"'y' holds numbers up to 1e\+302: scale it"):
        csv_table(write(tmp_path / "t.csv", ["x", "y"], rows), "y")


def test_a_column_without_a_number_in_the_training_rows_is_left_out(tmp_path):
    rows = [(k % 9, "" if k % 2 else "NA", k % 2) for k in range(100)]
    first = csv_table(write(tmp_path / "t.csv", ["x", "gap", "y"], rows), "y")
    held = next(k for k in range(100) if _is_held_out(first, k, rows))
    rows[held] = (*rows[held][:1], 5, *rows[held][2:])
    source = csv_table(write(tmp_path / "t.csv", ["x", "gap", "y"], rows), "y")
    assert [column.name for column in source.reader.numbers] == ["x"]
    assert np.isfinite(source.train[0]).all()


def _is_held_out(source, row, rows):
    from sklearn.model_selection import train_test_split

    y = np.array([answer for *_, answer in rows])
    _, val = train_test_split(np.arange(100), test_size=20, random_state=0, stratify=y)
    assert len(source.val[0]) == len(val)
    return row in val


def test_images_of_tools_are_none(tmp_path):
    (tmp_path / "__MACOSX").mkdir()
    Image.new("RGB", (8, 8)).save(tmp_path / "a.png")
    (tmp_path / "__MACOSX" / "._a.png").write_bytes(b"no image")
    (tmp_path / "._b.png").write_bytes(b"no image")
    assert len(ImageReader((0.5,) * 3, (0.2,) * 3).read(tmp_path)[0]) == 1


def test_images_of_another_size_than_in_training_are_refused(tmp_path):
    Image.new("RGB", (30, 20)).save(tmp_path / "a.png")
    reader = ImageReader((0.5,) * 3, (0.2,) * 3)
    one = InputsRecord("images", reader, "cnn", "classification", (3, 16, 16), 2)
    with pytest.raises(
        UsageError, match=r"shape \[3, 20, 30\], the model was trained with \[3, 16, 16\]"
    ):
        one.check(tmp_path, reader.read(tmp_path)[1])


@pytest.mark.parametrize(
    ("header", "row", "says"),
    [
        (
            HEADER[:4],
            ("inf", 2, "red", "w1"),
            "'age' holds 'inf' in row 1, and is a column of numbers",
        ),
        (["age", "hours", "city"], (1, 2, "w1"), "lacks the column colour, which .*: add them"),
        (["age", "hours", "COLOUR", "city"], (1, 2, "b", "w1"), "colour, which .*: is it 'COLOUR'"),
        (["x", "y"], (1, 2), "lacks the columns age, hours, colour, city, which"),
        (HEADER[:4], ("old", 2, "red", "w1"), "'age' holds 'old' in row 1"),
    ],
)
def test_a_table_of_other_columns_is_one_sentence(tmp_path, header, row, says):
    reader = csv_table(write(tmp_path / "t.csv", HEADER, mixed()), "answer").reader
    with pytest.raises(UsageError, match=says):
        reader.read(write(tmp_path / "new.csv", header, [row]))


def test_images_are_read_as_the_training_images(tmp_path):
    for name in ("cat", "dog"):
        (tmp_path / "pets" / name).mkdir(parents=True)
        for index in range(6):
            pixels = RNG.integers(0, 255, (90, 120, 3), dtype=np.uint8)
            Image.fromarray(pixels).save(tmp_path / "pets" / name / f"{index}.png")
    source = image_folder(tmp_path / "pets")
    names, x = source.reader.read(tmp_path / "pets")
    assert isinstance(source.reader, ImageReader)
    assert x.shape == (12, *source.shape)
    for (path, _), row in zip(source.train.samples, range(12), strict=True):
        assert names[row] == path
        assert torch.equal(x[row], source.train[row][0])


def test_images_of_several_sizes_that_stay_as_they_are(tmp_path):
    for index, side in enumerate((8, 9)):
        Image.new("RGB", (side, side)).save(tmp_path / f"{index}.png")
    with pytest.raises(UsageError, match=r"1\.png' becomes an input of shape \[3, 9, 9\]"):
        ImageReader((0.5,) * 3, (0.2,) * 3).read(tmp_path)


def test_a_text_is_read_to_its_end(tmp_path):
    book = tmp_path / "book.txt"
    book.write_text("abcd " * 2000, "utf-8")
    source = text_file(book)
    (_, x), tokens = source.reader.read(book), source.reader.tokens("abcd ")
    assert x.shape == (1, *source.shape) == (1, 64)
    assert x[0, -5:].tolist() == tokens.tolist() == [1, 2, 3, 4, 0]
    short, odd, empty = tmp_path / "short.txt", tmp_path / "odd.txt", tmp_path / "empty.txt"
    short.write_text("dc", "utf-8")
    odd.write_text("abXcd", "utf-8")
    empty.write_text("", "utf-8")
    assert source.reader.read(short)[1].tolist() == [[4, 3]]
    with pytest.raises(UsageError, match="'X' was not in the training text"):
        source.reader.read(odd)
    with pytest.raises(UsageError, match="is empty"):
        source.reader.read(empty)


def kept(reader, kind, **given):
    made = {"model": "mlp", "task": "regression", "shape": (reader.width,), "outputs": 1, **given}
    return InputsRecord(kind=kind, reader=reader, **made)


@pytest.mark.parametrize(
    ("kind", "name", "says"),
    [("images", "t.csv", "is no image, the run was trained on images"),
     ("table", "empty", "is a folder, the run was trained on a table"),
     ("text", "", "is a folder, the run was trained on a text")],
)  # fmt: skip
def test_another_kind_of_data_than_in_training(tmp_path, kind, name, says):
    (tmp_path / "t.csv").write_text("a,b\n1,2\n", "utf-8")
    (tmp_path / "empty").mkdir()
    one = InputsRecord(kind, TextReader("ab", 16), "mlp", "regression", (3,), 1)
    with pytest.raises(UsageError, match=says):
        one.check_kind(tmp_path / name)


def test_what_is_kept_is_read_back(tmp_path):
    table = csv_table(write(tmp_path / "t.csv", HEADER, mixed()), "age")
    for one in (
        kept(table.reader, "table", scale=table.scale),
        InputsRecord("images", ImageReader((0.1, 0.2, 0.3), (0.4, 0.5, 0.6), 64), "cnn", "classification",
             (3, 64, 64), 2, ("cat", "dog")),
        InputsRecord("text", TextReader("ab\n", 16), "transformer", "language_model", (16,), 3),
    ):  # fmt: skip
        one.write(tmp_path, one.experiment().model)
        assert InputsRecord.read(tmp_path) == one
        assert one.experiment().inputs is one
        one.write(tmp_path, lambda: None)  # another factory than that of the name
        assert InputsRecord.read(tmp_path) == replace(one, model=None)
        assert InputsRecord.read(tmp_path).experiment() is None
    assert read_csv(tmp_path / "t.csv").names == table.reader.names


def test_what_cannot_be_read_back_is_one_sentence(tmp_path):
    assert InputsRecord.read(tmp_path) is None
    texts = ("sounds", {}), ("table", None), ("table", []), ("images", {"side": 3})
    made = (json.dumps({"kind": kind, "reader": reader}) for kind, reader in texts)
    for text in ("{", "[]", *made):
        (tmp_path / FILE).write_text(text, "utf-8")
        with pytest.raises(UsageError, match=r"inputs\.json' cannot be read"):
            InputsRecord.read(tmp_path)
