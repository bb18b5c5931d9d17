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


def column(source, name):
    (found,) = [each for each in source.reader.columns if each.name == name]
    return found


@pytest.mark.parametrize("odd", ["12 kg", "see below"])
def test_one_odd_cell_leaves_a_column_one_of_numbers(odd):
    cells = [odd if k == 57 else v for k, v in enumerate(AMOUNTS)]
    source = csv_table({"a": cells, "y": LABELS}, "y")
    assert column(source, "a").odd == (odd,)
    assert note(source, "is taken for missing") == (
        f"'a' is a column of numbers: {odd!r} (row 58) is taken for missing.")  # fmt: skip
    assert np.isfinite(source.train[0]).all()
    (facts, _) = source.columns
    assert (facts.kind, facts.use, facts.odd, facts.examples) == ("number", "input", 1, (odd,))


def test_words_for_nothing_are_no_odd_cells():
    cells = ["unknown" if k == 57 else v for k, v in enumerate(AMOUNTS)]
    source = csv_table({"a": cells, "y": LABELS}, "y")
    assert source.reader.input_names == ["a", "a missing"]
    assert column(source, "a").odd == ()


def test_new_rows_may_hold_the_odd_cells_of_training_and_no_others(tmp_path):
    cells = ["closed" if k % 50 == 7 else v for k, v in enumerate(AMOUNTS)]
    source = csv_table({"a": cells, "y": LABELS}, "y")
    assert "(4 rows, the first is 8)" in note(source, "is taken for missing")
    new = tmp_path / "new.csv"
    new.write_text("a\nclosed\n50\nn/a\n")
    assert source.reader.read(new)[1].shape == (3, source.reader.width)
    new.write_text("a\nsoon\n50\n")
    with pytest.raises(UsageError, match="'a' holds 'soon' in row 1, and is a column of numbers"):
        source.reader.read(new)


def test_a_sentinel_is_missing_and_named():
    cells = [-999 if k % 20 == 3 else v for k, v in enumerate(AMOUNTS)]
    source = csv_table({"a": cells, "y": LABELS}, "y")
    assert note(source, "taken for missing") == (
        "'a': -999 (10 rows, the first is 4) is taken for missing.")  # fmt: skip
    assert source.reader.input_names == ["a", "a missing"]


def test_words_of_few_kinds_among_numbers_are_missing_and_codes_are_not():
    closed = ["closed" if k % 5 == 0 else v for k, v in enumerate(AMOUNTS)]
    codes = [f"{k % 9}A" if k % 5 == 0 else k % 9 for k in range(N)]
    source = csv_table({"closed": closed, "codes": codes, "y": LABELS}, "y")
    kinds = {each.name: each.kind for each in source.columns}
    assert kinds == {"closed": "number", "codes": "category", "y": "boolean"}


@pytest.mark.parametrize("cell", ["#N/A", "<NA>", "--", ".", "NaT", "#DIV/0!"])
def test_what_programs_write_for_nothing_is_missing(tmp_path, cell):
    rows = [f"{cell if k % 10 == 0 else v},{k % 2}" for k, v in enumerate(AMOUNTS)]
    (tmp_path / "t.csv").write_text("\n".join(["a,y", *rows]))
    source = csv_table(tmp_path / "t.csv", "y")
    assert source.reader.input_names == ["a", "a missing"]


def test_free_text_beside_other_columns_is_used():
    good = [f"a {'fine' if y else 'dull'} remark about item {k}" for k, y in enumerate(LABELS)]
    source = csv_table({"a": AMOUNTS, "remark": good, "y": LABELS}, "y")
    names = source.reader.input_names
    assert names[0] == "a"
    assert len(names) > 2
    assert all(name.startswith("remark: text") for name in names[1:])
    assert "tell which words" in note(source, "free text")
    from sklearn.linear_model import LogisticRegression

    fitted = LogisticRegression().fit(*source.train)
    assert fitted.score(*source.val) == 1.0


def test_words_of_very_many_kinds_are_compared_by_their_letters():
    tickets = [f"{'PC' if k % 2 else 'SOTON'} {k * 7919 % 150}" for k in range(N)]
    source = csv_table({"a": AMOUNTS, "ticket": tickets, "y": LABELS}, "y")
    assert source.reader.texts[0].name == "ticket"
    assert source.reader.width == 1 + source.reader.texts[0].width


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


@pytest.mark.parametrize(
    "title", ["Results of 2024", "Results of 2024,,", "Results of 2024\n\nby hand"]
)
def test_a_title_above_the_header_is_passed_over_and_named(tmp_path, title):
    (tmp_path / "t.csv").write_text(f"{title}\na,b,y\n1,2,3\n4,5,6\n7,8,9\n")
    table = read_csv(tmp_path / "t.csv")
    assert (table.names, len(table)) == (("a", "b", "y"), 3)
    assert table.notes[0] == "The line 'Results of 2024' above the header is passed over."


@pytest.mark.parametrize("below", ["Total,9,21", "\nSource: the office", "Sum,,21\n\nSource: x"])
def test_totals_and_remarks_below_the_table_are_left_out(tmp_path, below):
    rows = "".join(f"w{k},{k},{2 * k}\n" for k in range(20))
    (tmp_path / "t.csv").write_text(f"a,b,y\n{rows}{below}\n")
    table = read_csv(tmp_path / "t.csv")
    assert len(table) == 20
    assert any("The last row" in each for each in table.notes)


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


def test_values_far_off_are_bounded_unless_the_answer_follows_them():
    far = np.random.default_rng(1).lognormal(0, 1.2, 400)
    other = RNG.normal(0, 1, 400)
    y = far + RNG.normal(0, 0.1, 400), other
    followed, unfollowed = (
        csv_table({"a": far.tolist(), "b": other.tolist(), "y": part.tolist()}, "y", "regression")
        for part in y
    )
    names = followed.reader.input_names
    reach = [abs(source.train[0][:, names.index("a")]).max() for source in (followed, unfollowed)]
    assert reach[0] > 5
    assert reach[1] == 4
    said = {facts.name: facts.how for facts in unfollowed.columns}
    assert "beyond 4 standard deviations count as 4" in said["a"]
    assert "beyond" not in said["b"]


def test_grades_get_inputs_of_their_own_only_where_a_line_over_their_ranks_misses_the_answer():
    words = ["poor", "fair", "good", "excellent"]
    ranks = RNG.integers(0, 4, 400)
    noise = RNG.normal(0, 0.3, 400)
    cells = [words[rank] for rank in ranks]
    line, bend = (
        csv_table({"quality": cells, "y": (part + noise).round(3).tolist()}, "y", "regression")
        for part in (ranks, np.array([0, 3, 0, 1])[ranks])
    )
    assert line.reader.input_names == ["quality"]
    assert bend.reader.input_names == ["quality", *(f"quality={word}" for word in words)]
    assert line.columns[0].how == "its rank"
