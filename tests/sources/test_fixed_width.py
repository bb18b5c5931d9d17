"""Columns below each other with empty cells."""

from recipe.sources.csv_cells import read_csv
from recipe.sources.fixed_width import places_of


def rows(gap, last="LIB"):
    people = [("Weber, Ann", "DEM" if k % 3 else "", str(k % 7)) for k in range(30)]
    people[-1] = ("Weber, Ann", last, "")
    body = [(name.ljust(12) + party.rjust(5) + count.rjust(8)) for name, party, count in people]
    return ["NAME".ljust(12) + "PARTY".rjust(5) + "TIMES".rjust(8) if gap else "NAME", *body]


def test_empty_cells_stay_in_their_columns(tmp_path):
    path = tmp_path / "voters.txt"
    path.write_text("\n".join(line[:12] + "  " + line[12:] for line in rows(gap=True)) + "\n")
    table = read_csv(path)
    assert table.names == ("NAME", "PARTY", "TIMES")
    assert table.column("NAME")[0] == "Weber, Ann"
    assert table.column("PARTY")[:4] == ("", "DEM", "DEM", "")
    assert table.column("TIMES")[-1] == ""


def test_without_a_name_above_each_column_there_is_none():
    assert places_of(rows(gap=False)) == []


def test_few_lines_and_columns_tell_nothing():
    assert places_of(["a    b    c", "1    2    3"]) == []
    assert places_of(["a    b"] * 30) == []
    assert places_of([]) == []
