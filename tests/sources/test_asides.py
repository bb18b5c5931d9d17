"""Numbers with more behind them than a unit."""

import math

import pytest

from recipe.sources.asides import common_tail
from recipe.sources.kinds import judged

ROWS = [40 + 7 * k % 61 for k in range(60)]


@pytest.mark.parametrize(
    ("form", "first"),
    [
        (lambda n: f"{n / 10:.1f} l/100 km".replace(".", ","), 4.0),
        (lambda n: f"${n}K-${n + 20}K (by the employer)", 50_000.0),
        (lambda n: f"{n} beats per minute (at rest)", 40.0),
        (lambda n: f"{n} kW ({n * 1.36:.0f} PS)", 40.0),
        (lambda n: f"{n} hp / {n * 0.7457:.0f} kW", 40.0),
        (lambda n: f"{n} °C ({n * 1.8 + 32:.0f} °F)", 40.0),
        (lambda n: f"{n} mph [{n * 1.609:.1f} km/h]", 40.0),
    ],
)
def test_what_says_nothing_more_is_passed_over(form, first):
    cells = [form(n) for n in ROWS]
    column = judged("a", cells)
    assert column.kind == "number"
    assert column.number(cells[0]) == pytest.approx(first)
    assert column.number("nothing of the kind") is None
    assert math.isnan(column.number(""))


@pytest.mark.parametrize(
    "form",
    [
        lambda n: f"{n} x {100 - n * 7 % 31} cm",
        lambda n: f"{n} cm ({n * 7 % 31} kg)",  # another amount
        lambda n: f"{n} {'abcd'[n % 4]} ({n})",
        lambda n: f"No. {n} (open)",  # a name, not an amount
    ],
)
def test_what_says_more_makes_no_number(form):
    assert judged("a", [form(n) for n in ROWS]).kind != "number"


def test_few_cells_have_a_tail_by_chance():
    assert judged("a", [f"{n} of the old ones in here" for n in range(5)] * 8).kind != "number"


def test_the_tail_begins_at_a_space_or_bracket_that_all_have():
    assert common_tail(["12 km of road", "7 km of road"]) == " km of road"
    assert common_tail(["12(est.)", "700(est.)"]) == "(est.)"
    assert common_tail(["12 km", "7 mi"]) == ""
    assert common_tail(["12km", "7km"]) == ""
