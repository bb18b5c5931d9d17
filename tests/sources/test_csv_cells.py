import pytest

from recipe.core.errors import UsageError
from recipe.sources.csv_cells import read_csv
from recipe.sources.kinds import judged


def columns(tmp_path, text, encoding="utf-8"):
    path = tmp_path / "t.csv"
    path.write_bytes(text.encode(encoding))
    return read_csv(path)


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("a,b\n1,x\n", ("a", "b")),
        ("a;b\r\n1;x\r\n", ("a", "b")),
        ("a\tb\n1\tx\n", ("a", "b")),
        ("1,x\n2,y\n", ("1", "2")),
        ("0,1,2\n5,6,7\n", ("0", "1", "2")),  # an array, saved with the numbers of its columns
        (",0,1\n0,5,6\n", ("column 1", "0", "1")),
        ("0,1\n1,0\n0,0\n", ("0", "1")),
        ("land,1990,2000,2020\nA,5.1,6,7\nB,8,9,1\n", ("land", "1990", "2000", "2020")),
        ("price,4046,kind\n1.5,7,a\n" + "2.5,8,b\n" * 9, ("1", "2", "3")),  # one word above numbers
        ("price,4046,bags\n1.5,7,3\n" + "2.5,8,4\n" * 9, ("price", "4046", "bags")),
        ("land,1990,2000\nA,1991,2001\nB,1992,2002\n", ("1", "2", "3")),  # years in rows
        ("a,a,\n1,2,3\n", ("a", "a 2", "column 3")),
        ("a 3,a,a\n1,2,3\n", ("a 3", "a", "a 3 3")),
        ('"a, b",c\n"x\ny",2\n', ("a, b", "c")),
        ("\ufeffa,b\n1,2\n", ("a", "b")),
    ],
)
def test_headers(tmp_path, text, names):
    assert columns(tmp_path, text).names == names


def numbers(table, name):
    return judged(name, table.column(name), table.decimal).numbers(table.column(name)).tolist()


def test_a_decimal_comma(tmp_path):
    table = columns(tmp_path, "a;b\n1,5;x\n2,25;y\n")
    assert table.decimal == ","
    assert numbers(table, "a") == [1.5, 2.25]


def test_the_decimal_sign_is_that_of_most_numbers(tmp_path):
    assert numbers(columns(tmp_path, "a;b\n1,5;x\n2,25;v1.0\n"), "a") == [1.5, 2.25]
    assert numbers(columns(tmp_path, "a;b\n1.5;x\n2.25;y\n"), "a") == [1.5, 2.25]


@pytest.mark.parametrize("other", ["1,500;2", "9,250;3"])
def test_a_doubtful_comma_is_what_the_rest_of_the_table_has(tmp_path, other):
    german = columns(tmp_path, f"a;b\n{other}\n7,5;1,25\n")
    english = columns(tmp_path, f"a;b\n{other}\n4;1.25\n")
    value = float(other.split(";")[0].replace(",", "."))
    assert numbers(german, "a")[0] == value
    assert numbers(english, "a")[0] == 1000 * value


def test_rows_without_a_value_are_left_out_and_counted(tmp_path):
    table = columns(tmp_path, "a,b\n\n1,2\n,\n3,4\n")
    assert table.rows == (2, 4)
    assert table.column("a") == ("1", "3")


def test_a_cell_may_be_of_any_length(tmp_path):
    table = columns(tmp_path, 'a,b\n1,"' + "x" * 200_000 + '"\n')
    assert len(table.column("b")[0]) == 200_000


def test_old_encodings_are_read(tmp_path):
    assert columns(tmp_path, "name,n\nJosé,1\n", "latin-1").column("name") == ("José",)


@pytest.mark.parametrize(
    ("text", "says"),
    [("", "empty"), ("a,b\n", "no rows below"), ("a,b\n1,2\n1,2,3\n", "3 cells in row 2"),
     ("\0\0", "no text file")],
)  # fmt: skip
def test_what_is_no_table_is_one_sentence(tmp_path, text, says):
    with pytest.raises(UsageError, match=says):
        columns(tmp_path, text)


def test_a_missing_file(tmp_path):
    with pytest.raises(UsageError, match="No such file"):
        read_csv(tmp_path / "none.csv")


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("注文番号;都道府県;発送\n1;大阪府;済\n2;北海道;未\n3;京都府;済\n", "cp932"),
        ("miasto;województwo\nŹrebice;śląskie\nŻary;lubuskie\nŁódź;łódzkie\n", "cp1250"),
        ("stad;län\nÅmål;Västra Götaland\nÖrebro;Örebro\n", "cp1252"),
    ],
)
def test_words_in_old_encodings_are_what_they_were(tmp_path, text, encoding):
    table = columns(tmp_path, text, encoding)
    assert table.names == tuple(text.split("\n")[0].split(";"))
    assert [";".join(row) for row in zip(*table.cells, strict=True)] == text.split("\n")[1:-1]


def test_a_quotation_mark_that_swallows_rows_is_told(tmp_path):
    rows = [f"{i},{i % 3},no" for i in range(60)]
    rows[40] = '40,"1,no'
    with pytest.raises(UsageError, match="row 42 that makes one cell of the 18 rows behind it"):
        columns(tmp_path, "a,b,y\n" + "\n".join(rows) + "\n")


def test_cells_of_several_lines_are_cells(tmp_path):
    text = 'a,b\n1,"an address,\nin five,\nshort,\nlines\nindeed"\n2,"one line"\n'
    assert columns(tmp_path, text).cells[1][1] == "one line"
    assert len(columns(tmp_path, text).cells[0]) == 2
