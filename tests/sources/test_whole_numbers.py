"""Whole numbers that are amounts, and those that are names."""

import pytest

from recipe.sources.kinds import judged


@pytest.mark.parametrize(
    ("name", "cells", "kind"),
    [
        ("sex", ["1", "2"] * 30, "category"),
        ("rooms", ["1", "2", "1", "2", "3"] * 20, "number"),
        ("few", ["1", "2"] * 10, "number"),
        ("seen", ["0", "1"] * 30, "boolean"),
        ("badge #", [str(1009 + 37 * k) for k in range(60)], "identifier"),
        ("body mass index", [str(19 + k % 20) for k in range(60)], "number"),
        ("row index", [str(19 + k) for k in range(60)], "identifier"),
        ("LAND SQUARE FEET", [str(1000 + 37 * (k % 50)) for k in range(60)], "number"),
        ("land", [str(1 + k % 16) for k in range(60)], "category"),
        ("deaths_no", [str(k * k % 89) for k in range(60)], "number"),
        ("patient_no", [str(100 + k * k % 89) for k in range(60)], "identifier"),
        ("OperatingSystem", [str(1 + k % 8) for k in range(60)], "number"),
        ("user rating", [str(1 + k % 5) for k in range(60)], "grade"),
        ("# of seats", [str(1009 + 37 * k) for k in range(60)], "number"),
    ],
)
def test_what_they_are(name, cells, kind):
    assert judged(name, cells).kind == kind


@pytest.mark.parametrize(
    ("cells", "kind"),
    [
        (["2018", "2019", "Jun 30, 2020"] * 20, "date"),
        (["2018", "2019", "2020"] * 20, "number"),
        (
            ["1992 summer", "1994 winter", "1996 summer", "2002 winter", "2004 summer"] * 20,
            "category",
        ),
        ([f"{2 + k % 9}/{1 + k % 2}" for k in range(60)], "number"),
        ([f"{100 + 3 * k}/{60 + k}" for k in range(60)], "identifier"),
        ([f"PT{1 + k % 3}H{k}M" for k in range(60)], "number"),
        ([f"{1 + k % 9}h{k:02}" for k in range(10, 60)], "number"),
        ([f"{10 + k % 12}h{k:02}" for k in range(10, 60)], "date"),
        (["16:9", "4:3", "21:9", "3:2"] * 20, "category"),
        (["True", "-1", "-1"] * 20, "boolean"),
        (["есть", "нет"] * 20, "boolean"),
        (["V", "F"] * 20, "boolean"),
        (["N", "F"] * 20, "category"),
        (["Tak", ""] * 20, "boolean"),
    ],
)
def test_what_looks_like_numbers_and_times(cells, kind):
    assert judged("a", cells).kind == kind


def test_a_fraction_is_its_value():
    column = judged("odds", [f"{2 + k % 9}/{1 + k % 2}" for k in range(60)])
    assert column.number("5/2") == 2.5
    assert column.number("1 1/2") == 1.5
    assert column.number("5/2 or so") is None


def test_a_duration_is_its_seconds():
    column = judged("a", [f"PT{1 + k % 3}H{k}M" for k in range(60)])
    assert column.number("PT1H20M") == 4800
    assert column.number("PT45M") == 2700


SIDES = [f"{40 + k % 12}° {k}' {k % 7}\" {'NS'[k % 2]}" for k in range(60)]


def test_degrees_of_the_earth_are_negative_in_the_south_and_west():
    column = judged("lat", SIDES)
    assert column.kind == "number"
    assert column.number("52° 30' N") == 52.5
    assert column.number("52° 30' 36\" S") == pytest.approx(-52.51)
    west = judged("lng", [f"{k}.5 {'EW'[k % 2]}" for k in range(60)])
    assert west.number("10.5 W") == -10.5


@pytest.mark.parametrize(
    "cells", [[f"{k} E" for k in range(60)], [f"{k} {'NE'[k % 2]}" for k in range(60)]]
)
def test_letters_behind_numbers_are_no_sides_of_the_earth_by_themselves(cells):
    column = judged("a", cells)
    assert column.style is None or column.style.family != "angle"


@pytest.mark.parametrize(
    ("cells", "cell", "value"),
    [
        ([f"±{1 + k / 10:.1f}" for k in range(40)], "±1.5", 1.5),
        ([f"{k} days ago" for k in range(40)], "3 days ago", 3),
        ([f"US ${k}.50" for k in range(40)], "US $3.50", 3.5),
        ([f"£{20 + k}k - £{40 + k}k pa" for k in range(40)], "£20k - £40k pa", 30_000),
        (
            [f"{k} mos" if k % 2 else f"{k % 9} yrs {k % 11} mos" for k in range(40)],
            "1 yr 2 mos",
            36_817_200,
        ),
    ],
)
def test_amounts_as_people_write_them(cells, cell, value):
    column = judged("a", cells)
    assert column.kind == "number"
    assert column.number(cell) == pytest.approx(value, rel=1e-3)


def test_codes_with_a_hyphen_are_no_ranges():
    assert judged("a", [f"{500 + k}-{1200 + 13 * k}" for k in range(60)]).kind != "number"
