"""What a person would say of a column, against what its cells are taken for."""

import hashlib

import pytest
from column_cases import HELD_OUT, SEEN

from recipe.core.errors import UsageError
from recipe.sources import column_kinds
from recipe.sources.csv_cells import Columns
from recipe.sources.kinds import judged, typed
from recipe.sources.typed_columns import spelling

HASH = "453f4258dff45ac9725a48dd398559cba72a5c34a4e1b54a6294cc8d176e928d"
"""Of the held-out columns, written down before the rules ran on them."""


def test_the_held_out_columns_are_those_that_were_written_first():
    assert hashlib.sha256(repr(HELD_OUT).encode()).hexdigest() == HASH


@pytest.mark.parametrize("name", SEEN)
def test_columns_by_which_the_rules_were_made(name):
    kind, cells = SEEN[name]
    assert judged(name, cells).kind == kind


@pytest.mark.parametrize("name", HELD_OUT)
def test_columns_that_were_held_out(name):
    kind, cells = HELD_OUT[name]
    assert judged(name, cells).kind == kind


ROWS = 60


def table(**columns):
    cells = tuple(tuple(map(str, values)) for values in columns.values())
    return Columns(tuple(columns), cells, rows=tuple(range(1, len(cells[0]) + 1)))


def kinds(found):
    return {column.name: column.kind for column in found}


def test_a_column_that_says_the_same_as_another_one_is_a_copy_however_it_is_written():
    amounts = [1000 + 37 * k % 5000 for k in range(ROWS)]
    days = [f"2020-0{k % 9 + 1}-{k % 28 + 1:02}" for k in range(ROWS)]
    found = typed(table(
        a=amounts, b=[f"{v:,}" for v in amounts], c=[f"${v:,}.00" for v in amounts],
        day=days, tag=["/".join(reversed(day.split("-"))) for day in days],
        word=["Red", "green", "blue"] * 20, again=["red", "GREEN", "blue "] * 20,
        other=["green", "red", "blue"] * 20,
    ))  # fmt: skip
    assert {column.name: column.of for column in found if column.kind == "copy"} == {
        "b": "a", "c": "a", "tag": "day", "again": "word",
    }  # fmt: skip


def test_a_rare_flag_that_agrees_with_another_one_is_no_copy():
    flags = [int(k == 7) for k in range(ROWS)]
    found = typed(table(a=flags, b=flags))
    assert "copy" not in kinds(found).values()


def test_the_column_to_predict_is_never_a_copy_or_an_identifier():
    amounts = [k + 1 for k in range(ROWS)]
    names = [f"N{k}-{k * 31}" for k in range(ROWS)]
    columns = table(a=amounts, y=amounts, name=names)
    assert kinds(typed(columns, ["y"])) == {"a": "identifier", "y": "number", "name": "identifier"}
    assert kinds(typed(columns, ["name"]))["name"] == "category"
    prices = [v * 1.5 for v in amounts]
    assert kinds(typed(table(a=prices, y=prices), ["y"])) == {"a": "copy", "y": "number"}


def test_kinds_of_a_file(tmp_path):
    rows = "".join(f"{k},{k * 7 % 50} kg,{'yes' if k % 3 else 'no'}\n" for k in range(ROWS))
    (tmp_path / "t.csv").write_text(f"id,weight,y\n{rows}")
    expected = {"id": "identifier", "weight": "number", "y": "boolean"}
    assert column_kinds(tmp_path / "t.csv") == expected
    assert column_kinds(str(tmp_path / "t.csv"), target="y") == expected


@pytest.mark.parametrize(
    ("forced", "kind"),
    [("category", "category"), ("number", "number"), ("identifier", "identifier"),
     ("grade", "grade"), ("text", "text")],
)  # fmt: skip
def test_a_kind_may_be_named(forced, kind):
    columns = table(code=[k % 9 for k in range(ROWS)])
    assert kinds(typed(columns, forced={"code": forced})) == {"code": kind}


@pytest.mark.parametrize(
    ("forced", "says"),
    [({"codes": "number"}, "Unknown column 'codes': did you mean 'code'"),
     ({"code": "nummer"}, "Unknown kind of column 'nummer'"),
     ({"code": "boolean"}, "it has 9 different values, yes or no are two")],
)  # fmt: skip
def test_a_kind_that_cannot_be_is_one_sentence(forced, says):
    with pytest.raises(UsageError, match=says):
        typed(table(code=[k % 9 for k in range(ROWS)]), forced=forced)


def test_spellings_of_one_word_are_one_word():
    cells = ["New York", "new york", "NEW-YORK ", "Boston", "boston.", "A+", "A-", "a+"] * 9
    column = judged("city", cells)
    words = dict(zip(cells, column.words(cells), strict=True))
    assert len({words[cell] for cell in cells[:3]}) == 1
    assert words["Boston"] == words["boston."]
    assert words["A+"] == words["a+"] != words["A-"]
    assert column.word("  New  York") == words["New York"]  # a spelling that is new


@pytest.mark.parametrize("cut", ["Inter…", "Inter...", "INTER ...", "inter…,"])
def test_a_word_that_is_cut_off_is_no_whole_word(cut):
    assert spelling(cut) == "inter..."
    assert spelling(cut) != spelling("Inter.")


def test_an_ellipsis_alone_and_a_stop_stay_what_they_are():
    assert spelling("…") == "..."
    assert spelling("Inter.") == spelling("inter;") == "inter"
