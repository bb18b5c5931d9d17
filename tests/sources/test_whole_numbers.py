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
