import datetime as dt

import numpy as np
import pytest

from recipe.core.errors import UsageError
from recipe.sources import csv_table
from recipe.sources.dates import date_formats, dates_of, described, moment, read_any

DAYS = [
    dt.datetime.fromisoformat("2023-01-03 07:30") + dt.timedelta(days=40 * k, hours=k)
    for k in range(12)
]


@pytest.mark.parametrize(
    "form",
    ["%Y-%m-%d", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%dT%H:%M:%S+02:00", "%d.%m.%Y",
     "%m/%d/%Y", "%d/%m/%Y", "%d-%m-%Y", "%Y/%m/%d %H:%M", "%d %b %Y", "%B %d, %Y", "%m/%d/%y",
     "%d.%m.%y %H:%M", "%d-%b-%Y", "%m/%d/%Y %I:%M %p"],
)  # fmt: skip
def test_usual_forms_are_told_and_read(form):
    cells = [day.strftime(form) for day in DAYS]
    found = date_formats(cells)
    assert found is not None
    assert found[1] is None
    for day, cell in zip(DAYS, cells, strict=True):
        assert read_any(cell, found[0]).date() == day.date()


def test_a_zone_is_taken_to_utc():
    assert moment("2024-01-01T00:30:00+02:00", "iso") == dt.datetime.fromisoformat(
        "2023-12-31 22:30"
    )


@pytest.mark.parametrize(
    "cells",
    [["red", "green"], ["1.5", "x"], ["12", "2024"], [], ["2024-01-01", "soon"],
     ["2024-13-01"], ["a-1", "b-2"], ["10.0.0.1"], ["12 kg", "13 kg"], ["1-2", "3-4"]],
)  # fmt: skip
def test_others_are_no_dates(cells):
    assert date_formats(cells) is None


def test_day_and_month_that_cannot_be_told_apart_are_said():
    assert date_formats(["01/02/2020", "05/01/2020", "03/03/2020"]) == (("%m/%d/%Y",), "%d/%m/%Y")
    assert date_formats(["01/02/2020", "13/02/2020"]) == (("%d/%m/%Y",), None)
    # only as day/month do these rows stand in the order of time
    assert date_formats(["01/02/2020", "02/02/2020", "01/03/2020"]) == (("%d/%m/%Y",), None)
    assert described("%d/%m/%Y %H:%M") == "day/month/year hour:minute"


def write(tmp_path, rows, header="when,x,y"):
    path = tmp_path / "t.csv"
    path.write_text("\n".join([header, *(",".join(map(str, row)) for row in rows)]) + "\n")
    return path


@pytest.mark.parametrize(
    ("cells", "says"),
    [(["5. März 2020", "13. Mai 2021"], "2020-03-05"), (["1 de enero de 2020", "2 de mayo de 2021"], "2020-01-01"),
     (["Q1 2020", "Q3 2021"], "2020-01-01"), (["20200131", "20210203"], "2020-01-31"),
     (["3rd January 2020", "21st May 2019"], "2020-01-03"), (["Jan-20", "Feb-21"], "2020-01-01"),
     (["10/Oct/2000:13:55:36", "11/Oct/2000:13:55:36"], "2000-10-10")],
)  # fmt: skip
def test_dates_of_other_languages_and_forms(cells, says):
    formats, _ = date_formats(cells)
    assert str(read_any(cells[0], formats).date()) == says


def test_several_ways_of_writing_in_one_column():
    cells = ["2020-01-05", "05.01.2020", "6.2.2021", "2021-02-03"]
    formats, _ = date_formats(cells)
    assert [str(read_any(cell, formats).date()) for cell in cells] == [
        "2020-01-05", "2020-01-05", "2021-02-06", "2021-02-03"]  # fmt: skip


def test_the_parts_that_vary_become_numbers():
    days = [dt.datetime(2024, 1, 1) + dt.timedelta(days=k) for k in range(20)]  # noqa: DTZ001
    dates = dates_of(days[2:], ["iso"])
    assert dates.parts == ("day of week", "days")
    assert [dates.names[0], dates.names[-1]] == ["day of week", "days since the first"]
    assert dates.names[1:3] == ["day of week, sine 1", "day of week, cosine 1"]
    made = dates.expanded([*days, None])
    assert made[:20, -1].tolist() == [k - 2.0 for k in range(20)]
    assert made[:20, 0].tolist() == [day.weekday() for day in days]
    assert np.isnan(made[20]).all()


