"""Each column of sixty ugly tables is what a person would say, in 97 of 100 columns."""

import pytest
from ugly import score
from ugly.table import GONE, KINDS

from recipe.sources import column_kinds

LEAST = 0.97


@pytest.mark.parametrize("half", [score.SEEN, score.HELD], ids=["seen", "held out"])
def test_columns_are_what_a_person_would_say(half, tmp_path):
    rows = [row for case in half for row in score.read(case, tmp_path, column_kinds)]
    assert score.share(rows) >= LEAST, "\n".join(score.misses(rows))


def test_the_tables_that_are_held_out_are_those_of_the_first_day():
    assert score.digests(score.HELD) == score.known_digests()


def test_there_are_sixty_tables_and_six_hundred_columns_of_all_kinds():
    columns = [column for case in (*score.SEEN, *score.HELD) for column in case().columns]
    assert (len(score.SEEN), len(score.HELD)) == (30, 30)
    assert len(columns) >= 600
    assert {column.kind for column in columns} == set(KINDS)
    assert {kind for column in columns for kind in column.also} <= {*KINDS, GONE}
