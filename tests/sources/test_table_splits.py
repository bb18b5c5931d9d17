import numpy as np
import pytest

from recipe.core.errors import UsageError
from recipe.sources import csv_table

RNG = np.random.default_rng(0)


def table(n=200, **columns):
    """x tells the row again."""
    return {"x": [float(k) ** 2 for k in range(n)], **columns}


def rows_of(source, n=200):
    """The rows of each part."""
    column = source.reader.numbers[0]
    parts = (source.train, source.val)
    return [np.sqrt((part[0][:, 0] * column.std + column.mean).clip(0)).round().astype(int)
            for part in parts]  # fmt: skip


def test_no_group_is_in_both_parts():
    groups = [f"p{k}" for k in RNG.integers(0, 30, 200)]
    source = csv_table(table(who=groups, y=[k % 2 for k in range(200)]), "y", group="who")
    train, val = rows_of(source)
    assert not {groups[k] for k in train} & {groups[k] for k in val}
    assert len(val) == pytest.approx(40, abs=10)
    assert source.shape == (1,)
    (note,) = [note for note in source.notes if note.startswith("Split by group")]
    assert f"({len(val)} of 200 rows) validate" in note
    assert abs(source.val[1].mean() - 0.5) < 0.1


def test_groups_of_amounts_and_rows_without_a_group():
    groups = [None if k % 20 == 0 else k % 9 for k in range(200)]
    y = [float(v) for v in RNG.normal(size=200)]
    source = csv_table(table(who=groups, y=y), "y", group="who")
    train, val = rows_of(source)
    assert not {groups[k] for k in train} & {groups[k] for k in val}
    assert any("10 rows without a value in 'who'" in note for note in source.notes)


@pytest.mark.parametrize("ties", [1, 7])
def test_later_rows_validate(ties):
    order = RNG.permutation(200)
    when = [int(k) // ties for k in order]
    source = csv_table(table(when=when, y=[k % 2 for k in range(200)]), "y", time="when")
    train, val = rows_of(source)
    times = np.array(when)
    assert times[train].max() < times[val].min()
    assert (np.diff(times[train]) >= 0).all()
    assert len(val) == pytest.approx(40, abs=ties)
    assert source.shape == (1,)
    assert any(note.startswith("Split by time") for note in source.notes)


def test_dates_order_rows_and_only_what_comes_again_stays_an_input():
    when = [f"{k % 28 + 1:02}.{k % 12 + 1:02}.{2000 + k // 12}" for k in range(200)]
    source = csv_table(table(when=when, y=[k % 2 for k in range(200)]), "y", time="when")
    parts = [name for name in source.reader.input_names if "sine" not in name]
    assert parts == ["x", "when: month"]  # odd and even months differ, days of the week do not
    assert any("(dates are day.month.year)" in note for note in source.notes)
    assert any("later rows lie beyond" in note for note in source.notes)


def test_rows_without_a_time_are_left_out():
    when = [None if k < 10 else k for k in range(200)]
    source = csv_table(table(when=when, y=[k % 2 for k in range(200)]), "y", time="when")
    assert len(source.train[1]) + len(source.val[1]) == 190
    assert any("10 rows without a time" in note for note in source.notes)


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"group": "one"}, "--group one is the same in every row"),
        ({"time": "one"}, "--time one is the same in every row"),
        ({"group": "x", "time": "x"}, "Both --group and --time"),
        ({"group": "nobody"}, "Unknown column 'nobody'"),
        ({"time": "word"}, "holds 'a', which is neither a number nor a date"),
    ],
)
def test_a_split_that_cannot_be_made_is_one_sentence(given, says):
    data = table(one=[1] * 200, word=["a", "b"] * 100, y=[k % 2 for k in range(200)])
    with pytest.raises(UsageError, match=says):
        csv_table(data, "y", **given)


def test_a_file_glued_to_itself_is_split_by_equal_rows():
    x = [float(v) for v in RNG.normal(size=100)]
    data = {"x": x * 2, "y": [k % 2 for k in range(100)] * 2}
    source = csv_table(data, "y")
    train, val = ({float(v) for v in part[0][:, 0]} for part in (source.train, source.val))
    assert not train & val
    assert any("100 rows repeat another one" in note for note in source.notes)


def test_rows_of_few_values_repeat_by_chance():
    source = csv_table({"x": [k % 7 for k in range(200)], "y": [k % 2 for k in range(200)]}, "y")
    assert not any("repeat" in note for note in source.notes)
