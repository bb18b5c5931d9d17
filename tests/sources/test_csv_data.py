import numpy as np
import pytest

from recipe.core.errors import UsageError
from recipe.sources import csv_table


def table(tmp_path, header, rows):
    path = tmp_path / "t.csv"
    lines = [",".join(header), *(",".join(map(str, row)) for row in rows)]
    path.write_text("\n".join(lines) + "\n", "utf-8")
    return path


@pytest.mark.parametrize(
    ("answers", "task", "outputs"),
    [
        (["yes", "no"], "binary", 1),
        ([0, 1], "binary", 1),
        (["a", "b", "c"], "classification", 3),
        ([3, 4, 5], "classification", 3),
        ([0.5 * i for i in range(40)], "regression", 1),
        (list(range(40)), "regression", 1),
    ],
)
def test_the_column_says_what_is_asked(tmp_path, answers, task, outputs):
    rows = [(i % 7, answers[i % len(answers)]) for i in range(120)]
    data = csv_table(table(tmp_path, ["x", "y"], rows), "y")
    assert (data.task, data.outputs) == (task, outputs)
    assert len(data.train[0]) == len(data.train[1]) == 96
    assert len(data.val[0]) == 24


def test_classes_are_numbered_in_order_of_size_or_alphabet(tmp_path):
    numbers = csv_table(table(tmp_path, ["x", "y"], [(i % 7, i % 3 + 8) for i in range(90)]), "y")
    assert numbers.classes == ("8", "9", "10")
    assert set(numbers.train[1].tolist()) == {0, 1, 2}


def test_the_task_may_be_said_otherwise(tmp_path):
    path = table(tmp_path, ["x", "y"], [(i % 7, i % 3) for i in range(90)])
    assert csv_table(path, "y", "regression").task == "regression"
    with pytest.raises(UsageError, match="yes or no are two"):
        csv_table(path, "y", "binary")


def test_numbers_are_standardised_by_the_training_rows_alone(tmp_path):
    rng = np.random.default_rng(0)
    rows = [(round(v, 4), i % 2) for i, v in enumerate(rng.normal(1e4, 300, 100))]
    data = csv_table(table(tmp_path, ["x", "y"], rows), "y")
    assert abs(data.train[0].mean()) < 1e-4
    assert abs(data.train[0].std() - 1) < 1e-4
    assert abs(data.val[0].mean()) > 1e-4


def test_a_target_of_thousands_is_standardised(tmp_path):
    rows = [(i % 9, 1000.5 + 37.7 * i) for i in range(100)]
    y = csv_table(table(tmp_path, ["x", "y"], rows), "y").train[1]
    assert abs(y.mean()) < 1e-3
    assert abs(y.std() - 1) < 1e-3


def test_a_missing_number_is_the_median_and_says_so(tmp_path):
    rows = [("" if i % 10 == 0 else i % 7, i % 2) for i in range(100)]
    data = csv_table(table(tmp_path, ["x", "y"], rows), "y")
    assert data.shape == (2,)  # the number, and whether it was missing
    assert np.isfinite(data.train[0]).all()
    assert len(np.unique(data.train[0][:, 1])) == 2


def test_words_become_inputs_of_their_own(tmp_path):
    rows = [(["red", "green", "blue", ""][i % 4], i % 2) for i in range(100)]
    data = csv_table(table(tmp_path, ["colour", "y"], rows), "y")
    assert data.shape == (4,)
    assert set(np.unique(data.train[0])) == {0.0, 1.0}
    assert (data.train[0].sum(1) == 1).all()


def test_a_word_that_only_validation_has_is_no_crash(tmp_path):
    rows = [("odd" if i == 3 else "usual" if i % 2 else "other", i % 3, i % 2) for i in range(60)]
    for seed_row in range(0, 60, 7):  # wherever the split puts it
        rows[3], rows[seed_row] = rows[seed_row], rows[3]
        data = csv_table(table(tmp_path, ["w", "n", "y"], rows), "y")
        assert np.isfinite(data.val[0]).all()


def test_what_says_nothing_is_left_out_and_named(tmp_path):
    rows = [(i + 1, f"name {i}", "same", i % 5, i % 2) for i in range(100)]
    data = csv_table(table(tmp_path, ["Id", "Name", "Const", "x", "y"], rows), "y")
    assert data.shape == (1,)
    assert "Left out, names the row and says nothing of others: Id, Name." in data.notes
    assert "Left out, the same in every row: Const." in data.notes


def test_rows_without_an_answer_are_left_out_and_counted(tmp_path):
    rows = [(i % 7, "" if i < 10 else i % 2) for i in range(110)]
    data = csv_table(table(tmp_path, ["x", "y"], rows), "y")
    assert len(data.train[0]) + len(data.val[0]) == 100
    assert "10 rows without 'y' are left out." in data.notes


def test_a_class_of_one_row_is_no_crash(tmp_path):
    rows = [(i % 7, "rare" if i == 0 else "ab"[i % 2]) for i in range(60)]
    data = csv_table(table(tmp_path, ["x", "y"], rows), "y")
    assert data.outputs == 3


def test_six_rows_are_enough(tmp_path):
    data = csv_table(table(tmp_path, ["a", "b", "y"], [(i, i % 2, i % 2) for i in range(6)]), "y")
    assert len(data.train[0]) == 5
    assert len(data.val[0]) == 1


def test_the_split_holds_equal_class_shares(tmp_path):
    rows = [(i % 7, "yes" if i % 10 == 0 else "no") for i in range(200)]
    data = csv_table(table(tmp_path, ["x", "y"], rows), "y")
    assert data.train[1].mean() == pytest.approx(0.1)
    assert data.val[1].mean() == pytest.approx(0.1)


@pytest.mark.parametrize(
    ("target", "says"),
    [(None, "Name it with --target: x, name, y"), ("ys", "Unknown column 'ys'"), ("9", "Unknown column"),
     ("name", "name a column with few classes")],
)  # fmt: skip
def test_a_column_that_cannot_be_predicted_is_one_sentence(tmp_path, target, says):
    path = table(tmp_path, ["x", "name", "y"], [(i % 7, f"n{i}", i % 2) for i in range(100)])
    with pytest.raises(UsageError, match=says):
        csv_table(path, target)


def test_a_column_may_be_named_by_its_place(tmp_path):
    path = table(tmp_path, ["x", "y"], [(i % 7, i % 2) for i in range(100)])
    assert csv_table(path, "2").notes[0].startswith("'y' is yes (1) or no (0)")


@pytest.mark.parametrize(
    ("rows", "says"),
    [([(i, 1) for i in range(9)], "in every row"), ([(i, i) for i in range(3)], "5 or more"),
     ([(1, i % 2) for i in range(9)], "no column beside")],
)  # fmt: skip
def test_a_table_of_no_use_is_one_sentence(tmp_path, rows, says):
    with pytest.raises(UsageError, match=says):
        csv_table(table(tmp_path, ["x", "y"], rows), "y")


def test_words_are_no_regression(tmp_path):
    path = table(tmp_path, ["x", "y"], [(i, "ab"[i % 2]) for i in range(50)])
    with pytest.raises(UsageError, match="holds words, such as"):
        csv_table(path, "y", "regression")