def test_times_of_day_become_hours():
    cells = [f"{k:02}:30" for k in range(24)]
    formats, _ = date_formats(cells)
    dates = dates_of([read_any(cell, formats) for cell in cells], formats)
    assert dates.parts == ("hour",)


def test_a_table_with_dates_is_trained_and_read_again(tmp_path):
    days = [dt.date(2023, 11, 20) + dt.timedelta(days=3 * k) for k in range(60)]
    rows = [("" if k == 5 else day, k % 7, k % 2) for k, day in enumerate(days)]
    path = write(tmp_path, rows)
    source = csv_table(path, "y")
    names = source.reader.input_names
    assert {"x", "when: days since the first"} <= set(names)
    assert "when: days since the first missing" in names
    assert any("'when' holds dates, year-month-day" in note for note in source.notes)
    assert any("--time when" in note for note in source.notes)
    assert np.isfinite(source.train[0]).all()
    _, x = source.reader.read(path)
    assert any(np.array_equal(x[0], row) for part in (source.train, source.val) for row in part[0])
    new = tmp_path / "new.csv"
    new.write_text("x,when\n1,yesterday\n")
    with pytest.raises(UsageError, match=r"'when' holds 'yesterday' in row 1, and is a column of"):
        source.reader.read(new)
    new.write_text("x\n1\n")
    with pytest.raises(UsageError, match="lacks the column when"):
        source.reader.read(new)


@pytest.mark.parametrize("classes", [False, True])
def test_parts_of_dates_that_the_answer_does_not_follow_are_no_inputs(tmp_path, classes):
    dice = np.random.default_rng(3)
    days = [dt.date(2020, 1, 1) + dt.timedelta(days=int(k)) for k in dice.integers(0, 1500, 600)]
    weekend = np.array([day.weekday() > 4 for day in days])
    later = np.array([(day - dt.date(2020, 1, 1)).days / 500 for day in days])
    y = 2 * weekend + later + dice.normal(0, 0.5, 600)
    shown = (y > 1.5).astype(int) if classes else y.round(3)
    rows = [(day, k % 7, value) for k, (day, value) in enumerate(zip(days, shown, strict=True))]
    source = csv_table(write(tmp_path, rows), "y", None if classes else "regression")
    names = source.reader.input_names
    assert "when: day of week" in names
    assert "when: month" not in names
    assert any("(its month tells nothing about the target)" in note for note in source.notes)


def test_doubt_is_said(tmp_path):
    rows = [(f"0{k % 9 + 1}/0{k % 5 + 1}/2020", k % 7, k % 2) for k in range(60)]
    notes = csv_table(write(tmp_path, rows), "y").notes
    assert any("day/month/year fits too: write YYYY-MM-DD" in note for note in notes)


@pytest.mark.parametrize(
    ("cell", "day"),
    [("4Q15", "2015-10-01"), ("Q4 '15", "2015-10-01"), ("2016 Q1", "2016-01-01"),
     ("2010H2", "2010-07-01"), ("KW 33/2020", "2020-08-10"), ("2020-W33", "2020-08-10"),
     ("12 марта 2021", "2021-03-12"), ("3 kwietnia 2020", "2020-04-03"),
     ("5 Ağustos 2021", "2021-08-05"), ("0014-11-18 15:40:26", "2014-11-18")],
)  # fmt: skip
def test_parts_of_years_months_of_other_languages_and_short_years(cell, day):
    found = date_formats([cell] * 3)
    assert found is not None
    assert read_any(cell, found[0]).date().isoformat() == day


@pytest.mark.parametrize("cell", ["16:9", "5Q15", "2010H3", "KW 60/2020", "12 borta 2021"])
def test_what_only_looks_like_a_date(cell):
    found = date_formats([cell] * 3)
    assert found is None or read_any(cell, found[0]) is None
