import numpy as np
import pytest

from recipe.core.errors import UsageError
from recipe.sources import csv_table

N = 100
X = [float(k) ** 2 for k in range(N)]


def test_several_labels_of_yes_and_no():
    data = {"x": X, "a": ["no", "yes"] * 50, "b": [k % 3 // 2 for k in range(N)],
            "c": ["cat", "dog"] * 50}  # fmt: skip
    source = csv_table(data, "a,b, c")
    assert (source.task, source.outputs, source.classes) == ("multilabel", 3, ("a", "b", "c"))
    assert source.train[1].shape == (80, 3)
    assert source.train[1].dtype == np.float32
    assert set(np.unique(source.train[1])) == {0, 1}
    assert "yes of c is 'dog'" in source.notes[0]
    assert source.reader.target == ("a", "b", "c")
    assert source.shape == (1,)


def test_a_label_that_is_never_yes():
    source = csv_table({"x": X, "a": [0] * N, "b": [0, 1] * 50}, "a,b")
    assert source.task == "multilabel"
    assert source.train[1][:, 0].sum() == 0


def test_several_amounts_are_each_scaled():
    data = {"x": X, "a": [1000.0 + 3 * k for k in range(N)], "b": [0.01 * k for k in range(N)]}
    source = csv_table(data, "a,b")
    assert (source.task, source.outputs) == ("regression", 2)
    assert np.allclose(source.train[1].mean(0), 0, atol=1e-5)
    assert np.allclose(source.train[1].std(0), 1, atol=1e-5)
    (mean, _), (std, _) = source.scale
    assert mean == pytest.approx(1148, abs=30)
    assert std == pytest.approx(86, abs=10)


def test_rows_that_lack_one_of_several_are_left_out():
    data = {"x": X, "a": [None, *([0, 1] * 49), 1], "b": [*([0, 1] * 49), 1, None]}
    source = csv_table(data, "a,b")
    assert len(source.train[1]) + len(source.val[1]) == N - 2
    assert "2 rows without 'a' or 'b' are left out." in source.notes


def test_a_column_with_a_comma_in_its_name():
    assert csv_table({"x": X, "a,b": [0, 1] * 50}, "a,b").task == "binary"


@pytest.mark.parametrize(
    ("target", "task", "says"),
    [
        ("a,c", None, "'c' holds words, such as 'u': leave it out"),
        ("a,a", None, "names the column 'a' twice"),
        ("a,z", None, "Unknown column 'z'"),
        ("a,b", "binary", "--task binary is for one column"),
        ("c,d", "regression", "'c' holds words"),
    ],
)
def test_columns_that_do_not_go_together_are_one_sentence(target, task, says):
    data = {"x": X, "a": [0, 1] * 50, "b": [1, 0] * 50, "c": ["u", "v", "w", "u"] * 25, "d": X}
    with pytest.raises(UsageError, match=says):
        csv_table(data, target, task)
