import datetime as dt

import numpy as np
import pytest

from recipe.core.errors import UsageError
from recipe.sources import csv_table
from recipe.sources.csv_cells import read_csv
from recipe.sources.dates import date_format, dates_of, described, expanded, moment

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
    found = date_format([*cells, "", "NA"])
    assert found is not None
    assert found[1] is None
    for day, cell in zip(DAYS, cells, strict=True):
        assert moment(cell, found[0]).date() == day.date()


def test_a_zone_is_taken_to_utc():
    assert moment("2024-01-01T00:30:00+02:00", "iso") == dt.datetime.fromisoformat(
        "2023-12-31 22:30"
    )


@pytest.mark.parametrize(
    "cells",
    [["red", "green"], ["1.5", "x"], ["12", "2024"], ["", "NA"], ["2024-01-01", "soon"],
     ["2024-13-01"], ["a-1", "b-2"], ["10.0.0.1"]],
)  # fmt: skip
def test_others_are_no_dates(cells):
    assert date_format(cells) is None


def test_day_and_month_that_cannot_be_told_apart_are_said():
    assert date_format(["01/02/2020", "05/01/2020", "03/03/2020"]) == ("%m/%d/%Y", "%d/%m/%Y")
    assert date_format(["01/02/2020", "13/02/2020"]) == ("%d/%m/%Y", None)
    # only as day/month do these rows stand in the order of time
    assert date_format(["01/02/2020", "02/02/2020", "01/03/2020"]) == ("%d/%m/%Y", None)
    assert described("%d/%m/%Y %H:%M") == "day/month/year hour:minute"


def write(tmp_path, rows, header="when,x,y"):
    path = tmp_path / "t.csv"
    path.write_text("\n".join([header, *(",".join(map(str, row)) for row in rows)]) + "\n")
    return path


def test_the_parts_that_vary_become_columns(tmp_path):
    days = [dt.date(2024, 1, 1) + dt.timedelta(days=k) for k in range(20)]
    table = read_csv(write(tmp_path, [(day, k, k % 2) for k, day in enumerate(days)]))
    dates = dates_of(table, "when", "iso", range(2, 20))
    assert dates.parts == ("day of week", "days")
    wide = expanded(table, [dates])
    assert wide.names == ("when", "x", "y", "when: day of week", "when: days since the first")
    assert wide.numbers("when: days since the first") == [k - 2.0 for k in range(20)]
    assert wide.numbers("when: day of week") == [day.weekday() for day in days]


def test_times_of_day_become_hours(tmp_path):
    table = read_csv(write(tmp_path, [(f"{k:02}:30", k, k % 2) for k in range(24)]))
    form, _ = date_format(table.column("when"))
    dates = dates_of(table, "when", form, range(24))
    assert dates.parts == ("hour",)
    assert expanded(table, [dates]).numbers("when: hour") == [k + 0.5 for k in range(24)]


def test_a_table_with_dates_is_trained_and_read_again(tmp_path):
    days = [dt.date(2023, 11, 20) + dt.timedelta(days=3 * k) for k in range(60)]
    rows = [("" if k == 5 else day, k % 7, k % 2) for k, day in enumerate(days)]
    path = write(tmp_path, rows)
    source = csv_table(path, "y")
    names = source.reader.input_names
    assert names[:2] == ["x", "when: year"]
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


def test_doubt_is_said(tmp_path):
    rows = [(f"0{k % 9 + 1}/0{k % 5 + 1}/2020", k % 7, k % 2) for k in range(60)]
    notes = csv_table(write(tmp_path, rows), "y").notes
    assert any("day/month/year fits too: write YYYY-MM-DD" in note for note in notes)
