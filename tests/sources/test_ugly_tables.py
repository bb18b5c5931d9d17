"""Each column of 223 ugly tables is what a person would say, in 97 of 100 columns."""

import pytest
from ugly import score
from ugly.table import GONE, KINDS

LEAST = 0.97


@pytest.mark.slow
@pytest.mark.parametrize("name", score.SETS)
def test_columns_are_what_a_person_would_say(name, tmp_path):
    from recipe.sources import column_kinds

    rows = [row for case in score.SETS[name] for row in score.read(case, tmp_path, column_kinds)]
    assert score.share(rows) >= LEAST, "\n".join(score.misses(rows))


@pytest.mark.parametrize("name", score.HASHES)
def test_the_tables_that_are_held_out_are_those_of_the_first_day(name):
    assert score.digests(score.SETS[name]) == score.known_digests(name)


def test_there_are_223_tables_and_two_thousand_columns_of_all_kinds():
    columns = [
        column for cases in score.SETS.values() for case in cases for column in case().columns
    ]
    assert [len(cases) for cases in score.SETS.values()] == [
        30, 30, 35, 4, 31, 33, 16, 16, 12, 16,
    ]  # fmt: skip
    assert len(columns) >= 2000
    assert {column.kind for column in columns} == set(KINDS)
    assert {kind for column in columns for kind in column.also} <= {*KINDS, GONE}


def kinds_as_made(case, change=lambda kind: kind):
    return lambda path: {
        f"{place} {column.name}": change(column.kind) for place, column in enumerate(case().columns)
    }


def test_what_is_said_is_counted_by_place_where_all_columns_are_there(tmp_path):
    case = score.SEEN[7]
    right = score.read(case, tmp_path, kinds_as_made(case))
    assert score.share(right) == 1
    wrong = score.read(case, tmp_path, kinds_as_made(case, lambda kind: "wrong"))
    assert score.share(wrong) == 0
    assert len(score.misses(wrong)) == len(wrong)


def test_columns_in_another_order_are_found_by_name(tmp_path):
    case = score.SEEN[0]
    backwards = {column.name: column.kind for column in reversed(case().columns)}
    assert score.share(score.read(case, tmp_path, lambda path: backwards)) == 1


def test_columns_are_found_by_name_where_some_are_missing(tmp_path):
    case = score.SEEN[0]
    first = case().columns[0]
    rows = score.read(case, tmp_path, lambda path: {first.name: first.kind})
    assert [row.hit for row in rows] == [True] + [False] * (len(rows) - 1)


def test_a_refusal_misses_every_column_and_is_told(tmp_path):
    def refuses(path):
        raise ValueError("no table")

    rows = score.read(score.SEEN[0], tmp_path, refuses)
    assert not any(row.hit for row in rows)
    assert {row.found for row in rows} == {"ValueError: no table"}
